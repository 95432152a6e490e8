package netns_test

import (
	"fmt"
	"os"
	"strings"
)

// block is one piece of shell from a page, to be run as it is written.
type block struct {
	on   []string // servers
	text string
	line int
}

// blocks reads the pieces of a page that are to be run: a fenced block of sh right after a line "<!-- run: a b -->".
func blocks(file string) ([]block, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(string(b), "\n")
	var out []block
	for i := 0; i < len(lines); i++ {
		on, ok := strings.CutPrefix(strings.TrimSpace(lines[i]), "<!-- run:")
		if !ok {
			continue
		}
		on, ok = strings.CutSuffix(on, "-->")
		if !ok || i+1 >= len(lines) || strings.TrimSpace(lines[i+1]) != "```sh" {
			return nil, fmt.Errorf("%s:%d: a line <!-- run: … --> must stand right before ```sh", file, i+1)
		}
		start := i + 2
		for i = start; i < len(lines) && strings.TrimSpace(lines[i]) != "```"; i++ {
		}
		if i == len(lines) {
			return nil, fmt.Errorf("%s:%d: block without an end", file, start)
		}
		out = append(out, block{strings.Fields(on), strings.Join(lines[start:i], "\n"), start + 1})
	}
	return out, nil
}
