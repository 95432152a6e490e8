package site

import (
	"html/template"
	"net/url"
	"strings"
)

// markdown turns a notice of the operator into HTML: headings (# and ##), lists (-), paragraphs, **strong** and [text](address). Everything else is
// text. It has no HTML of its own: what looks like a tag is shown as written.
func markdown(s string) template.HTML {
	var b strings.Builder
	var paragraph []string
	inList := false
	endList := func() {
		if inList {
			b.WriteString("</ul>\n")
			inList = false
		}
	}
	flush := func() {
		if len(paragraph) > 0 {
			b.WriteString("<p>" + inline(strings.Join(paragraph, " ")) + "</p>\n")
			paragraph = nil
		}
	}
	for i, line := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
		if i >= maxMarkdownLines {
			break
		}
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "- ") {
			endList()
		}
		switch {
		case line == "":
			flush()
		case strings.HasPrefix(line, "# "), strings.HasPrefix(line, "## "): // the page has its own h1 and h2
			flush()
			b.WriteString("<h3>" + inline(strings.TrimLeft(line, "# ")) + "</h3>\n")
		case strings.HasPrefix(line, "- "):
			flush()
			if !inList {
				b.WriteString("<ul>\n")
				inList = true
			}
			b.WriteString("<li>" + inline(line[2:]) + "</li>\n")
		default:
			paragraph = append(paragraph, line)
		}
	}
	endList()
	flush()
	return template.HTML(b.String())
}

// inline writes strong words and links; everything is escaped first, so that only our own tags are tags.
func inline(s string) string {
	var b strings.Builder
	for s != "" {
		if rest, ok := strings.CutPrefix(s, "**"); ok {
			if words, after, ok := strings.Cut(rest, "**"); ok && words != "" {
				b.WriteString("<strong>" + template.HTMLEscapeString(words) + "</strong>")
				s = after
				continue
			}
		}
		if s[0] == '[' {
			if words, after, ok := strings.Cut(s[1:], "]("); ok && words != "" && !strings.Contains(words, "]") {
				if address, after, ok := strings.Cut(after, ")"); ok && harmless(address) {
					b.WriteString(`<a href="` + template.HTMLEscapeString(address) + `">` + template.HTMLEscapeString(words) + "</a>")
					s = after
					continue
				}
			}
		}
		next := strings.IndexAny(s[1:], "*[") + 1
		if next == 0 {
			next = len(s)
		}
		b.WriteString(template.HTMLEscapeString(s[:next]))
		s = s[next:]
	}
	return b.String()
}

// harmless says whether a link may lead there: the web, mail, or a place of this site.
func harmless(address string) bool {
	u, err := url.Parse(address)
	here := strings.HasPrefix(address, "/") && !strings.HasPrefix(address, "//") && !strings.Contains(address, `\`) // a browser takes "/\x" for "//x"
	return err == nil && (u.Scheme == "https" && u.Host != "" || u.Scheme == "mailto" || here)
}
