package api

import (
	"time"

	"visavis/internal/peer"
	"visavis/internal/room"
	"visavis/internal/wire"
)

// Bounds of the three levels. Below 2 % loss repair is not heard; from 8 % on, or with 400 ms between question and answer, people
// begin to speak into each other.
const (
	fairLoss, poorLoss = 0.02, 0.08
	fairRTT, poorRTT   = 150 * time.Millisecond, 400 * time.Millisecond
	silence            = 3 * time.Second // nothing heard of the page's media for so long: the way is cut
)

// tellQuality tells the page every qualityEvery how its connection does, for as long as the socket lives.
func (v *visit) tellQuality(k *socket) {
	t := time.NewTicker(qualityEvery)
	defer t.Stop()
	for {
		select {
		case <-k.ctx.Done():
			return
		case now := <-t.C:
			q := quality(v.media.Quality(), now)
			k.push(wire.ToClient{Quality: &q})
		}
	}
}

// figures are what technicians see of a page's media.
func figures(q peer.Quality) room.Figures {
	return room.Figures{UpBits: q.UpBits, DownBits: q.DownBits, UpLoss: q.UpLoss, DownLoss: q.DownLoss, Jitter: q.Jitter, RTT: q.RTT}
}

func quality(q peer.Quality, now time.Time) wire.Quality {
	loss := max(q.UpLoss, q.DownLoss)
	level := "good"
	switch {
	case loss >= poorLoss, q.RTT >= poorRTT, now.Sub(q.LastHeard) > silence:
		level = "poor"
	case loss >= fairLoss, q.RTT >= fairRTT:
		level = "fair"
	}
	return wire.Quality{Pictures: q.Pictures, RTTMs: int(q.RTT.Round(time.Millisecond) / time.Millisecond), UpLoss: q.UpLoss, DownLoss: q.DownLoss, Level: level}
}
