package node

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// SettingError is a mistake in a file that a person wrote: where it is, what is wrong, and what would be right.
type SettingError struct {
	File    string
	Line    int    // from 1; 0: the file as a whole, or a key that is missing
	Key     string // as in web.tls, party[1].member[0].role; "" if the line cannot even be read
	Problem string
	Allowed string // what may be there; "" if the problem says it
}

// Error implements error: one line for a person.
func (e *SettingError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	b.WriteString(": ")
	if e.Key != "" {
		b.WriteString(e.Key + " ")
	}
	b.WriteString(e.Problem)
	if e.Allowed != "" {
		b.WriteString("; allowed: " + e.Allowed)
	}
	return b.String()
}

// tomlFile is a file of ours in TOML with the line of each key, so that what is found wrong later can be pointed at.
type tomlFile struct {
	name  string
	keys  []keyRule
	lines map[string]int // key with indexes, as in party[1].member[0].role → line
	first map[string]int // key without indexes → first line
}

// keyRule is a key that may be in a file, and what it may be. A key that ends in .* stands for a table of any names.
type keyRule struct{ key, allowed string }

// decodeTOML decodes a file strictly: every key must be in rules, exactly as written there (the library alone would also take PARTY for party).
// The error is a *SettingError.
func decodeTOML(name string, b []byte, v any, rules []keyRule) (*tomlFile, error) {
	f := &tomlFile{name: name, keys: rules}
	f.lines, f.first = keyLines(string(b))
	md, err := toml.Decode(string(b), v)
	if err != nil {
		return nil, f.decodeError(err)
	}
	for _, k := range md.Keys() {
		if key := strings.Join(k, "."); !f.known(key) {
			return nil, &SettingError{File: name, Line: f.first[key], Key: key, Problem: "is not a key of this file", Allowed: f.suggest(key)}
		}
	}
	return f, nil
}

// bad says that a key's value is wrong; the key may have indexes.
func (f *tomlFile) bad(key, format string, args ...any) *SettingError {
	e := &SettingError{File: f.name, Key: key, Problem: fmt.Sprintf(format, args...), Allowed: f.allowed(plain(key))}
	for at := key; e.Line == 0; {
		e.Line = f.lines[at]
		i := strings.LastIndexByte(at, '.')
		if i < 0 {
			break
		}
		at = at[:i] // a key inside an inline table has the line of the table
	}
	return e
}

func (f *tomlFile) known(key string) bool {
	return slices.ContainsFunc(f.keys, func(r keyRule) bool {
		if table, ok := strings.CutSuffix(r.key, ".*"); ok {
			rest, inside := strings.CutPrefix(key, table+".")
			return key == table || inside && !strings.Contains(rest, ".")
		}
		return r.key == key || strings.HasPrefix(r.key, key+".")
	})
}

func (f *tomlFile) allowed(key string) string {
	for _, r := range f.keys {
		if table, ok := strings.CutSuffix(r.key, ".*"); r.key == key || ok && (key == table || strings.HasPrefix(key, table+".")) {
			return r.allowed
		}
	}
	return ""
}

// suggest lists the keys of the table in which an unknown key stands.
func (f *tomlFile) suggest(key string) string {
	table := key[:strings.LastIndexByte(key, '.')+1]
	var out []string
	for _, r := range f.keys {
		rest, ok := strings.CutPrefix(r.key, table)
		if !ok {
			continue
		}
		name, _, deeper := strings.Cut(rest, ".")
		if deeper {
			name = "[" + table + name + "]"
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	if len(out) == 0 && table != "" {
		return f.suggest(strings.TrimSuffix(table, "."))
	}
	return strings.Join(out, ", ")
}

// decodeError turns an error of the library into one with line, key and what is allowed.
func (f *tomlFile) decodeError(err error) *SettingError {
	var p toml.ParseError
	if errors.As(err, &p) {
		return &SettingError{File: f.name, Line: p.Position.Line, Key: p.LastKey, Problem: "cannot be read: " + p.Message, Allowed: f.allowed(p.LastKey)}
	}
	// A value of another type: the library gives its place in the text only.
	if m := wrongType.FindStringSubmatch(err.Error()); m != nil {
		line, _ := strconv.Atoi(m[1])
		return &SettingError{File: f.name, Line: line, Key: m[2], Problem: "has a value of the wrong type", Allowed: f.allowed(m[2])}
	}
	return &SettingError{File: f.name, Problem: strings.TrimPrefix(err.Error(), "toml: ")}
}

// What a line of a file, an error of the library and a key with indexes look like. Compiled once, never changed.
var (
	header    = regexp.MustCompile(`^\s*(\[\[?)\s*([^\]\[]+?)\s*\]\]?\s*(?:#.*)?$`)
	assign    = regexp.MustCompile(`^\s*([A-Za-z0-9_\-."' ]+?)\s*=`)
	wrongType = regexp.MustCompile(`^toml: line (\d+) \(last key "([^"]*)"\): (.*)$`)
	indexes   = regexp.MustCompile(`\[\d+\]`)
)

// plain takes the indexes out of a key.
func plain(key string) string { return indexes.ReplaceAllString(key, "") }

// keyLines finds the line of every key of a text that is TOML, as far as one key stands on a line. What it does not find has no line, no more.
func keyLines(text string) (lines, first map[string]int) {
	lines, first = map[string]int{}, map[string]int{}
	count := map[string]int{} // array of tables, with the indexes of its parents → how many so far
	table := ""
	for i, l := range strings.Split(text, "\n") {
		key := ""
		if m := header.FindStringSubmatch(l); m != nil {
			table = indexed(unquoteKey(m[2]), m[1] == "[[", count)
			key = table
		} else if m := assign.FindStringSubmatch(l); m != nil {
			key = unquoteKey(m[1])
			if table != "" {
				key = table + "." + key
			}
		}
		if key == "" {
			continue
		}
		if lines[key] == 0 {
			lines[key] = i + 1
		}
		if p := plain(key); first[p] == 0 {
			first[p] = i + 1
		}
	}
	return lines, first
}

// indexed puts the index of the newest element behind each part of a header that is an array of tables.
func indexed(header string, element bool, count map[string]int) string {
	out := ""
	parts := strings.Split(header, ".")
	for i, p := range parts {
		if out != "" {
			out += "."
		}
		out += p
		if element && i == len(parts)-1 {
			count[out]++
		}
		if n := count[out]; n > 0 {
			out += fmt.Sprintf("[%d]", n-1)
		}
	}
	return out
}

func unquoteKey(k string) string {
	parts := strings.Split(k, ".")
	for i, p := range parts {
		parts[i] = strings.Trim(strings.TrimSpace(p), `"'`)
	}
	return strings.Join(parts, ".")
}
