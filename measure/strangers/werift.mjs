// Publishes and plays for some seconds with werift, which has no codecs: ffmpeg encodes what it sends and decodes what it gets.
// argv[2]: the task, JSON. Writes what happened as JSON.
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { writeFileSync } from 'node:fs'
import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters, RtpPacket } from 'werift'
import { connect, leave, pause } from './http.mjs'

const task = JSON.parse(process.argv[2])
const codecs = {
  audio: [new RTCRtpCodecParameters({ mimeType: 'audio/opus', clockRate: 48000, channels: 2 })],
  video: [new RTCRtpCodecParameters({ mimeType: 'video/VP8', clockRate: 90000, rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }] })]
}

/** A UDP port of this machine. */
async function port(onMessage) {
  const s = createSocket('udp4')
  if (onMessage) s.on('message', onMessage)
  await new Promise((done) => s.bind(0, '127.0.0.1', done))
  return s
}

const pictures = new MediaStreamTrack({ kind: 'video' })
const sounds = new MediaStreamTrack({ kind: 'audio' })
const sent = { audio: 0, video: 0 }
const into = (track) => port((b) => {
  sent[track.kind]++
  track.writeRtp(RtpPacket.deSerialize(b))
})
const [videoIn, audioIn] = [await into(pictures), await into(sounds)]

const up = new RTCPeerConnection({ codecs, bundlePolicy: 'max-bundle' })
up.addTransceiver(sounds, { direction: 'sendonly' })
up.addTransceiver(pictures, { direction: 'sendonly' })
const published = await connect(up, task.whip, task.whipToken)

const encoder = spawn('ffmpeg', ['-loglevel', 'error', '-re', '-f', 'lavfi', '-i', 'testsrc=size=320x180:rate=15', '-re', '-f', 'lavfi', '-i', 'sine=frequency=500:sample_rate=48000',
  '-map', '0:v', '-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-g', '15', '-b:v', '300k', '-payload_type', '96', '-f', 'rtp', `rtp://127.0.0.1:${videoIn.address().port}?pkt_size=1100`,
  '-map', '1:a', '-c:a', 'libopus', '-b:a', '64k', '-frame_duration', '20', '-payload_type', '97', '-f', 'rtp', `rtp://127.0.0.1:${audioIn.address().port}`],
{ stdio: ['ignore', 'ignore', 'inherit'] })

// What is played goes to ffmpeg, which counts the pictures that it decodes.
const free = await port()
const videoPort = free.address().port
free.close()
writeFileSync(task.sdp, `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=video ${videoPort} RTP/AVP 96\na=rtpmap:96 VP8/90000\n`)
const decoder = spawn('ffmpeg', ['-loglevel', 'error', '-progress', 'pipe:1', '-protocol_whitelist', 'file,udp,rtp', '-f', 'sdp', '-i', task.sdp, '-f', 'null', '-'],
  { stdio: ['pipe', 'pipe', 'ignore'] })
let frames = 0
decoder.stdout.on('data', (b) => { for (const m of String(b).matchAll(/frame=\s*(\d+)/g)) frames = Number(m[1]) })
const out = await port()
await pause(1) // until the decoder listens

const down = new RTCPeerConnection({ codecs, bundlePolicy: 'max-bundle' })
const got = { audio: [], video: [] }
for (const kind of ['audio', 'video']) down.addTransceiver(kind, { direction: 'recvonly' })
down.onTrack.subscribe((track) => track.onReceiveRtp.subscribe((p) => {
  got[track.kind].push(p.header.sequenceNumber)
  if (track.kind === 'video') {
    const copy = p.clone()
    copy.header.payloadType = 96
    out.send(copy.serialize(), videoPort, '127.0.0.1')
  }
}))
const played = await connect(down, task.whep, task.whepToken)
await pause(task.seconds)

/** How many numbers between first and last never came. */
function missing(numbers) {
  if (numbers.length === 0) return 0
  let last = numbers[0], least = numbers[0], most = numbers[0]
  const seen = new Set()
  for (const n of numbers) {
    last += ((n - last) << 16) >> 16 // unwrapped
    seen.add(last)
    least = Math.min(least, last)
    most = Math.max(most, last)
  }
  return most - least + 1 - seen.size
}
const lost = missing(got.audio) + missing(got.video)
await leave(published, task.whipToken)
await leave(played, task.whepToken)
encoder.kill()
decoder.stdin.write('q')
await Promise.race([new Promise((done) => decoder.on('close', done)), pause(3)])
decoder.kill('SIGKILL')
process.stdout.write(JSON.stringify({ sent, frames, sounds: got.audio.length, lost }) + '\n', () => process.exit(0))
