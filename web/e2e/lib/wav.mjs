/** wav is a mono 48 kHz file with a tone of hertz; peak 8191 is −12 dBFS, 0 silence. */
export function wav(hertz, seconds, peak = 8191) {
  const rate = 48000, n = rate * seconds, b = Buffer.alloc(44 + n * 2);
  b.write('RIFF', 0); b.writeUInt32LE(36 + n * 2, 4); b.write('WAVEfmt ', 8); b.writeUInt32LE(16, 16); b.writeUInt16LE(1, 20); b.writeUInt16LE(1, 22);
  b.writeUInt32LE(rate, 24); b.writeUInt32LE(rate * 2, 28); b.writeUInt16LE(2, 32); b.writeUInt16LE(16, 34); b.write('data', 36); b.writeUInt32LE(n * 2, 40);
  for (let i = 0; i < n; i++) b.writeInt16LE(Math.round(peak * Math.sin((2 * Math.PI * hertz * i) / rate)), 44 + i * 2);
  return b;
}
