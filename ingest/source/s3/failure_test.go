package s3_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/ingest/source/s3"
	"github.com/grantwatch/grantwatch/ingest/source/s3/s3test"
)

// A download that breaks off goes on where it broke off; large and small ones.
func TestResume(t *testing.T) {
	d := newDesk(t, s3.Config{})
	large := strings.Repeat("0123456789abcdef", 600<<10) // more than is fetched ahead
	d.put("large", large)
	d.put("small", "small enough")
	cuts := 0
	d.server.OnRequest(func(r s3test.Request) *s3test.Fault {
		if r.Op == "GetObject" && cuts < 6 {
			cuts++
			return &s3test.Fault{Cut: 5}
		}
		return nil
	})
	d.wants("large "+large, "small small enough")
	resumed := false
	for _, r := range d.server.Requests() {
		resumed = resumed || r.Range == "bytes=5-"
	}
	if cuts != 6 || !resumed {
		t.Errorf("%d cuts, resumed: %v", cuts, resumed)
	}
}

func TestSlowDownIsTriedAgain(t *testing.T) {
	d := newDesk(t, s3.Config{})
	d.put("a", "1")
	n := map[string]int{}
	d.server.OnRequest(func(r s3test.Request) *s3test.Fault {
		if n[r.Op]++; n[r.Op] <= 3 {
			return &s3test.Fault{Status: http.StatusServiceUnavailable, Code: "SlowDown"}
		}
		return nil
	})
	d.wants("a 1")
	if n["GetObject"] != 4 || n["ListObjectsV2"] != 4 {
		t.Errorf("%v", n)
	}
}

// An object that is refused hinders no other, is said with its name, is not taken for read, and is read once it may be.
func TestRefusedObject(t *testing.T) {
	for _, code := range []string{"AccessDenied", "InvalidObjectState"} {
		t.Run(code, func(t *testing.T) {
			d := newDesk(t, s3.Config{Layout: s3.CloudTrail})
			a, b, c := trail("111122223333", "eu-west-1", "20260801T0005", "a"), trail("111122223333", "eu-west-1", "20260801T0005", "b"), trail("111122223333", "eu-west-1", "20260801T0005", "c")
			d.put(a, "1")
			d.put(b, "2")
			d.put(c, "3")
			d.server.OnRequest(func(r s3test.Request) *s3test.Fault {
				if r.Key == b && r.Op == "GetObject" {
					return &s3test.Fault{Status: http.StatusForbidden, Code: code}
				}
				return nil
			})
			d.wants(a+" 1", c+" 3")
			d.said("s3://logs/"+b, code+" (403)")
			d.now = d.now.Add(2 * time.Hour)
			d.wants()
			d.server.OnRequest(nil)
			d.now = d.now.Add(4 * time.Hour)
			d.restart()
			d.wants(b + " 2")
			d.restart()
			d.wants()
		})
	}
}

func TestObjectThatVanishes(t *testing.T) {
	d := newDesk(t, s3.Config{})
	d.put("a", "1")
	d.put("b", "2")
	d.put("c", "3")
	d.server.OnRequest(func(r s3test.Request) *s3test.Fault {
		if r.Key == "b" {
			return &s3test.Fault{Status: http.StatusNotFound, Code: "NoSuchKey"}
		}
		return nil
	})
	d.wants("a 1", "c 3")
	d.said("s3://logs/b: NoSuchKey (404): it was removed or replaced before it was read")
	// Between two attempts: the stretch goes on without it.
	d.server.OnRequest(nil)
	d.server.Remove("logs", "b")
	d.put("d", "4")
	d.put("e", "5")
	d.fail = func() error { return errors.New("the end") }
	if d.step() == nil {
		t.Fatal("no error")
	}
	d.fail, d.changes = nil, true
	d.server.Remove("logs", "d")
	d.restart()
	d.wants("e 5")
	d.said("s3://logs/d")
	d.wants()
}

func TestErrorsThatConcernAllOfIt(t *testing.T) {
	for code, want := range map[string]string{"NoSuchBucket": "there is no such bucket", "AccessDenied": "the policy must allow s3:ListBucket",
		"PermanentRedirect": "another region", "InvalidAccessKeyId": "credentials"} {
		t.Run(code, func(t *testing.T) {
			d := newDesk(t, s3.Config{Prefix: "x/"})
			d.put("x/a", "1")
			status := map[string]int{"NoSuchBucket": 404, "PermanentRedirect": 301}[code]
			if status == 0 {
				status = http.StatusForbidden
			}
			d.server.OnRequest(func(s3test.Request) *s3test.Fault { return &s3test.Fault{Status: status, Code: code} })
			if err := d.step(); err == nil || !strings.Contains(err.Error(), "s3://logs/x/: "+code) || !strings.Contains(err.Error(), want) {
				t.Error(err)
			}
			d.server.OnRequest(nil)
			d.wants("x/a 1")
		})
	}
	d := newDesk(t, s3.Config{})
	t.Setenv("AWS_REGION", "")
	d.cfg.Endpoint = ""
	if err := d.step(); err == nil || !strings.Contains(err.Error(), "no region") {
		t.Error(err)
	}
}

// A day is not closed over what was listed in it and not read, whichever save it was that failed.
func TestFailedSavesCloseNoDay(t *testing.T) {
	for failing := range 4 {
		t.Run(fmt.Sprint(failing), func(t *testing.T) {
			d := newDesk(t, s3.Config{Layout: s3.CloudTrail})
			a, b := trail("111122223333", "eu-west-1", "20260801T0005", "a"), trail("111122223333", "us-east-1", "20260801T0005", "b")
			d.put(a, "1")
			d.put(b, "2")
			n := 0
			d.marks.fail = func() error {
				if n++; n == failing+1 {
					return errors.New("not saved")
				}
				return nil
			}
			if err := d.step(); err == nil {
				t.Error("no error")
			}
			d.got = slices.DeleteFunc(d.got, func(string) bool { return failing == 1 }) // read, not known to be: it is read again as it was
			if err := d.step(); err != nil {
				t.Fatal(err)
			}
			d.have(a+" 1", b+" 2")
			d.restart()
			d.wants()
		})
	}
}

// An object that was replaced since it was listed is not taken for the one that was: the new one is read, and once.
func TestReplacedObject(t *testing.T) {
	d := newDesk(t, s3.Config{})
	d.changes = true
	d.put("a", "1")
	d.fail = func() error { return errors.New("the end") }
	if d.step() == nil {
		t.Fatal("no error")
	}
	d.fail = nil
	d.put("a", "22")
	d.restart()
	d.wants("a 22")
	d.said("s3://logs/a: PreconditionFailed (412): it was removed or replaced")
	d.wants()
}
