package slack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/grantwatch/grantwatch/alert/slack/slacktest"
)

// texts are all texts of a rendered message: markup that is parsed, and plain text that is not.
func texts(t testing.TB, r rendered) (markup, plain []string) {
	t.Helper()
	raw, err := json.Marshal(r.blocks)
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := slacktest.Blocks(string(raw), false)
	if err != nil {
		t.Fatal(err)
	}
	markup, plain = textsOf(blocks)
	return append(markup, r.text), plain
}

func textsOf(blocks []slacktest.Block) (markup, plain []string) {
	for _, b := range blocks {
		switch b.Type {
		case "header":
			plain = append(plain, b.Text.Text)
		case "section":
			markup = append(markup, b.Text.Text)
		case "context":
			markup = append(markup, b.Elements[0].Words())
		case "actions":
			for _, e := range b.Elements {
				if e.Type == "button" {
					plain = append(plain, e.Label())
				}
			}
		}
	}
	return markup, plain
}

var (
	control  = regexp.MustCompile(`[<>]`)
	entities = regexp.MustCompile(`&(amp|lt|gt);`)
	loud     = regexp.MustCompile(`(?i)@(here|channel|everyone|group)`)
	outside  = map[string]*regexp.Regexp{ // what acts outside of code spans
		"mention":     regexp.MustCompile(`(^|[^\pL\pN])@[\pL\pN]`),
		"channel":     regexp.MustCompile(`(^|[^\pL\pN])#[\pL\pN]`),
		"emoji":       regexp.MustCompile(`:[a-zA-Z0-9_+'-]+:`),
		"link":        regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://|(mailto|tel|javascript|data|slack):\S`),
		"strike":      regexp.MustCompile(`~`),
		"italic":      regexp.MustCompile(`(^|[^\pL\pN])_|_($|[^\pL\pN])`),
		"quote":       regexp.MustCompile(`(?m)^\s*(&gt;|>)`),
		"list":        regexp.MustCompile(`(?m)^\s*[•]`),
		"code block":  regexp.MustCompile("```"),
		"second line": regexp.MustCompile(`\r`),
	}
	piled   = regexp.MustCompile(`[\p{Mn}\p{Me}]{3}`)
	ownBold = regexp.MustCompile(`^(Who|Since|Reach|State|Why|Evidence|Note|Proposal|Controls|Unverifiable|Graver than before|info|low|medium|high|critical|unrated|\d+( more| new| open| resolved)?|\d+ findings?( not told before)?|Acknowledged|Snoozed|Marked as revoked(, but a later snapshot still has the access)?|Handed over|Still open|Nobody has acknowledged this for \d+ (minute|hour|day)s?\.?|\d+ marked as revoked, but a later snapshot still has the access\.|Exceptions that end soon|Open for longest, acknowledged by nobody)$`)
	bold    = regexp.MustCompile(`\*([^*\n]*)\*`)
)

// alive lists everything in a markup text that Slack would act on and that is not of our own making.
func alive(text string) []string {
	var out []string
	for _, r := range text {
		if r != '\n' && (unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Variation_Selector) || strings.ContainsRune("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0", r)) {
			out = append(out, fmt.Sprintf("hidden %U", r))
		}
	}
	if piled.MatchString(text) {
		out = append(out, "piled marks")
	}
	if !utf8.ValidString(text) {
		out = append(out, "invalid UTF-8")
	}
	if m := control.FindString(text); m != "" {
		out = append(out, "control sequence "+m)
	}
	if strings.Count(text, "&") != len(entities.FindAllString(text, -1)) {
		out = append(out, "a bare &")
	}
	if m := loud.FindString(text); m != "" {
		out = append(out, m)
	}
	for _, line := range strings.Split(text, "\n") { // a code span ends with its line
		spans := strings.Split(line, "`")
		if len(spans)%2 == 0 {
			out = append(out, "an odd backtick in "+line)
		}
		free := ""
		for i := 0; i < len(spans); i += 2 {
			free += spans[i] + "\x01"
		}
		for name, re := range outside {
			if m := re.FindString(free); m != "" {
				out = append(out, fmt.Sprintf("%s %q", name, m))
			}
		}
		rest := bold.ReplaceAllStringFunc(free, func(s string) string {
			if !ownBold.MatchString(strings.Trim(s, "*")) {
				out = append(out, "bold "+s)
			}
			return ""
		})
		if strings.Contains(rest, "*") {
			out = append(out, "an odd * in "+line)
		}
	}
	return out
}

// TestAliveSeesWhatActs proves the judge of the tests below.
func TestAliveSeesWhatActs(t *testing.T) {
	for _, s := range []string{
		"<!channel>", "<@U123>", "<https://x.example|y>", "a & b", "&copy;", "@here", "hi @ana", "`@channel`", ":smile:", "arn:aws:iam", "https://x.example", "mailto:a@b.example",
		"*bold*", "* odd", "_it_", "~s~", "&gt; quote", "odd ` tick", "```", "\u202Eabc", "a\u200Bb", "a\x1bb", "a\xffb", "#general", "*Who", "• item", "Z\u0335\u0346\u0335",
	} {
		if len(alive(s)) == 0 {
			t.Errorf("%q passes for inert", s)
		}
	}
	for _, s := range []string{"*Who* `a*b_c~:d:<` x", "*Why* plain words, a: b, ana@corp.example, 5 &gt; 4", "*2 findings* · *critical* · `s3:*`"} {
		s = strings.ReplaceAll(s, "<", "&lt;")
		if got := alive(s); len(got) > 0 {
			t.Errorf("%q is inert, but %q", s, got)
		}
	}
}

// pretty is what a golden shows of a message.
func pretty(t testing.TB, r rendered) string {
	t.Helper()
	var b bytes.Buffer
	fmt.Fprintf(&b, "text: %s\n", r.text)
	raw, err := json.MarshalIndent(r.blocks, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := slacktest.Blocks(string(raw), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, bl := range blocks {
		text := ""
		switch {
		case bl.Text != nil:
			text = bl.Text.Text
		case bl.Type == "actions":
			for _, e := range bl.Elements {
				if e.Type == "static_select" {
					text += "<" + e.Placeholder.Text
					for _, o := range e.Options {
						text += " | " + o.Text.Text
					}
					text += "> "
					continue
				}
				text += "[" + e.Label() + "] "
			}
		default:
			text = bl.Elements[0].Words()
		}
		fmt.Fprintf(&b, "\n[%s]\n%s\n", bl.Type, strings.TrimSpace(text))
	}
	return b.String()
}
