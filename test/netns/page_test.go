package netns_test

import (
	"fmt"
	"os"
	"strings"
)

// restart is the one command of the page that the test does itself: there is no service manager on its servers.
const restart = "systemctl restart visavis.service\n"

// block is one piece of a page: shell to be run as it is written, or a file to be put there.
type block struct {
	on    string // server, "a" or "b"; "" for a file
	file  string // name of the file; "" for shell
	serve bool   // shell that runs until it is stopped
	again bool   // shell, for after the call, that has the service manager start anew what serve has started
	later bool   // shell for after the call
	text  string
	line  int
}

// blocks reads the fenced blocks of a page that concern the machines: "sh two-servers-a", "sh two-servers-b", each perhaps
// with "serve", "later" or "restart", and "toml NAME". Others are for people.
func blocks(page string) ([]block, error) {
	b, err := os.ReadFile(page)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(string(b), "\n")
	var out []block
	for i := 0; i < len(lines); i++ {
		info, fenced := strings.CutPrefix(lines[i], "```")
		if !fenced {
			continue
		}
		start := i + 1
		for i = start; i < len(lines) && lines[i] != "```"; i++ {
		}
		if i == len(lines) {
			return nil, fmt.Errorf("%s:%d: block without an end", page, start)
		}
		bl := block{text: strings.Join(lines[start:i], "\n") + "\n", line: start + 1}
		switch f := strings.Fields(info); {
		case len(f) < 2:
			continue
		case f[0] == "toml" && len(f) == 2:
			bl.file = f[1]
		case f[0] == "sh" && strings.HasPrefix(f[1], "two-servers-"):
			bl.on = strings.TrimPrefix(f[1], "two-servers-")
			bl.serve = len(f) == 3 && f[2] == "serve"
			bl.again = len(f) == 3 && f[2] == "restart"
			bl.later = bl.again || len(f) == 3 && f[2] == "later"
			if bl.on != "a" && bl.on != "b" || len(f) > 2 && !bl.serve && !bl.later || bl.again && bl.text != restart {
				return nil, fmt.Errorf("%s:%d: a block marked %q", page, start, info)
			}
		default:
			return nil, fmt.Errorf("%s:%d: a block marked %q", page, start, info)
		}
		out = append(out, bl)
	}
	return out, nil
}
