package slackdev

import (
	"html/template"
	"regexp"
	"strings"
)

var (
	sequence = regexp.MustCompile(`<([^<>\n]*)>`)
	bold     = regexp.MustCompile(`(^|[\s(])\*([^*\n]+)\*`)
	italic   = regexp.MustCompile(`(^|[\s(])_([^_\n]+)_`)
	strike   = regexp.MustCompile(`(^|[\s(])~([^~\n]+)~`)
	entities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
)

// mrkdwn shows Slack's markup as Slack would. What acts there is made visible here, so that a message that mentions or
// links where it should not catches the eye.
func mrkdwn(s string) template.HTML {
	var out strings.Builder
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			out.WriteString("<br>")
		}
		for j, part := range strings.Split(line, "`") {
			if j%2 == 1 {
				out.WriteString("<code>" + plain(part) + "</code>")
				continue
			}
			out.WriteString(styled(part))
		}
	}
	return template.HTML(out.String()) //nolint:gosec // every piece went through plain
}

// plain takes Slack's entities back and makes HTML's of them.
func plain(s string) string { return template.HTMLEscapeString(entities.Replace(s)) }

func styled(s string) string {
	var out strings.Builder
	last := 0
	for _, at := range sequence.FindAllStringSubmatchIndex(s, -1) {
		out.WriteString(marks(s[last:at[0]]))
		out.WriteString(`<mark class="acts">` + plain(s[at[2]:at[3]]) + `</mark>`)
		last = at[1]
	}
	out.WriteString(marks(s[last:]))
	return out.String()
}

func marks(s string) string {
	s = plain(s)
	s = bold.ReplaceAllString(s, "$1<strong>$2</strong>")
	s = italic.ReplaceAllString(s, "$1<em>$2</em>")
	return strike.ReplaceAllString(s, "$1<s>$2</s>")
}
