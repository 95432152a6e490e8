package main

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"visavis/internal/wire"
)

// testStandIn signs in without a passkey of one's own: four seats have such a link, and only its own host and its own secret let in.
func testStandIn(t *testing.T, r *running) {
	t.Helper()
	if len(r.standIns) != 4 {
		t.Fatalf("%d links with the demo's passkey, want those of officers and technicians: %v", len(r.standIns), r.standIns)
	}
	d := &demo{addr: netip.MustParseAddr("127.0.0.1")}
	web := &http.Client{Transport: &http.Transport{DialContext: d.dial, DisableKeepAlives: true}, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(url, host, cookie string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if req.Header.Set("Cookie", cookie); host != "" {
			req.Host = host
		}
		resp, err := web.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = resp.Body.Close() })
		return resp
	}
	link := r.standIns["tolmeria-officer"]
	port := link[strings.LastIndexByte(link[:strings.LastIndexByte(link, '/')], ':'):strings.LastIndexByte(link, '/')]
	for what, x := range map[string][2]string{
		"another secret": {link[:len(link)-1] + "_", ""}, "no secret": {link[:strings.LastIndexByte(link, '/')+1], ""},
		"a principal's host": {link, "tolmeria-principal.localhost" + port}, "another name": {link, "attacker.example" + port},
	} {
		if resp := ask(x[0], x[1], ""); resp.StatusCode != http.StatusNotFound || len(resp.Cookies()) > 0 {
			t.Errorf("%s: status %d, %d cookies; want 404, none", what, resp.StatusCode, len(resp.Cookies()))
		}
	}
	resp := ask(link, "", "") // the control
	if resp.StatusCode != http.StatusSeeOther || len(resp.Cookies()) != 1 {
		t.Fatalf("status %d, %d cookies; want 303, one", resp.StatusCode, len(resp.Cookies()))
	}
	to, c := resp.Header.Get("Location"), resp.Cookies()[0]
	me := ask(to[:strings.Index(to, "/m/")]+"/api/me?meeting="+meetingID, "", c.Name+"="+c.Value)
	var v wire.Invited
	if err := json.NewDecoder(me.Body).Decode(&v); err != nil || v.You != "tolmeria-quintar" || v.Account == nil || v.Account.Proven == "" {
		t.Errorf("the cookie is that of %q, %v; want tolmeria-quintar, with the passkey just shown", v.You, err)
	}
}
