package main

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"visavis/internal/readout"
)

// TestTheSignerIsShownAllThatIsSigned changes every member of a Content, one after the other, and sees that what is shown changes with it: a member that
// is added later is missed here before it is signed unseen. Nothing but the bytes that are signed is shown, so the same content shows the same: the control.
func TestTheSignerIsShownAllThatIsSigned(t *testing.T) {
	show := func(x readout.Content) string {
		var b bytes.Buffer
		showContent(console{out: &b}, x)
		return b.String()
	}
	x := fullContent(t)
	if show(x) != show(fullContent(t)) {
		t.Fatal("the same content is shown differently")
	}
	n := 0
	var walk func(v reflect.Value, path string)
	changed := func(path string, v, by reflect.Value) {
		was, before := reflect.ValueOf(v.Interface()), show(x)
		n++
		v.Set(by)
		if show(x) == before {
			t.Errorf("%s is signed and not shown", path)
		}
		v.Set(was)
	}
	walk = func(v reflect.Value, path string) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i), path+"."+v.Type().Field(i).Name)
			}
		case reflect.Slice:
			if v.Len() == 0 {
				t.Fatalf("%s is empty: nothing is tested", path)
			}
			changed(path, v, v.Slice(0, v.Len()-1))
			for i := range v.Len() {
				walk(v.Index(i), fmt.Sprintf("%s[%d]", path, i))
			}
		case reflect.Pointer:
			changed(path, v, reflect.Zero(v.Type()))
			walk(v.Elem(), path)
		case reflect.String:
			changed(path, v, reflect.ValueOf(v.String()+"\u200f7").Convert(v.Type()))
			changed(path, v, reflect.ValueOf(v.String()+"\u200f").Convert(v.Type()))
		case reflect.Int:
			changed(path, v, reflect.ValueOf(int(v.Int())+1))
		case reflect.Bool:
			changed(path, v, reflect.ValueOf(!v.Bool()))
		default:
			t.Fatalf("%s is a %s", path, v.Kind())
		}
	}
	walk(reflect.ValueOf(&x).Elem(), "content")
	if n < 60 {
		t.Errorf("only %d changes were tried", n)
	}
	if s := show(x); strings.ContainsRune(s, '\u200f') || !strings.Contains(s, "‹RLM›") {
		t.Error("a mark that cannot be seen is not written out")
	}
}

// fullContent is a text with every member that a content can have, each different from the others.
func fullContent(t *testing.T) readout.Content {
	t.Helper()
	var x readout.Content
	n := 0
	var fill func(v reflect.Value)
	fill = func(v reflect.Value) {
		n++
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				fill(v.Field(i))
			}
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			fill(v.Index(0))
			fill(v.Index(1))
		case reflect.Pointer:
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem())
		case reflect.String:
			v.SetString(fmt.Sprintf("value\u200f%d", n))
		case reflect.Int:
			v.SetInt(int64(n))
		case reflect.Bool:
			v.SetBool(true)
		default:
			t.Fatalf("a content has a %s", v.Kind())
		}
	}
	fill(reflect.ValueOf(&x).Elem())
	return x
}
