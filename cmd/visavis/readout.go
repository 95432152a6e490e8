package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"visavis/internal/node"
)

type verifyCmd struct {
	Readout verifyReadoutCmd `cmd:"" help:"Check a readout's file: its texts, its manifest, its signatures."`
	Record  verifyRecordCmd  `cmd:"" help:"Check the record of a meeting: its log, its signatures, its files."`
}

type verifyReadoutCmd struct {
	File string   `arg:"" help:"The readout's file (.json)." type:"existingfile"`
	Keys []string `help:"Party documents, one of each party that signs, got otherwise than with the file. Without them the file is only held against itself." type:"existingfile" placeholder:"DOCUMENT"`
}

// Run says exactly what fits and what does not.
func (p *verifyReadoutCmd) Run(c console) error {
	b, err := node.ReadBounded(p.File, node.MaxReadoutFile)
	if err != nil {
		return err
	}
	documents, err := readFiles(p.Keys)
	if err != nil {
		return err
	}
	r, docs, err := node.VerifyReadout(b, documents)
	if r.ID == "" {
		return fmt.Errorf("%s: %w", base(p.File), err)
	}
	c.printf("%s, revision %d, %s\nmanifest   sha256 %s\n", r.ID, r.Revision, r.Mode, r.Hash)
	for _, l := range r.Languages {
		c.printf("text       %-3s %-9s %s  %s\n", l.Tag, l.Standing, l.SHA256, fits(l.Fits, "fits the manifest"))
	}
	for _, s := range r.Signatures {
		c.printf("signature  %s  key %s  %s\n", s.Party, s.Key, fits(s.Fits, "valid"))
		c.printf("           key fingerprint %s\n", node.Fingerprint(s.Public))
	}
	for _, d := range docs {
		c.printf("document   %s, number %d; root %s\n", d.Party, d.Counter, node.Fingerprint(d.Root))
	}
	for _, f := range r.Findings {
		c.printf("! %s\n", finding(f.Code, f.Args))
	}
	if err != nil {
		return fmt.Errorf("%s does not fit: do not rely on it", base(p.File))
	}
	if !r.Against {
		c.printf("The file fits itself. Who signed it is not proven: give the parties' documents with --keys, or compare the fingerprints with what the parties publish.\n")
		return nil
	}
	c.printf("It fits: texts, manifest and every signature. Compare the roots above with those that you know.\n")
	return nil
}

func fits(ok bool, yes string) string {
	if ok {
		return yes
	}
	return "DOES NOT FIT"
}

// findings says in words what Verify found; a code that is not here is said as it is.
var findings = map[string]string{
	"readout.manifest":          "the manifest is not one, or its signature lines are malformed",
	"readout.signers":           "nobody can be told to have to sign this text",
	"readout.content.hash":      "the text in {language} is not the one that was signed",
	"readout.content.bad":       "the text in {language} is not in the form that is signed ({code})",
	"readout.content.missing":   "the text in {language} is missing",
	"readout.content.extra":     "the text in {language} is not in the manifest",
	"readout.content.twice":     "the text in {language} is there twice",
	"readout.content.other":     "the text in {language} is of another readout or revision",
	"readout.content.languages": "the text in {language} tells otherwise than the manifest which languages there are and what they are worth",
	"readout.content.apart":     "the text in {language} differs from the others in more than its words",
	"readout.signature.missing": "{party} has not signed",
	"readout.signature.twice":   "{party} has signed twice, which counts once and is a forgery's mark",
	"readout.signature.foreign": "{party} has signed and has no part in this text",
	"readout.signature.bad":     "the signature of {party} is not of this manifest",
	"readout.key":               "the key of {party} in the file is missing, malformed or there twice",
	"readout.key.shared":        "{party} has signed with another party's key",
	"readout.key.unknown":       "the key of {party} is not one that its document names for readouts",
	"readout.key.revoked":       "the key of {party} has been taken back",
}

func finding(code string, args map[string]string) string {
	s, ok := findings[code]
	if !ok {
		return code
	}
	for k, v := range args {
		s = strings.ReplaceAll(s, "{"+k+"}", v)
	}
	return s
}

func readFiles(paths []string) ([][]byte, error) {
	var out [][]byte
	for _, p := range paths {
		b, err := node.ReadBounded(p, maxCarried)
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

type signCmd struct {
	File     string `arg:"" help:"The readout's file, as a node gave it out to be signed." type:"existingfile"`
	Key      string `required:"" help:"File of the party's readout key." type:"existingfile"`
	Document string `required:"" help:"The party document that names the key." type:"existingfile"`
	Out      string `required:"" help:"File to be written; it must not exist." type:"path"`
	Hash     string `help:"The manifest's hash, if somebody else has read the text and signed it off: nothing is asked then."`
}

// Run shows what is signed, made from the bytes that are signed, asks, and signs. It needs no node and no network.
func (p *signCmd) Run(c console) error {
	if _, err := os.Lstat(p.Out); err == nil {
		return fmt.Errorf("%s is there already, and nothing is ever overwritten", p.Out)
	}
	b, err := node.ReadBounded(p.File, node.MaxReadoutFile)
	if err != nil {
		return err
	}
	document, err := node.ReadBounded(p.Document, maxCarried)
	if err != nil {
		return err
	}
	t, err := node.OpenToSign(b, document)
	if err != nil {
		return fmt.Errorf("%s: %w", base(p.File), err)
	}
	hash := t.Manifest.Hash().String()
	if p.Hash == "" {
		if err := confirmSign(c, t, hash); err != nil {
			return err
		}
	} else if p.Hash != hash {
		return fmt.Errorf("the manifest's hash is %s: this is not the text that was signed off. Nothing was signed", hash)
	}
	out, err := t.Sign(p.Key, time.Now())
	if err != nil {
		return err
	}
	if err := node.WriteNew(p.Out, out); err != nil {
		return err
	}
	c.printf("Signed by %s: wrote %s. Bring it back to the node; it is published when every party has signed, and not before its embargo.\n", t.Party, base(p.Out))
	return nil
}

func confirmSign(c console, t *node.ToSign, hash string) error {
	for _, content := range t.Contents {
		showContent(c, content)
	}
	c.printf("\n%s\nmanifest sha256 %s\n", t.Manifest.Text(), hash)
	c.printf("\nYou sign for %s. If every text above is the one that was agreed, type the first eight signs of the manifest's hash: ", t.Party)
	line, err := bufio.NewReader(io.LimitReader(c.in, 1024)).ReadString('\n')
	c.printf("\n")
	if strings.TrimSpace(line) != hash[:8] || err != nil && line == "" {
		return errors.New("not confirmed: nothing was signed")
	}
	return nil
}
