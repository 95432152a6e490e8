package readout

import "strings"

// marks are the signs that pass the gate and are not seen (security.md D18), with the names under which an editor and a signer are shown them.
var marks = strings.NewReplacer("\u200c", "‹ZWNJ›", "\u200d", "‹ZWJ›", "\u200e", "‹LRM›", "\u200f", "‹RLM›", "\u00ad", "‹SHY›", "\u200b", "‹ZWSP›", "\u034f", "‹CGJ›")

// Marked is s with what cannot be seen in it written out.
func Marked(s string) string { return marks.Replace(s) }
