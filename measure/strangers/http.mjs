// The HTTP half of WHIP and WHEP for clients that have none.

/** Offers, takes the answer, returns the session's address. */
export async function connect(pc, url, token) {
  const offer = await pc.createOffer()
  await pc.setLocalDescription(offer)
  const r = await fetch(url, { method: 'POST', body: pc.localDescription.sdp, headers: { 'Content-Type': 'application/sdp', Authorization: 'Bearer ' + token } })
  const answer = await r.text()
  if (r.status !== 201) throw new Error(`POST ${url}: ${r.status} ${answer}`)
  await pc.setRemoteDescription({ type: 'answer', sdp: answer })
  return new URL(r.headers.get('location'), url)
}

/** Ends a session. */
export async function leave(url, token) {
  const r = await fetch(url, { method: 'DELETE', headers: { Authorization: 'Bearer ' + token } })
  if (!r.ok) throw new Error(`DELETE ${url}: ${r.status}`)
}

export const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000))
