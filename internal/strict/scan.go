package strict

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// scanner walks one value along a Go type. Its recursion is bounded by Limits.Depth.
type scanner struct {
	b    []byte
	i    int
	l    Limits
	path []string
}

func (s *scanner) fail(code string) error {
	return &Error{Code: code, Path: strings.TrimPrefix(strings.Join(s.path, ""), ".")}
}

func (s *scanner) push(name string) { s.path = append(s.path, name) }
func (s *scanner) pop()             { s.path = s.path[:len(s.path)-1] }

func (s *scanner) space() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\n', '\r':
			s.i++
		default:
			return
		}
	}
}

// peek is the next byte, 0 at the end (a NUL in the input is a syntax error wherever peek is used).
func (s *scanner) peek() byte {
	if s.i < len(s.b) {
		return s.b[s.i]
	}
	return 0
}

func (s *scanner) take(c byte) bool {
	if s.peek() != c || s.i >= len(s.b) {
		return false
	}
	s.i++
	return true
}

// value checks one value against t; nil: anything goes, within the limits. depth counts the objects and arrays around it.
func (s *scanner) value(t reflect.Type, depth int) error {
	t, null := settle(t)
	switch c := s.peek(); c {
	case '{', '[':
		if depth >= s.l.Depth {
			return s.fail(CodeDepth)
		}
		s.i++
		if c == '{' {
			return s.object(t, depth+1)
		}
		return s.array(t, depth+1)
	case '"':
		if _, err := s.str(); err != nil {
			return err
		}
		return s.want(t == nil || t.Kind() == reflect.String || bytesType(t))
	case 't':
		return s.literal("true", t == nil || t.Kind() == reflect.Bool)
	case 'f':
		return s.literal("false", t == nil || t.Kind() == reflect.Bool)
	case 'n':
		return s.literal("null", null)
	default:
		return s.number(t)
	}
}

func (s *scanner) want(ok bool) error {
	if !ok {
		return s.fail(CodeType)
	}
	return nil
}

func (s *scanner) literal(word string, ok bool) error {
	if !strings.HasPrefix(string(s.b[s.i:min(len(s.b), s.i+len(word))]), word) {
		return s.fail(CodeSyntax)
	}
	s.i += len(word)
	return s.want(ok)
}

func (s *scanner) object(t reflect.Type, depth int) error {
	var fields map[string]reflect.Type
	var elem reflect.Type
	switch {
	case t == nil:
	case t.Kind() == reflect.Struct:
		fields = map[string]reflect.Type{}
		collect(t, fields, 0)
	case t.Kind() == reflect.Map:
		elem = t.Elem()
	default:
		return s.fail(CodeType)
	}
	seen := map[string]bool{}
	s.space()
	if s.take('}') {
		return nil
	}
	for {
		s.space()
		if s.peek() != '"' {
			return s.fail(CodeSyntax)
		}
		if len(seen) >= s.l.List {
			return s.fail(CodeList)
		}
		key, err := s.str()
		if err != nil {
			return err
		}
		if seen[key] {
			return s.fail(CodeDuplicate)
		}
		seen[key] = true
		at, name := elem, ".*"
		if fields != nil {
			if at, err = s.field(fields, key); err != nil {
				return err
			}
			name = "." + key
		}
		s.space()
		if !s.take(':') {
			return s.fail(CodeSyntax)
		}
		s.space()
		s.push(name)
		if err := s.value(at, depth); err != nil {
			return err
		}
		s.pop()
		s.space()
		if s.take('}') {
			return nil
		}
		if !s.take(',') {
			return s.fail(CodeSyntax)
		}
	}
}

func (s *scanner) field(fields map[string]reflect.Type, key string) (reflect.Type, error) {
	if t, ok := fields[key]; ok {
		return t, nil
	}
	for name := range fields {
		if strings.EqualFold(name, key) {
			return nil, s.fail(CodeCase)
		}
	}
	return nil, s.fail(CodeUnknown)
}

func (s *scanner) array(t reflect.Type, depth int) error {
	var elem reflect.Type
	switch {
	case t == nil:
	case t.Kind() == reflect.Array, t.Kind() == reflect.Slice && !bytesType(t):
		elem = t.Elem()
	default:
		return s.fail(CodeType)
	}
	n := 0
	s.space()
	if !s.take(']') {
		for more := true; more; {
			if n >= s.l.List {
				return s.fail(CodeList)
			}
			s.space()
			s.push("[" + strconv.Itoa(n) + "]")
			if err := s.value(elem, depth); err != nil {
				return err
			}
			s.pop()
			n++
			s.space()
			more = s.take(',')
		}
		if !s.take(']') {
			return s.fail(CodeSyntax)
		}
	}
	// encoding/json fills up or cuts off silently.
	return s.want(t == nil || t.Kind() != reflect.Array || n == t.Len())
}

// str takes a string and gives it unescaped.
func (s *scanner) str() (string, error) {
	s.i++
	start, plain := s.i, true
	size := 0
	for {
		if s.i >= len(s.b) || s.b[s.i] < 0x20 {
			return "", s.fail(CodeSyntax)
		}
		switch c := s.b[s.i]; c {
		case '"':
			raw := s.b[start:s.i]
			s.i++
			if plain {
				return string(raw), nil
			}
			out, err := unquote(raw)
			if err != nil {
				return "", s.fail(CodeSyntax)
			}
			return out, nil
		case '\\':
			plain = false
			n, err := s.escape()
			if err != nil {
				return "", err
			}
			size += n
		default:
			s.i++
			size++
		}
		if size > s.l.String {
			return "", s.fail(CodeString)
		}
	}
}

// escape takes one escape (RFC 8259 §7) and gives its length in UTF-8.
func (s *scanner) escape() (int, error) {
	if s.i+1 >= len(s.b) {
		return 0, s.fail(CodeSyntax)
	}
	switch s.b[s.i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.i += 2
		return 1, nil
	case 'u':
	default:
		return 0, s.fail(CodeSyntax)
	}
	r, ok := hex4(s.b[s.i:])
	if !ok {
		return 0, s.fail(CodeSyntax)
	}
	s.i += 6
	switch {
	case r >= 0xdc00 && r < 0xe000:
		return 0, s.fail(CodeUTF8)
	case r >= 0xd800 && r < 0xdc00:
		low, ok := hex4(s.b[s.i:])
		if !ok || low < 0xdc00 || low >= 0xe000 {
			return 0, s.fail(CodeUTF8)
		}
		s.i += 6
		return 4, nil
	}
	return utf8.RuneLen(r), nil
}

// hex4 reads a \u escape with its four hexadecimal digits.
func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(n), err == nil
}

// unquote unescapes what str has checked.
func unquote(raw []byte) (string, error) {
	var out string
	err := json.Unmarshal(append(append([]byte{'"'}, raw...), '"'), &out)
	return out, err
}

func (s *scanner) number(t reflect.Type) error {
	start := s.i
	s.take('-')
	if !s.take('0') && !s.digits() {
		return s.fail(CodeSyntax)
	}
	whole := true
	if s.take('.') {
		whole = false
		if !s.digits() {
			return s.fail(CodeSyntax)
		}
	}
	if s.peek() == 'e' || s.peek() == 'E' {
		whole = false
		s.i++
		if !s.take('+') {
			s.take('-')
		}
		if !s.digits() {
			return s.fail(CodeSyntax)
		}
	}
	if whole {
		n, err := strconv.ParseInt(string(s.b[start:s.i]), 10, 64)
		if err != nil || n > MaxInteger || n < -MaxInteger {
			return s.fail(CodeType)
		}
	}
	if t == nil {
		return nil
	}
	switch t.Kind() {
	case reflect.Float32, reflect.Float64:
		return nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return s.want(whole)
	}
	return s.fail(CodeType)
}

func (s *scanner) digits() bool {
	start := s.i
	for s.i < len(s.b) && s.b[s.i] >= '0' && s.b[s.i] <= '9' {
		s.i++
	}
	return s.i > start
}

// settle follows pointers, and gives nil for types that decode themselves or take anything; null tells whether null is taken.
func settle(t reflect.Type) (_ reflect.Type, null bool) {
	for t != nil {
		if t.Kind() == reflect.Interface {
			return nil, true
		}
		if decodesItself(t) {
			return nil, null
		}
		if t.Kind() != reflect.Pointer {
			return t, null || t.Kind() == reflect.Slice || t.Kind() == reflect.Map
		}
		null = true
		t = t.Elem()
	}
	return nil, true
}

func decodesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.Unmarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

func bytesType(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

// collect names the members of a struct as encoding/json does, those of embedded structs included.
func collect(t reflect.Type, into map[string]reflect.Type, deep int) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Tag.Get("json") == "-":
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct && !decodesItself(f.Type) && deep < maxFields:
			collect(f.Type, into, deep+1)
		case !f.IsExported():
		case name == "":
			into[f.Name] = f.Type
		default:
			into[name] = f.Type
		}
	}
}
