package api

import (
	"context"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/peer"
	"visavis/internal/room"
)

func (f *fakeRoom) Publish(_ context.Context, d *room.Feed) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.feeds = append(f.feeds, d)
		f.enter()
	}
	return f.err
}

func (f *fakeRoom) Unpublish(d *room.Feed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.feeds = slices.DeleteFunc(f.feeds, func(x *room.Feed) bool { return x == d })
}

func (f *fakeRoom) Watch(_ context.Context, t *room.Tap) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.taps = append(f.taps, t)
		f.enter()
	}
	return f.err
}

func (f *fakeRoom) Unwatch(t *room.Tap) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.taps = slices.DeleteFunc(f.taps, func(x *room.Tap) bool { return x == t })
}

func (f *fakeRoom) enter() {
	if f.entering != nil {
		f.entering()
	}
}

// devices says how many encoders and players are in the room.
func (f *fakeRoom) devices() (feeds, taps int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.feeds), len(f.taps)
}

// pass makes a token for a member of the meeting "talks".
func (r *rig) pass(use auth.Use, member, shows string) string {
	r.t.Helper()
	g := auth.Grant{Meeting: "talks", Member: meeting.MemberID(member), Party: "avelmar"}
	token, err := r.book.Issue(r.t.Context(), auth.Pass{Grant: g, Use: use, Shows: meeting.MemberID(shows)}, time.Hour)
	if err != nil {
		r.t.Fatal(err)
	}
	return token.Reveal()
}

// offerOf is an offer that wrtc made, to publish or to play.
func (r *rig) offerOf(use auth.Use) string {
	r.t.Helper()
	name := map[auth.Use]string{auth.Publish: "publish", auth.Play: "play"}[use]
	b, err := os.ReadFile("../peer/testdata/standard/wrtc-" + name + ".sdp")
	if err != nil {
		r.t.Fatal(err)
	}
	return string(b)
}

// call sends a request as a client of others does: a bearer token, no cookie, nothing of a page.
func (r *rig) call(method, path, token, kind, body string, change ...func(*http.Request)) answer {
	r.t.Helper()
	all := []func(*http.Request){without("Origin"), without("Sec-Fetch-Site"), without("Content-Type")}
	if token != "" {
		all = append(all, with("Authorization", "Bearer "+token))
	}
	if kind != "" {
		all = append(all, with("Content-Type", kind))
	}
	return r.ask(r.client, method, path, body, append(all, change...)...)
}

// begin begins a session and demands that it begins.
func (r *rig) begin(use auth.Use, token string) (path, etag string) {
	r.t.Helper()
	a := r.call("POST", "/"+string(use), token, typeSDP, r.offerOf(use))
	if a.status != http.StatusCreated {
		r.t.Fatalf("POST /%s = %d %s", use, a.status, a.body)
	}
	return a.header.Get("Location"), a.header.Get("ETag")
}

// last is the media of the last session.
func (r *rig) last() *fakeMedia {
	r.peers.mu.Lock()
	defer r.peers.mu.Unlock()
	return r.peers.all[len(r.peers.all)-1]
}

// TestPassIsOneStream: a second session of a token ends the first, and the end of the token ends the session.
func TestPassIsOneStream(t *testing.T) {
	for _, use := range []auth.Use{auth.Publish, auth.Play} {
		bubble(t, func(t *testing.T, r *rig) {
			token, other := r.pass(use, "tarroven", ""), r.pass(use, "aldesh", "")
			first, _ := r.begin(use, token)
			r.begin(use, other) // control: another token disturbs nobody
			if n := r.peers.live(); n != 2 {
				t.Errorf("%d sessions, want 2", n)
			}
			second, _ := r.begin(use, token)
			time.Sleep(time.Second) // virtual
			if n := r.peers.live(); n != 2 {
				t.Errorf("%d sessions, want 2: one a token", n)
			}
			if a := r.call("GET", first, token, "", ""); a.status != http.StatusNotFound {
				t.Errorf("the replaced session answers %d", a.status)
			}
			if a := r.call("GET", second, token, "", ""); a.status != http.StatusNoContent {
				t.Errorf("control: the new session answers %d", a.status)
			}
			if _, err := r.book.WithdrawPasses(t.Context(), "talks", "tarroven", use); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute) // virtual
			feeds, taps := r.room.devices()
			if n := r.peers.live(); n != 1 || feeds+taps != 1 {
				t.Errorf("%d sessions and %d devices in the room after the token was withdrawn, want the other's", n, feeds+taps)
			}
		})
	}
}

// TestDeviceIsWhoItsTokenSays: member and picture come from the token alone.
func TestDeviceIsWhoItsTokenSays(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.begin(auth.Publish, r.pass(auth.Publish, "tarroven", ""))
		r.begin(auth.Play, r.pass(auth.Play, "aldesh", "tarroven"))
		r.room.look(func() {
			if len(r.room.feeds) != 1 || r.room.feeds[0].Member != "tarroven" {
				t.Errorf("feeds: %+v", r.room.feeds)
			}
			if len(r.room.taps) != 1 || r.room.taps[0].Member != "aldesh" || r.room.taps[0].Shows != "tarroven" {
				t.Errorf("taps: %+v", r.room.taps)
			}
		})
		if r.peers.seen[0].Play || !r.peers.seen[1].Play {
			t.Error("sections do not go the way of their door")
		}
		r.room.look(func() { r.room.feeds[0].End("moved") })
		time.Sleep(time.Second) // virtual
		if n := r.peers.live(); n != 1 {
			t.Errorf("%d sessions after the room ended one of two", n)
		}
		r.last().events.Closed(peer.ReasonConsent)
		time.Sleep(time.Second) // virtual
		if feeds, taps := r.room.devices(); taps != 0 {
			t.Errorf("%d encoders, %d players in the room after media ended", feeds, taps)
		}
	})
}

func TestTokensAreNotGuessed(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		token := r.pass(auth.Publish, "tarroven", "")
		for range LoginFailures {
			if a := r.call("POST", "/whip", strings.Repeat("a", 52), typeSDP, "x"); a.status != http.StatusUnauthorized {
				t.Fatalf("a wrong token = %d", a.status)
			}
		}
		if a := r.call("POST", "/whip", strings.Repeat("a", 52), typeSDP, "x"); a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" {
			t.Errorf("wrong token %d = %d", LoginFailures+1, a.status)
		}
		if a := r.ask(r.client, "POST", "/api/invitation", codeBody("x")); a.status != http.StatusTooManyRequests {
			t.Errorf("a wrong code after %d wrong tokens = %d", LoginFailures, a.status)
		}
		if a := r.call("POST", "/whip", token, typeSDP, r.offerOf(auth.Publish)); a.status != http.StatusCreated {
			t.Errorf("control: the right token = %d %s", a.status, a.body)
		}
	})
}

func TestDeviceLimits(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		token := r.pass(auth.Publish, "tarroven", "")
		for range deviceBurst {
			r.begin(auth.Publish, token)
		}
		if a := r.call("POST", "/whip", token, typeSDP, r.offerOf(auth.Publish)); a.status != http.StatusTooManyRequests {
			t.Errorf("session %d of a token at once = %d", deviceBurst+1, a.status)
		}
		time.Sleep(deviceEvery * time.Second) // virtual
		path, tag := r.begin(auth.Publish, token)

		for range MaxPlayers {
			r.begin(auth.Play, r.pass(auth.Play, "aldesh", ""))
		}
		one := r.pass(auth.Play, "aldesh", "")
		if a := r.call("POST", "/whep", one, typeSDP, r.offerOf(auth.Play)); a.status != http.StatusTooManyRequests || a.code() != codeDevices {
			t.Errorf("player %d = %d %s", MaxPlayers+1, a.status, a.code())
		}
		if n := r.peers.live(); n != MaxPlayers+1 {
			t.Errorf("%d sessions, want %d", n, MaxPlayers+1)
		}

		patch := func() answer {
			return r.call("PATCH", path, token, typeFragment, "a=end-of-candidates\r\n", with("If-Match", tag))
		}
		for range PatchBurst {
			if a := patch(); a.status != http.StatusNoContent {
				t.Fatalf("PATCH = %d %s", a.status, a.body)
			}
		}
		if a := patch(); a.status != http.StatusTooManyRequests {
			t.Errorf("PATCH %d at once = %d", PatchBurst+1, a.status)
		}
	})
}

func TestDeviceBodies(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		token := r.pass(auth.Publish, "tarroven", "")
		offer := r.offerOf(auth.Publish)
		fill := func(n int) string {
			return offer + strings.Repeat("a=x\r\n", (n-len(offer))/5) + strings.Repeat("\n", (n-len(offer))%5)
		}
		if a := r.call("POST", "/whip", token, typeSDP, fill(peer.MaxOffer)+"\n"); a.status != http.StatusRequestEntityTooLarge {
			t.Errorf("an offer of %d bytes = %d %s", peer.MaxOffer+1, a.status, a.body)
		}
		if a := r.call("POST", "/whip", token, typeSDP, fill(peer.MaxOffer)); a.status != http.StatusCreated && a.code() == codeLarge {
			t.Errorf("control: an offer of %d bytes = %d %s", peer.MaxOffer, a.status, a.body)
		}
		path, tag := r.begin(auth.Publish, token)
		line := "a=mid:" + strings.Repeat("x", 90) + "\r\n"
		long := strings.Repeat(line, MaxFragment/len(line))
		long += "a=" + strings.Repeat("x", MaxFragment-len(long)-2)
		if a := r.call("PATCH", path, token, typeFragment, long, with("If-Match", tag)); a.status != http.StatusNoContent {
			t.Errorf("control: a fragment of %d bytes = %d %s", len(long), a.status, a.body)
		}
		if a := r.call("PATCH", path, token, typeFragment, long+"x", with("If-Match", tag)); a.status != http.StatusRequestEntityTooLarge {
			t.Errorf("a fragment of %d bytes = %d %s", len(long)+1, a.status, a.body)
		}
	})
}

// TestSessionAddressIsItsTokens: the address alone, or another token, moves nothing.
func TestSessionAddressIsItsTokens(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		token, other, player := r.pass(auth.Publish, "tarroven", ""), r.pass(auth.Publish, "aldesh", ""), r.pass(auth.Play, "tarroven", "")
		path, _ := r.begin(auth.Publish, token)
		if len(strings.TrimPrefix(path, "/whip/")) < 26 {
			t.Errorf("%s can be guessed", path)
		}
		for name, c := range map[string]struct {
			token, path string
			want        int
		}{
			"no token":           {"", path, http.StatusUnauthorized},
			"another member":     {other, path, http.StatusNotFound},
			"a player":           {player, path, http.StatusForbidden},
			"at the other door":  {player, strings.Replace(path, "whip", "whep", 1), http.StatusNotFound},
			"an address unknown": {token, "/whip/" + strings.Repeat("A", 26), http.StatusNotFound},
		} {
			if a := r.call("DELETE", c.path, c.token, "", ""); a.status != c.want {
				t.Errorf("DELETE, %s = %d, want %d", name, a.status, c.want)
			}
		}
		if r.peers.live() != 1 {
			t.Error("somebody else's DELETE ended the session")
		}
		if a := r.call("DELETE", path, token, "", ""); a.status != http.StatusOK {
			t.Errorf("control: DELETE = %d", a.status)
		}
		time.Sleep(time.Second) // virtual
		if r.peers.live() != 0 {
			t.Error("media go on after DELETE")
		}
	})
}
