package wire

import "visavis/internal/meeting"

// Camera is what the node asks of cameras.
type Camera struct {
	Width  int `json:"width"`  // pixels
	Height int `json:"height"` // pixels
	FPS    int `json:"fps"`
}

// CodeRequest is the body of POST /api/invitation and /api/session.
type CodeRequest struct {
	Code string `json:"code"`
}

// Invited answers POST /api/invitation and GET /api/me.
type Invited struct {
	Meeting Meeting `json:"meeting"`
	You     string  `json:"you"`
	Camera  Camera  `json:"camera"`
}

// ProbeRequest is the body of POST /api/probe; Code is "" where the cookie says who asks.
type ProbeRequest struct {
	Code  string `json:"code,omitempty"`
	Offer Offer  `json:"offer"`
}

// ProbeReply answers POST /api/probe.
type ProbeReply struct {
	Answer string `json:"answer"`
}

// Failure is the body of every refused HTTP request.
type Failure struct {
	Error Error `json:"error"`
}

// NewMeeting shows d to a page.
func NewMeeting(d meeting.Definition) Meeting { return Meeting{} }

// DecodeCode decodes the body of POST /api/invitation and /api/session, at most MaxMessage bytes.
func DecodeCode(b []byte) (CodeRequest, error) { return CodeRequest{}, errNotYet }

// DecodeProbe decodes the body of POST /api/probe, at most MaxOffer bytes.
func DecodeProbe(b []byte) (ProbeRequest, error) { return ProbeRequest{}, errNotYet }
