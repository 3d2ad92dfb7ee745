package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
)

const ok = `{"eventVersion":"1.09","eventID":"e1","eventTime":"2026-09-01T08:15:00Z","eventSource":"iam.amazonaws.com","eventName":"ListUsers","userIdentity":{"type":"Root","arn":"arn:aws:iam::111122223333:root"},"recipientAccountId":"111122223333"}`

func TestNormalise(t *testing.T) {
	noTime := strings.Replace(ok, `"eventTime":"2026-09-01T08:15:00Z",`, "", 1)
	in := ok + "\n" + `{"Records":[` + ok + `,{"x":1}]}` + "\nnot json\n" + noTime + "\n" + ok[:90]
	var out bytes.Buffer
	stats, err := Normalise(context.Background(), strings.NewReader(in), &out, "aws_cloudtrail")
	if err != nil {
		t.Fatal(err)
	}
	if stats != (NormaliseStats{Records: 6, Events: 3, Rejected: 3}) {
		t.Errorf("%+v", stats)
	}
	var got []string
	for _, l := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		var o struct {
			Event *struct {
				ID, Time, Action string
				Error            *string
			}
			Rejected, Warning *struct{ Reason string }
		}
		if err := json.Unmarshal([]byte(l), &o); err != nil {
			t.Fatalf("%s: %v", l, err)
		}
		s := ""
		if o.Event != nil {
			s = o.Event.Action + " " + o.Event.Time
			if o.Event.Error != nil {
				t.Errorf("an absent error is printed: %s", l)
			}
		}
		if o.Rejected != nil {
			s += "!" + o.Rejected.Reason
		}
		if o.Warning != nil {
			s += "?" + o.Warning.Reason
		}
		got = append(got, s)
	}
	want := []string{"iam:ListUsers 2026-09-01T08:15:00Z", "iam:ListUsers 2026-09-01T08:15:00Z", "!missing", "!syntax", "iam:ListUsers ?time", "!truncated"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestNormaliseErrors(t *testing.T) {
	var out bytes.Buffer
	if _, err := Normalise(context.Background(), strings.NewReader(ok), &out, "nonesuch"); err == nil || !strings.Contains(err.Error(), "nonesuch") {
		t.Errorf("unknown format: %v", err)
	}
	broken := errors.New("disk on fire")
	if _, err := Normalise(context.Background(), iotest.ErrReader(broken), &out, "okta_system"); !errors.Is(err, broken) {
		t.Errorf("failing stream: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Normalise(ctx, strings.NewReader(ok), &out, "okta_system"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := Normalise(context.Background(), strings.NewReader(ok), failing{}, "aws_cloudtrail"); !errors.Is(err, errFull) {
		t.Errorf("failing writer: %v", err)
	}
}

var errFull = errors.New("disk is full")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }
