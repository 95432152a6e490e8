package wire

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
