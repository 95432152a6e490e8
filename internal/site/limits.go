package site

import "time"

// Bounds of the store and of requests (docs/security.md, limits). What lies beyond is not read, and the log says so.
const (
	MaxReadouts      = 4096     // directories in readouts/
	MaxRevisions     = 64       // of one readout
	MaxAnnounced     = 64       // files in announced/
	MaxLive          = 8        // files in live/
	MaxEntry         = 32 << 10 // bytes of a file of announced/ or live/, and of published and withdrawn files
	MaxTheme         = 64 << 10 // bytes of theme.toml
	MaxNotice        = 64 << 10 // bytes of privacy/LANG.md
	MaxPicture       = 2 << 20  // bytes of a picture
	MaxPath          = 256      // bytes of a request's path
	MaxForm          = 4 << 10  // bytes of a form
	MaxHeader        = 16 << 10 // bytes of a request's header
	MaxRendering     = 32       // pages in the making at once; more are told to come again
	MaxChoices       = 64 << 20 // bytes of choices.jsonl; when it is full nothing is accepted any more, so nothing is done
	MaxKept          = 32       // files kept in memory once they are checked: checking takes most of the time of a page
	MaxEmblemPaths   = 32       // of the emblem in the theme
	MaxEmblemPath    = 2 << 10  // bytes of one
	homeItems        = 12       // readouts on the first page; all are in the lists of years
	feedItems        = 50       // entries of a feed
	yearItems        = 1000     // readouts on the page of a year
	maxMarkdownLines = 2000     // of a notice
	maxTextShown     = 64 << 10 // bytes that word differences are made of, per block
	maxSitemap       = 40_000   // addresses; the protocol ends at 50,000
	maxAudience      = 10_000   // different pages counted a day
	choiceDays       = 182      // six months: how long the cookie lasts
	jump             = 2 * time.Second
	liveFor          = 12 * time.Hour // how long a meeting is said to go on after the node last said so: a node that died cannot say that it is over
	reread           = time.Second    // how soon a change of the store is seen, at most
)

// Times of a connection. A page is small: whoever needs longer reads slower than a modem.
const (
	headerTime = 10 * time.Second
	bodyTime   = 10 * time.Second
	answerTime = 60 * time.Second
	idleTime   = 60 * time.Second
)
