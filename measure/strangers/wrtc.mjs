// Publishes and plays for some seconds with @roamhq/wrtc (libwebrtc for Node). argv[2]: the task, JSON. Writes what happened as JSON.
import wrtc from '@roamhq/wrtc'
import { connect, leave, pause } from './http.mjs'

const task = JSON.parse(process.argv[2])
const { RTCPeerConnection, nonstandard: { RTCVideoSource, RTCAudioSource, RTCVideoSink } } = wrtc

const picture = new RTCVideoSource()
const sound = new RTCAudioSource()
const stream = new wrtc.MediaStream()
stream.addTrack(picture.createTrack())
stream.addTrack(sound.createTrack())

const width = 320, height = 180
let n = 0
const pictures = setInterval(() => {
  const data = new Uint8ClampedArray(width * height * 3 / 2).fill(128)
  data.fill(40, 0, width * height)
  for (let y = 0; y < height; y++) data.fill(220, y * width + n * 4 % 300, y * width + n * 4 % 300 + 20)
  n++
  picture.onFrame({ width, height, data })
}, 1000 / 15)
let t = 0
const sounds = setInterval(() => {
  const samples = new Int16Array(480)
  for (let i = 0; i < samples.length; i++) samples[i] = 8000 * Math.sin(2 * Math.PI * 500 * t++ / 48000)
  sound.onData({ samples, sampleRate: 48000, bitsPerSample: 16, channelCount: 1, numberOfFrames: 480 })
}, 10)

const up = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
for (const track of stream.getTracks()) up.addTransceiver(track, { direction: 'sendonly', streams: [stream] })
const published = await connect(up, task.whip, task.whipToken)

const down = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
const heard = down.addTransceiver('audio', { direction: 'recvonly' })
const seen = down.addTransceiver('video', { direction: 'recvonly' })
let frames = 0
const sink = new RTCVideoSink(seen.receiver.track)
sink.onframe = () => frames++
const played = await connect(down, task.whep, task.whepToken)

await pause(task.seconds)
const stats = async (pc, type) => [...(await pc.getStats()).values()].filter((s) => s.type === type)
const sent = {}
for (const s of await stats(up, 'outbound-rtp')) sent[s.kind] = s.packetsSent
const inbound = await stats(down, 'inbound-rtp')
const lost = inbound.reduce((a, s) => a + Math.max(0, s.packetsLost ?? 0), 0)
const soundPackets = inbound.find((s) => s.kind === 'audio')?.packetsReceived ?? 0
clearInterval(pictures)
clearInterval(sounds)
sink.stop()
await leave(published, task.whipToken)
await leave(played, task.whepToken)
void heard
process.stdout.write(JSON.stringify({ sent, frames, sounds: soundPackets, lost }) + '\n', () => process.exit(0))
