package auth

// Signing has f called when a passkey has been found right and the session that it begins is not there yet.
func (p *Passkeys) Signing(f func()) { p.signing = f }
