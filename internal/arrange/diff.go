package arrange

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"visavis/internal/meeting"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Flatten gives every field of a definition under its path, as people and tests read it: "title.ar", "members.avelmar-vess.precedence".
// Parties and members go by their ids, items of the agenda by their place from 0. What is empty is not listed.
func Flatten(d meeting.Definition) map[string]string {
	out := map[string]string{}
	b, err := marshal(d)
	if err != nil {
		return out
	}
	var v any
	if json.Unmarshal(b, &v) != nil {
		return out
	}
	flatten(out, "", v)
	return out
}

func flatten(out map[string]string, path string, v any) {
	join := func(k string) string {
		if path == "" {
			return k
		}
		return path + "." + k
	}
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			flatten(out, join(k), x)
		}
	case []any:
		for i, x := range v {
			key := strconv.Itoa(i)
			if m, ok := x.(map[string]any); ok {
				if id, ok := m["id"].(string); ok {
					key = id
				}
			}
			flatten(out, join(key), x)
		}
	case string:
		if v != "" {
			out[path] = v
		}
	case float64:
		out[path] = strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		out[path] = strconv.FormatBool(v)
	}
}

// Change is one field that differs between two definitions; "" is none.
type Change struct {
	Path, Old, New string
}

// Diff lists in the order of their paths the fields that differ.
func Diff(old, new meeting.Definition) []Change {
	a, b := Flatten(old), Flatten(new)
	all := maps.Clone(a)
	maps.Copy(all, b)
	var out []Change
	for _, p := range sortedKeys(all) {
		if a[p] != b[p] {
			out = append(out, Change{p, a[p], b[p]})
		}
	}
	return out
}
