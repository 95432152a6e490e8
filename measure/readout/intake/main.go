// Intake measures what the import of existing readouts recognises: F1 of blocks, speakers and attendance for each language, on texts whose answers stand
// beside them. `make measure-readout` runs it; it exits with 1 when a figure is short.
package main

import (
	"flag"
	"fmt"
	"os"

	"visavis/internal/intake"
	"visavis/internal/intake/score"
	"visavis/measure/figures"
)

// Targets of the import, F1.
const (
	blocks     = 0.9
	speakers   = 0.95
	attendance = 0.95
)

func main() {
	dir := flag.String("texts", "internal/intake/testdata", "directory that holds readouts (written before the recogniser), later and later2 (written after it)")
	wrong := flag.Bool("wrong", false, "say what was not as answered")
	flag.Parse()
	r := figures.New(os.Stdout, "measure-readout: import")
	measure(r, *dir+"/readouts", "import.", *wrong)
	for _, later := range []string{"later", "later2"} {
		if _, err := os.Stat(*dir + "/" + later); err == nil {
			measure(r, *dir+"/"+later, "import."+later+".", *wrong)
		}
	}
	if !r.End() {
		os.Exit(1)
	}
}

// measure prints three figures for each language that has texts in dir.
func measure(r *figures.Report, dir, name string, wrong bool) {
	results, err := score.Dir(dir)
	if err != nil {
		r.Failed(name, err)
		return
	}
	for _, lang := range intake.Languages() {
		var b, s, a score.Count
		n := 0
		for _, x := range results {
			if x.Language != lang {
				continue
			}
			n++
			b, s, a = b.Add(x.Blocks), s.Add(x.Speakers), a.Add(x.Attendance)
			for _, w := range x.Wrong {
				if wrong {
					fmt.Printf("# %s: %s\n", x.Name, w)
				}
			}
		}
		if n == 0 {
			r.Failed(name+lang, fmt.Errorf("no text in this language"))
			continue
		}
		r.AtLeast(name+"blocks."+lang, b.F1(), "F1", blocks)
		r.AtLeast(name+"speakers."+lang, s.F1(), "F1", speakers)
		r.AtLeast(name+"attendance."+lang, a.F1(), "F1", attendance)
	}
}
