package policy

import (
	"time"

	"github.com/grantwatch/grantwatch/access"
)

type idleFile struct {
	Idle []At[idleEntry] `yaml:"idle"`
}

type idleEntry struct {
	Match     idleMatch `yaml:"match"`
	Class     string    `yaml:"class"`
	Owner     string    `yaml:"owner"`
	Reason    string    `yaml:"reason"`
	Approver  string    `yaml:"approver"`
	Expires   Time      `yaml:"expires"`
	TestEvery Duration  `yaml:"test_every"`
}

type idleMatch struct {
	Subject    string `yaml:"subject"`
	Permission string `yaml:"permission"`
	Resource   string `yaml:"resource"`
	Team       string `yaml:"team"`
}

// ReadIdle reads a register of declared idle grants and identities: break-glass, disaster recovery, yearly jobs. Whether an entry
// has expired, or expires too late, is judged where the time is known.
func ReadIdle(file string, data []byte) ([]access.Idle, error) {
	var f idleFile
	if err := LoadYAML(file, data, &f); err != nil {
		return nil, err
	}
	src := source{file, data}
	out := make([]access.Idle, 0, len(f.Idle))
	for _, e := range f.Idle {
		v := e.Value
		missing := absent(field{"match", v.Match == idleMatch{}}, field{"class", v.Class == ""}, field{"owner", v.Owner == ""},
			field{"reason", v.Reason == ""}, field{"approver", v.Approver == ""}, field{"expires", v.Expires.IsZero()})
		if missing != "" {
			return nil, src.place(e.Line, e.Column, "this entry has no "+missing)
		}
		out = append(out, access.Idle{Source: file, Line: e.Line,
			Match: access.Match{Subject: v.Match.Subject, Permission: v.Match.Permission, Resource: v.Match.Resource, Team: v.Match.Team},
			Class: v.Class, Owner: v.Owner, Reason: v.Reason, Approver: v.Approver, Expires: v.Expires.Time, TestEvery: time.Duration(v.TestEvery)})
	}
	return out, nil
}

type exceptionFile struct {
	Exceptions []At[exceptionEntry] `yaml:"exceptions"`
}

type exceptionEntry struct {
	Match    exceptionMatch `yaml:"match"`
	Reason   string         `yaml:"reason"`
	Approver string         `yaml:"approver"`
	Expires  Time           `yaml:"expires"`
}

type exceptionMatch struct {
	Kind       string `yaml:"kind"`
	Subject    string `yaml:"subject"`
	Permission string `yaml:"permission"`
	Resource   string `yaml:"resource"`
	Team       string `yaml:"team"`

	Fingerprint string `yaml:"fingerprint"`
}

// ReadExceptions reads accepted findings. Reason, approver and expiry are all required: an exception without them is a hole.
func ReadExceptions(file string, data []byte) ([]access.Exception, error) {
	var f exceptionFile
	if err := LoadYAML(file, data, &f); err != nil {
		return nil, err
	}
	src := source{file, data}
	out := make([]access.Exception, 0, len(f.Exceptions))
	for _, e := range f.Exceptions {
		v := e.Value
		missing := absent(field{"match", v.Match == exceptionMatch{}}, field{"reason", v.Reason == ""}, field{"approver", v.Approver == ""},
			field{"expires", v.Expires.IsZero()})
		if missing != "" {
			return nil, src.place(e.Line, e.Column, "this exception has no "+missing)
		}
		out = append(out, access.Exception{Source: file, Line: e.Line, Match: access.Match(v.Match), Reason: v.Reason,
			Approver: v.Approver, Expires: v.Expires.Time})
	}
	return out, nil
}
