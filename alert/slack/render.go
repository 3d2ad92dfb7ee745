package slack

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
)

// Slack's limits, with some room. They count characters and we count bytes, which are never fewer.
const (
	maxHeader  = 140
	maxSection = 2900
	maxMessage = 12_600 // of the blocks as JSON; the real one is not documented and lies near 13 200
)

// detail is how much is said of one finding: bytes of each name, of why, of the proposal, and the entries of lists.
type detail struct{ name, why, proposal, list int }

// details are tried in order until the message fits.
var details = []detail{{160, 500, 600, 3}, {120, 300, 300, 2}, {90, 160, 140, 1}, {90, 160, 140, 0}, {60, 100, 0, 1}, {40, 60, 0, 0}}

// rendered is a message in Slack's words.
type rendered struct {
	text   string // for notifications and screen readers
	blocks []slackapi.Block
}

func (r rendered) options() []slackapi.MsgOption {
	return []slackapi.MsgOption{slackapi.MsgOptionText(r.text, false), slackapi.MsgOptionBlocks(r.blocks...), slackapi.MsgOptionParse(false)}
}

func (r rendered) fits() bool {
	for _, b := range r.blocks {
		if s, ok := b.(*slackapi.SectionBlock); ok && len(s.Text.Text) > maxSection {
			return false
		}
	}
	b, err := json.Marshal(r.blocks)
	return err == nil && len(b) <= maxMessage
}

// render says a message with as much detail as fits, and with fewer findings only when the least detail does not.
// Without a sealer nothing can be pressed: nobody listens.
func render(m *alert.Message, seal *sealer) rendered {
	switch m.Reason {
	case alert.ReasonResolved:
		return renderResolved(m)
	case alert.ReasonDigest:
		return renderDigest(m)
	}
	row := buttons(m, seal)
	shown := m.Shown()
	for _, d := range details {
		if r := renderOpen(m, shown, d, row); r.fits() {
			return r
		}
	}
	least := details[len(details)-1]
	for n := len(shown) - 1; n > 0; n-- {
		if r := renderOpen(m, shown[:n], least, row); r.fits() {
			return r
		}
	}
	return renderOpen(m, nil, least, row)
}

func renderOpen(m *alert.Message, shown []access.Finding, d detail, row slackapi.Block) rendered {
	word := grade(m.Severity)
	if len(m.Findings) == 0 {
		word = "unverifiable"
	}
	head := title(strings.ToUpper(word)+" · "+subject(m)+" · "+teamName(m.Team), maxHeader)
	r := rendered{text: prose(head+" · "+tally(m), 400), blocks: []slackapi.Block{header(head)}}
	r.blocks = append(r.blocks, section(summary(m)))
	line := stateLine(m)
	if line != "" {
		r.blocks = append(r.blocks, section(line))
	}
	for _, f := range shown {
		if line != "" {
			f.Handling = nil // said once, above
		}
		r.blocks = append(r.blocks, section(finding(&f, d)))
	}
	if rest := len(m.Findings) - len(shown); rest > 0 {
		r.blocks = append(r.blocks, section(fmt.Sprintf("… and *%d more*, less grave or as grave as these. The page and `grantwatch audit` list them all.", rest)))
	}
	if line := blindLine(m); line != "" {
		r.blocks = append(r.blocks, section(line))
	}
	if row != nil {
		r.blocks = append(r.blocks, row)
	}
	r.blocks = append(r.blocks, foot(m))
	return r
}

// renderResolved says what is over, and no more than is known: what lost its evidence is not resolved.
func renderResolved(m *alert.Message) rendered {
	word := "RESOLVED"
	if m.Closing.Unverifiable > 0 {
		word = "NO LONGER VERIFIABLE"
	}
	head := title(word+" · "+subject(m)+" · "+teamName(m.Team), maxHeader)
	text := "Nothing that was told here is open above this channel's floor any more."
	c := m.Closing
	for _, r := range c.How {
		if r.N > 0 {
			text += fmt.Sprintf("\n*%d* %s", r.N, ended(r.How))
		}
	}
	for _, l := range []struct {
		n    int
		says string
	}{
		{c.Unverifiable, "can no longer be verified, because evidence is missing; that is not the same as resolved"},
		{c.Excepted, "covered by an exception"},
		{c.Elsewhere, "still open, below the floor, handed to another team or told in another message"},
		{c.Handled, "acknowledged by somebody, so that no escalation is needed"},
	} {
		if l.n > 0 {
			text += fmt.Sprintf("\n*%d* %s", l.n, l.says)
		}
	}
	return rendered{text: prose(head, 400), blocks: []slackapi.Block{header(head), section(text), foot(m)}}
}

// ended says in a sentence how findings ended.
func ended(how string) string {
	switch how {
	case "use":
		return "resolved by use: a successful use was seen"
	case "revocation":
		return "resolved by revocation: a snapshot or a log record shows that the access is gone"
	case "expiry":
		return "resolved by expiry"
	case "idle":
		return "declared idle: silence is healthy there"
	case "verdict":
		return "resolved: the verdict is another now"
	}
	return "gone: removed, or no longer true"
}

func summary(m *alert.Message) string {
	if len(m.Findings) == 0 {
		return fmt.Sprintf("No finding is claimed: the evidence is missing. Rule %s.", or(code(m.Cause, 80), "unnamed"))
	}
	text := fmt.Sprintf("*%s* of kind %s, rule %s: %s.", plural(len(m.Findings), "finding"), or(code(m.Kind, 80), "unnamed"), or(code(m.Cause, 80), "unnamed"), counts(m))
	if m.New > 0 && m.Reason == alert.ReasonWorse {
		text += fmt.Sprintf(" *%d new* since the last message.", m.New)
	}
	if m.Contradicted > 0 {
		text += fmt.Sprintf("\n*%d marked as revoked, but a later snapshot still has the access.*", m.Contradicted)
	}
	if m.Waited > 0 {
		text += fmt.Sprintf("\n*Nobody has acknowledged this for %s.*", waited(m.Waited))
	}
	if m.Storm() {
		text += fmt.Sprintf("\nToo many to tell one by one; these are the gravest %d.", len(m.Shown()))
	}
	return text
}

// blindLine is the one line about what cannot be verified.
func blindLine(m *alert.Message) string {
	if len(m.Unverifiable) == 0 {
		return ""
	}
	return fmt.Sprintf("*Unverifiable*: %s cannot be given, because these feeds have gaps or say nothing%s", plural(len(m.Unverifiable), "verdict"), feedsOf(m.Blinds()))
}

// feedsOf names the feeds whose evidence is missing, the five that matter most.
func feedsOf(list []alert.Blind) string {
	var feeds []string
	for i, b := range list {
		if i == 5 {
			feeds = append(feeds, "…")
			break
		}
		s := fmt.Sprintf("%s %d", or(code(b.Feed, 80), "no feed"), b.N)
		if !b.DecidableAt.IsZero() {
			s += " (decidable " + day(b.DecidableAt) + ")"
		}
		feeds = append(feeds, s)
	}
	if len(feeds) == 0 {
		return ""
	}
	return ": " + strings.Join(feeds, ", ")
}

// waited says a duration in the unit that a reader thinks in.
func waited(d time.Duration) string {
	if h := int(d.Hours()); h >= 48 {
		return plural(h/24, "day")
	} else if h >= 1 {
		return plural(h, "hour")
	}
	return plural(int(d.Minutes()), "minute")
}

func tally(m *alert.Message) string {
	if len(m.Findings) == 0 {
		return plural(len(m.Unverifiable), "verdict") + " cannot be given"
	}
	return plural(len(m.Findings), "finding") + ", " + counts(m)
}

func counts(m *alert.Message) string { return countsOf(m.Counts()) }

func countsOf(list []alert.Count) string {
	var out []string
	for _, c := range list {
		out = append(out, fmt.Sprintf("%d %s", c.N, grade(c.Severity)))
	}
	return strings.Join(out, ", ")
}

// subject is the problem class in words.
func subject(m *alert.Message) string {
	if m.Title != "" {
		return m.Title
	}
	return strings.ReplaceAll(strings.ToLower(m.Kind), "_", " ")
}

func teamName(t string) string { return or(t, "no team") }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func day(t time.Time) string    { return t.UTC().Format(time.DateOnly) }
func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

func header(s string) slackapi.Block {
	return slackapi.NewHeaderBlock(slackapi.NewTextBlockObject(slackapi.PlainTextType, s, false, false))
}

func section(s string) slackapi.Block {
	return slackapi.NewSectionBlock(slackapi.NewTextBlockObject(slackapi.MarkdownType, s, false, true), nil, nil)
}

func foot(m *alert.Message) slackapi.Block {
	text := fmt.Sprintf("Grantwatch · as of %s · %s", minute(m.AsOf), code(m.Fingerprint, 40))
	if why := audience(m); why != "" {
		text += " · " + why
	}
	return slackapi.NewContextBlock("", slackapi.NewTextBlockObject(slackapi.MarkdownType, text, false, true))
}
