"""Publishes and plays for some seconds with aiortc. Reads its task from argv[1] (JSON), writes what happened as JSON."""
import asyncio
import json
import sys
import time
import urllib.request
from urllib.parse import urljoin

import numpy
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaBlackhole
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError
from av import VideoFrame
from fractions import Fraction


class Bars(MediaStreamTrack):
    """Moving bars, 320 by 180 at 15."""

    kind = "video"

    def __init__(self):
        super().__init__()
        self.n, self.began = 0, time.time()

    async def recv(self):
        await asyncio.sleep(max(0, self.began + self.n / 15 - time.time()))
        picture = numpy.zeros((180, 320, 3), numpy.uint8)
        picture[:, self.n * 4 % 300 : self.n * 4 % 300 + 20] = 200
        frame = VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = self.n * 6000, Fraction(1, 90000)
        self.n += 1
        return frame


def request(method, url, token, body=None):
    """One HTTP request; returns status, headers and body. An error status is an exception that shows the body."""
    r = urllib.request.Request(url, method=method, data=body and body.encode(), headers={"Authorization": "Bearer " + token, "Content-Type": "application/sdp"})
    try:
        with urllib.request.urlopen(r, timeout=10) as a:
            return a.status, a.headers, a.read().decode()
    except urllib.error.HTTPError as e:
        raise RuntimeError(f"{method} {url}: {e.code} {e.read().decode()}") from None


async def connect(pc, url, token):
    """Offers, takes the answer, returns the session's address."""
    await pc.setLocalDescription(await pc.createOffer())
    _, head, answer = await asyncio.to_thread(request, "POST", url, token, pc.localDescription.sdp)
    await pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    return urljoin(url, head["Location"])


async def count(track, seen):
    """Counts decoded frames until the track ends."""
    while True:
        try:
            await track.recv()
        except MediaStreamError:
            return
        seen[track.kind] += 1


async def main(task):
    up, down = RTCPeerConnection(), RTCPeerConnection()
    up.addTrack(AudioStreamTrack())
    up.addTrack(Bars())
    published = await connect(up, task["whip"], task["whipToken"])
    down.addTransceiver("audio", direction="recvonly")
    down.addTransceiver("video", direction="recvonly")
    seen = {"audio": 0, "video": 0}
    down.on("track", lambda t: asyncio.ensure_future(count(t, seen)))
    played = await connect(down, task["whep"], task["whepToken"])
    await asyncio.sleep(task["seconds"])
    lost = 0
    for stats in [await r.getStats() for r in down.getReceivers()]:
        lost += sum(s.packetsLost for s in stats.values() if s.type == "inbound-rtp")
    sent = {}
    for s in up.getSenders():
        sent[s.kind] = sum(x.packetsSent for x in (await s.getStats()).values() if x.type == "outbound-rtp")
    for url, token in ((published, task["whipToken"]), (played, task["whepToken"])):
        await asyncio.to_thread(request, "DELETE", url, token)
    await asyncio.gather(up.close(), down.close())
    print(json.dumps({"sent": sent, "frames": seen["video"], "sounds": seen["audio"], "lost": lost}))


asyncio.run(main(json.loads(sys.argv[1])))
