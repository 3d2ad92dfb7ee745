package slack

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/alerttest"
)

// copyroom shares a report in a workspace, over processes that come and go.
type copyroom struct {
	*bench
	shelf *alerttest.Shelf
}

func newCopyroom(t *testing.T) *copyroom { return &copyroom{newBench(t), alerttest.NewShelf()} }

const reportName = "grantwatch-2026-W47.pdf"

// share is what one process attempts, with an empty memory.
func (o *copyroom) share(ctx context.Context) (bool, error) {
	n := New(Config{Token: testToken, APIURL: "http://slack.invalid/api", HTTPClient: o.Client(), Now: time.Now})
	return alert.New(n, o.shelf, alert.Routes{}, time.Now).Share(ctx, n, "#payments", reportName, []byte("%PDF-1.7 a report"), "The weekly report")
}

// shown is how often the file stands in the channel, whole.
func (o *copyroom) shown() (n int) {
	for _, m := range o.payments().Messages {
		for _, f := range m.Files {
			if f.Name != reportName || string(f.Body) != "%PDF-1.7 a report" {
				o.t.Errorf("shared is %q of %d bytes", f.Name, len(f.Body))
			}
			n++
		}
	}
	return n
}

var fileSteps = []string{"files.getUploadURLExternal", "upload", "files.completeUploadExternal"}

// TestFilesThroughFaults: whatever goes wrong at whichever of the three steps, the file stands in the channel once, and
// asking again shows it no second time.
func TestFilesThroughFaults(t *testing.T) {
	faults := map[string][]fault{
		"told to wait":                  {{RetryAfter: "5"}},
		"told to wait twice":            {{RetryAfter: "5"}, {RetryAfter: "30"}},
		"refused to connect":            {{Dial: true}},
		"reset before":                  {{Cut: true}},
		"reset after it was taken":      {{Accept: true, Cut: true}},
		"a server's error":              {{Status: 500}},
		"an error after it was taken":   {{Accept: true, Status: 502}},
		"part of it may have succeeded": {{Accept: true, Code: "internal_error"}},
		"an answer of nothing":          {{Accept: true, Body: "{}"}},
		"one after the other":           {{Dial: true}, {Accept: true, Cut: true}, {RetryAfter: "2"}},
	}
	for _, step := range fileSteps {
		for what, list := range faults {
			if step == "upload" && slices.ContainsFunc(list, func(f fault) bool { return f.Body != "" || f.Code != "" }) {
				continue // an upload answers with its status alone
			}
			t.Run(step+": "+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					o := newCopyroom(t)
					o.Fail(step, list...)
					for range 3 { // as after each evaluation, until it is on record
						_, _ = o.share(t.Context())
						time.Sleep(5 * time.Minute) // virtual
					}
					o.Heal()
					if again, err := o.share(t.Context()); again || err != nil {
						t.Errorf("asked once more: shared %v, %v", again, err)
					}
					if n := o.shown(); n != 1 {
						t.Errorf("it stands there %d times", n)
					}
				})
			})
		}
	}
}

// TestFilesWhoseAddressExpired: an address for the bytes that is no longer good is asked for anew, and so is a file that was lost
// before it was shared.
func TestFilesWhoseAddressExpired(t *testing.T) {
	for _, c := range []struct {
		step  string
		fault fault
	}{
		{"upload", fault{Status: 404}}, {"upload", fault{Status: 410}}, {"upload", fault{Status: 403}}, {"files.completeUploadExternal", fault{Code: "file_not_found"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			o := newCopyroom(t)
			o.Fail(c.step, c.fault)
			if ok, err := o.share(t.Context()); !ok || err != nil || o.shown() != 1 {
				t.Errorf("%s %+v: %v %v, there %d times", c.step, c.fault, ok, err, o.shown())
			}
			asked := 0
			for _, m := range o.Calls() {
				if m == "files.getUploadURLExternal" {
					asked++
				}
			}
			if asked != 2 {
				t.Errorf("%s %+v: an address was asked for %d times", c.step, c.fault, asked)
			}
		})
	}
}

// TestFilesWhenTheHistoryLags: Slack took the file, the answer was lost, the channel does not show it yet, and sharing it again
// is refused because it was shared. Nobody may conclude from that that it is not there.
func TestFilesWhenTheHistoryLags(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newCopyroom(t)
		o.Fail("files.completeUploadExternal", fault{Accept: true, Cut: true})
		o.Fail("conversations.history", fault{Body: `{"ok":true,"messages":[],"has_more":false}`})
		if ok, err := o.share(t.Context()); ok || !errors.Is(err, alert.ErrUnsure) {
			t.Errorf("%v %v, want that nobody knows", ok, err)
		}
		time.Sleep(5 * time.Minute) // virtual
		if ok, err := o.share(t.Context()); !ok || err != nil {
			t.Errorf("found again: %v %v", ok, err)
		}
		if o.shown() != 1 {
			t.Errorf("it stands there %d times", o.shown())
		}
	})
}

// TestFilesAcrossRestarts: a process that dies in the middle of any step, before or after Slack did what it asked for, is
// followed by one that shares the file if it is not there.
func TestFilesAcrossRestarts(t *testing.T) {
	for _, step := range fileSteps {
		for _, taken := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				o := newCopyroom(t)
				ctx, die := context.WithCancel(t.Context())
				if taken {
					o.shelf.Fail[alert.StatusSent] = 1 // dead before its own record
					o.shelf.Fail[alert.StatusFailed] = 1
					o.Fail(step, fault{Accept: true, Cut: true})
					go func() { time.Sleep(time.Millisecond); die() }()
				} else {
					o.Fail(step, slices.Repeat([]fault{{Delay: time.Hour}}, 10)...)
					go func() { time.Sleep(time.Minute); die() }()
				}
				if ok, err := o.share(ctx); err == nil {
					t.Errorf("%s: a process that died shared it: %v", step, ok)
				}
				o.shelf.Fail = map[string]int{}
				o.Heal()
				time.Sleep(time.Minute) // virtual
				if _, err := o.share(t.Context()); err != nil {
					t.Errorf("%s: the next process: %v", step, err)
				}
				if n := o.shown(); n != 1 {
					t.Errorf("%s, taken %v: it stands there %d times", step, taken, n)
				}
				die()
			})
		}
	}
}

// TestFilesThatAreRefused: what repeating does not change is said with what to do about it, and nothing of the token.
func TestFilesThatAreRefused(t *testing.T) {
	for _, c := range []struct{ step, code string }{
		{"files.getUploadURLExternal", "missing_scope"}, {"files.getUploadURLExternal", "token_revoked"}, {"files.completeUploadExternal", "is_archived"},
	} {
		synctest.Test(t, func(t *testing.T) {
			o := newCopyroom(t)
			o.Fail(c.step, fault{Code: c.code})
			_, err := o.share(t.Context())
			var refusal *PermanentError
			if !errors.As(err, &refusal) || refusal.Code != c.code || refusal.Hint == "" || strings.Contains(err.Error(), "CANARY") {
				t.Errorf("%s: %v", c.code, err)
			}
			if ok, err := o.share(t.Context()); !ok || err != nil || o.shown() != 1 {
				t.Errorf("%s: once it is mended: %v %v, %d times", c.code, ok, err, o.shown())
			}
		})
	}
}
