package slacktest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// The limits of Slack, in characters. The one of a whole message is not documented; it lies near 13 200.
const (
	MaxBlocks     = 50
	MaxViewBlocks = 100
	MaxText       = 4000
	MaxMessage    = 13_000
	MaxSection    = 3000
	MaxHeader     = 150
	MaxValue      = 2000
	MaxOption     = 75
	MaxOptValue   = 150
	MaxOptions    = 100
	MaxElements   = 25
	MaxID         = 255
)

// Text is a text object.
type Text struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Emoji    *bool  `json:"emoji,omitempty"`
	Verbatim bool   `json:"verbatim,omitempty"`
}

// Confirm is a confirmation dialog.
type Confirm struct {
	Title   *Text  `json:"title"`
	Text    *Text  `json:"text"`
	Confirm *Text  `json:"confirm"`
	Deny    *Text  `json:"deny"`
	Style   string `json:"style,omitempty"`
}

// Option is one choice of a menu.
type Option struct {
	Text        *Text  `json:"text"`
	Value       string `json:"value"`
	Description *Text  `json:"description,omitempty"`
}

// Element is an interactive element, or a text object inside a context block. Text is an object in a button and a string in
// a context's text object.
type Element struct {
	Type           string          `json:"type"`
	ActionID       string          `json:"action_id,omitempty"`
	RawText        json.RawMessage `json:"text,omitempty"`
	Emoji          *bool           `json:"emoji,omitempty"`
	Verbatim       bool            `json:"verbatim,omitempty"`
	Value          string          `json:"value,omitempty"`
	URL            string          `json:"url,omitempty"`
	Style          string          `json:"style,omitempty"`
	Confirm        *Confirm        `json:"confirm,omitempty"`
	Placeholder    *Text           `json:"placeholder,omitempty"`
	Options        []Option        `json:"options,omitempty"`
	InitialOption  *Option         `json:"initial_option,omitempty"`
	InitialDate    string          `json:"initial_date,omitempty"`
	InitialUser    string          `json:"initial_user,omitempty"`
	InitialValue   string          `json:"initial_value,omitempty"`
	Multiline      bool            `json:"multiline,omitempty"`
	MinLength      int             `json:"min_length,omitempty"`
	MaxLength      int             `json:"max_length,omitempty"`
	MinQueryLength *int            `json:"min_query_length,omitempty"`
}

// Label is the text of a button.
func (e *Element) Label() string {
	var t Text
	if json.Unmarshal(e.RawText, &t) == nil {
		return t.Text
	}
	return ""
}

// Words is the text of an element that is a text object.
func (e *Element) Words() string {
	var s string
	_ = json.Unmarshal(e.RawText, &s) // anything else has no words
	return s
}

// Block is one block.
type Block struct {
	Type      string    `json:"type"`
	BlockID   string    `json:"block_id,omitempty"`
	Text      *Text     `json:"text,omitempty"`
	Fields    []Text    `json:"fields,omitempty"`
	Accessory *Element  `json:"accessory,omitempty"`
	Elements  []Element `json:"elements,omitempty"`
	Label     *Text     `json:"label,omitempty"`
	Hint      *Text     `json:"hint,omitempty"`
	Optional  bool      `json:"optional,omitempty"`
	Element   *Element  `json:"element,omitempty"`
}

func decodeStrictly(raw string, into any) error {
	d := json.NewDecoder(strings.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("more than one value")
	}
	return nil
}

// Blocks parses blocks and says what is wrong with them. inView allows inputs, and more blocks.
func Blocks(raw string, inView bool) ([]Block, error) {
	var blocks []Block
	if err := decodeStrictly(raw, &blocks); err != nil {
		return nil, err
	}
	most := MaxBlocks
	if inView {
		most = MaxViewBlocks
	}
	if len(blocks) == 0 || len(blocks) > most {
		return nil, fmt.Errorf("%d blocks", len(blocks))
	}
	ids, actions := map[string]bool{}, map[string]bool{}
	for i := range blocks {
		b := &blocks[i]
		if len(b.BlockID) > MaxID || b.BlockID != "" && ids[b.BlockID] {
			return nil, fmt.Errorf("block %d: block_id %q is too long or not unique", i, b.BlockID)
		}
		ids[b.BlockID] = true
		if err := b.check(inView, actions); err != nil {
			return nil, fmt.Errorf("block %d, %s: %w", i, b.Type, err)
		}
	}
	return blocks, nil
}

func (b *Block) check(inView bool, actions map[string]bool) error {
	only := func(text, fields, elements, input bool) error {
		if (b.Text != nil && !text) || (b.Fields != nil && !fields) || (b.Elements != nil && !elements) || ((b.Element != nil || b.Label != nil || b.Hint != nil || b.Optional) && !input) || (b.Accessory != nil && b.Type != "section") {
			return fmt.Errorf("has a part that this block does not know")
		}
		return nil
	}
	switch b.Type {
	case "header":
		return first(only(true, false, false, false), plain(b.Text, MaxHeader))
	case "divider":
		return only(false, false, false, false)
	case "section":
		if err := only(true, true, false, false); err != nil {
			return err
		}
		if b.Text == nil && len(b.Fields) == 0 || len(b.Fields) > 10 {
			return fmt.Errorf("neither text nor fields, or too many of them")
		}
		if b.Text != nil {
			if err := markup(b.Text, MaxSection); err != nil {
				return err
			}
		}
		for i := range b.Fields {
			if err := markup(&b.Fields[i], 2000); err != nil {
				return err
			}
		}
		if b.Accessory != nil {
			return b.Accessory.check(actions)
		}
		return nil
	case "context":
		if err := only(false, false, true, false); err != nil {
			return err
		}
		if n := len(b.Elements); n < 1 || n > 10 {
			return fmt.Errorf("%d elements", n)
		}
		for i := range b.Elements {
			e := &b.Elements[i]
			if err := markup(&Text{Type: e.Type, Text: e.Words(), Emoji: e.Emoji, Verbatim: e.Verbatim}, MaxSection); err != nil {
				return err
			}
		}
		return nil
	case "actions":
		if err := only(false, false, true, false); err != nil {
			return err
		}
		if n := len(b.Elements); n < 1 || n > MaxElements {
			return fmt.Errorf("%d elements", n)
		}
		for i := range b.Elements {
			if err := b.Elements[i].check(actions); err != nil {
				return err
			}
		}
		return nil
	case "input":
		if !inView {
			return fmt.Errorf("an input outside of a modal")
		}
		if b.Element == nil {
			return fmt.Errorf("without an element")
		}
		if b.Hint != nil {
			if err := plain(b.Hint, 2000); err != nil {
				return err
			}
		}
		return first(only(false, false, false, true), plain(b.Label, 2000), b.Element.check(actions))
	}
	return fmt.Errorf("is not a block that is used here")
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func length(s string, n int) error {
	if k := utf8.RuneCountInString(s); k < 1 || k > n || !utf8.ValidString(s) || strings.TrimSpace(s) == "" {
		return fmt.Errorf("a text of %d characters where 1 to %d are allowed", k, n)
	}
	return nil
}

// plain and markup are stricter than Slack: emoji words stay words, and nothing is turned into a link or a mention.
func plain(t *Text, n int) error {
	if t == nil || t.Type != "plain_text" || t.Emoji == nil || *t.Emoji || t.Verbatim {
		return fmt.Errorf("wants a plain_text object without emoji")
	}
	return length(t.Text, n)
}

func markup(t *Text, n int) error {
	if t == nil || t.Type != "mrkdwn" || !t.Verbatim || t.Emoji != nil {
		return fmt.Errorf("wants a mrkdwn object that is verbatim")
	}
	return length(t.Text, n)
}

var isoDate = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

func (e *Element) check(actions map[string]bool) error {
	if e.ActionID == "" || len(e.ActionID) > MaxID || actions[e.ActionID] {
		return fmt.Errorf("action_id %q is missing, too long or not unique", e.ActionID)
	}
	actions[e.ActionID] = true
	if e.Confirm != nil {
		c := e.Confirm
		if err := first(plain(c.Title, 100), plain(c.Text, 300), plain(c.Confirm, 30), plain(c.Deny, 30)); err != nil {
			return fmt.Errorf("confirm: %w", err)
		}
	}
	if e.Placeholder != nil {
		if err := plain(e.Placeholder, 150); err != nil {
			return fmt.Errorf("placeholder: %w", err)
		}
	}
	switch e.Type {
	case "button":
		var t Text
		if err := decodeStrictly(string(e.RawText), &t); err != nil {
			return err
		}
		if err := plain(&t, 75); err != nil {
			return err
		}
		if u, err := url.Parse(e.URL); err != nil || len(e.URL) > 3000 || e.URL != "" && u.Scheme != "https" && u.Scheme != "http" {
			return fmt.Errorf("url %q", e.URL)
		}
		if utf8.RuneCountInString(e.Value) > MaxValue || e.Style != "" && e.Style != "primary" && e.Style != "danger" {
			return fmt.Errorf("a value that is too long, or style %q", e.Style)
		}
	case "static_select", "overflow":
		return e.menu()
	case "external_select", "users_select":
	case "datepicker":
		if _, err := time.Parse(time.DateOnly, e.InitialDate); e.InitialDate != "" && (err != nil || !isoDate.MatchString(e.InitialDate)) {
			return fmt.Errorf("initial_date %q", e.InitialDate)
		}
	case "plain_text_input":
		if e.MaxLength > 3000 || e.MinLength > 3000 || e.MaxLength != 0 && e.MinLength > e.MaxLength {
			return fmt.Errorf("lengths %d to %d", e.MinLength, e.MaxLength)
		}
	default:
		return fmt.Errorf("element %q is not used here", e.Type)
	}
	return nil
}

func (e *Element) menu() error {
	most := MaxOptions
	if e.Type == "overflow" {
		most = 5
	}
	if n := len(e.Options); n < 1 || n > most {
		return fmt.Errorf("%d options", n)
	}
	for i := range e.Options {
		o := &e.Options[i]
		if err := plain(o.Text, MaxOption); err != nil {
			return fmt.Errorf("option %d: %w", i, err)
		}
		if k := utf8.RuneCountInString(o.Value); k < 1 || k > MaxOptValue {
			return fmt.Errorf("option %d: a value of %d characters", i, k)
		}
	}
	return nil
}

// checkMessage returns the error code that a message earns, and "" for a good one.
func (s *Server) checkMessage(form url.Values) string {
	code, err := CheckMessage(form)
	if err != nil {
		s.o.Complain("%s: %v", code, err)
	}
	return code
}

// CheckMessage returns the code of Slack's that a message earns and why, and "" for a good one.
func CheckMessage(form url.Values) (string, error) {
	text := form.Get("text")
	switch {
	case strings.TrimSpace(text) == "":
		return "no_text", nil
	case utf8.RuneCountInString(text) > MaxText:
		return "msg_too_long", nil
	case form.Get("parse") != "none":
		return "invalid_arguments", fmt.Errorf("without parse=none the text may mention and link")
	}
	raw := form.Get("blocks")
	if n := utf8.RuneCountInString(raw); n > MaxMessage {
		return "msg_blocks_too_long", fmt.Errorf("%d characters", n)
	}
	if _, err := Blocks(raw, false); err != nil {
		return "invalid_blocks", err
	}
	var md struct {
		EventType    string            `json:"event_type"`
		EventPayload map[string]string `json:"event_payload"`
	}
	if err := decodeStrictly(form.Get("metadata"), &md); err != nil || md.EventType == "" || md.EventPayload["fingerprint"] == "" || md.EventPayload["post"] == "" {
		return "invalid_metadata_schema", err
	}
	return "", nil
}
