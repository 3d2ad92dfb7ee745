package kafka

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"pgregory.net/rapid"
)

var limits = Limits{Records: 10, Bytes: 1 << 20, Window: 100}

func good() Config {
	return Config{Brokers: []string{"127.0.0.1:9"}, Group: "g", Routes: []Route{{"t", "f", "payments"}}, Limits: limits, Now: time.Now}
}

func TestValidate(t *testing.T) {
	if err := good().Validate(); err != nil {
		t.Fatal(err)
	}
	for want, bend := range map[string]func(*Config){
		"no brokers":                 func(c *Config) { c.Brokers = nil },
		"no consumer group":          func(c *Config) { c.Group = "" },
		"no topic":                   func(c *Config) { c.Routes = nil },
		"neither earliest nor":       func(c *Config) { c.Start = "middle" },
		"limits":                     func(c *Config) { c.Limits.Window = 0 },
		"no clock":                   func(c *Config) { c.Now = nil },
		"sizes must not be negative": func(c *Config) { c.Records = -1 },
		"times must not be negative": func(c *Config) { c.Retry = -1 },
		"topic, feed and team":       func(c *Config) { c.Routes[0].Team = "" },
		"belongs to one team":        func(c *Config) { c.Routes = append(c.Routes, Route{"t", "other", "platform"}) },
		"named twice":                func(c *Config) { c.Routes = append(c.Routes, Route{"u", "f", "payments"}) },
		"SASL mechanism":             func(c *Config) { c.SASL = &SASL{Mechanism: "gssapi"} },
		"a user and a password":      func(c *Config) { c.SASL = &SASL{Mechanism: Plain, User: "u"} },
		"needs a token file":         func(c *Config) { c.SASL = &SASL{Mechanism: OAuthBearer} },
		"needs its key":              func(c *Config) { c.TLS = &TLS{CertFile: "c.pem"} },
	} {
		c := good()
		bend(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestMarkComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.Int64Range(0, 1<<60).Draw(t, "from")
		m := &mark{From: from, To: from + rapid.Int64Range(1, 1<<40).Draw(t, "n"), At: rapid.Int64().Draw(t, "at"),
			Limits: Limits{rapid.IntRange(1, 1<<40).Draw(t, "records"), rapid.Int64Range(1, 1<<60).Draw(t, "bytes"), rapid.IntRange(1, 1<<40).Draw(t, "window")}}
		text := m.String()
		if len(text) > 1024 { // brokers take 4 096
			t.Fatalf("%d bytes", len(text))
		}
		if back, err := parseMark(from, text); err != nil || !reflect.DeepEqual(back, m) {
			t.Fatalf("%+v came back as %+v, %v", m, back, err)
		}
	})
}

func TestParseMark(t *testing.T) {
	for text, bad := range map[string]bool{
		"": false, "somebody else's": false, markPrefix: true, markPrefix + `{"to":"x"}`: true, markPrefix + `{"to":5,"cut":{"n":1,"b":1,"w":1}}`: true,
		markPrefix + `{"to":9,"cut":{"n":0,"b":1,"w":1}}`: true,
	} {
		if m, err := parseMark(7, text); m != nil || (err != nil) != bad {
			t.Errorf("%q: %+v, %v", text, m, err)
		}
	}
}

func FuzzParseMark(f *testing.F) {
	f.Add((&mark{To: 9, At: 1, Limits: limits}).String())
	f.Add(markPrefix + "{")
	f.Fuzz(func(t *testing.T, text string) {
		if m, err := parseMark(7, text); err == nil && m != nil && m.To <= 7 {
			t.Errorf("%q: %+v", text, m)
		}
	})
}

func held(p *partition, offsets ...int64) {
	for _, o := range offsets {
		p.take(&kgo.Record{Offset: o, LeaderEpoch: 3, Value: make([]byte, 10)}, []string{"f"})
	}
}

func TestPlan(t *testing.T) {
	at := time.UnixMilli(1_000)
	for name, tc := range map[string]struct {
		p       partition
		offsets []int64
		ready   bool
		lost    bool
		want    *mark
	}{
		"not asked where it stands":        {partition{position: -1}, []int64{4}, false, false, nil},
		"nothing is here":                  {partition{known: true, position: 4}, nil, false, false, nil},
		"the first ever":                   {partition{known: true, position: -1}, []int64{4, 5}, true, false, &mark{4, 6, 1000, limits}},
		"begins at the committed offset":   {partition{known: true, position: 3}, []int64{5, 6}, true, false, &mark{3, 7, 1000, limits}},
		"the topic has begun again":        {partition{known: true, position: 90}, []int64{0, 1}, true, false, &mark{0, 2, 1000, limits}},
		"no more records than a round has": {partition{known: true, position: 0}, []int64{0, 1, 2, 3, 4, 5, 6}, true, false, &mark{0, 5, 1000, limits}},
		"a range that is not all here":     {partition{known: true, position: 2, next: &mark{2, 9, 7, limits}}, []int64{2, 3, 7}, false, false, &mark{2, 9, 7, limits}},
		"a range that is":                  {partition{known: true, position: 2, next: &mark{2, 9, 7, limits}}, []int64{2, 3, 8}, true, false, &mark{2, 9, 7, limits}},
		"a range and more":                 {partition{known: true, position: 2, next: &mark{2, 9, 7, limits}}, []int64{2, 12}, true, false, &mark{2, 9, 7, limits}},
		"a range that is gone":             {partition{known: true, position: 2, next: &mark{2, 9, 7, limits}}, []int64{20, 21}, true, true, &mark{20, 22, 1000, limits}},
	} {
		t.Run(name, func(t *testing.T) {
			p := tc.p
			held(&p, tc.offsets...)
			ready, lost := p.plan(5, 1<<20, at, limits)
			if ready != tc.ready || (lost != nil) != tc.lost || !reflect.DeepEqual(p.next, tc.want) {
				t.Errorf("ready %v, lost %v, next %+v", ready, lost, p.next)
			}
		})
	}
}

func TestPlanStopsAtBytes(t *testing.T) {
	p := partition{known: true, position: 0}
	held(&p, 0, 1, 2, 3)
	if ready, _ := p.plan(100, 15, time.UnixMilli(1), limits); !ready || p.next.To != 2 {
		t.Errorf("next %+v", p.next)
	}
	p = partition{known: true, position: 0}
	held(&p, 0, 1)
	if ready, _ := p.plan(100, 1, time.UnixMilli(1), limits); !ready || p.next.To != 1 {
		t.Errorf("a record longer than a round: next %+v", p.next)
	}
}

func TestWrittenGoesBehindTheRange(t *testing.T) {
	p := partition{known: true, position: 2, epoch: 1, next: &mark{2, 9, 7, limits}, marked: true}
	held(&p, 2, 8, 12)
	if r := p.ranges([]string{"f"}); len(r) != 1 || len(r[0].Messages) != 2 || r[0].From != 2 || r[0].To != 9 || r[0].At.UnixMilli() != 7 {
		t.Errorf("ranges %+v", r)
	}
	p.bytes -= p.release(p.planned())
	p.written()
	if p.position != 9 || p.epoch != 3 || p.next != nil || p.marked || len(p.held) != 1 || p.held[0].Offset != 12 || p.bytes != 10 {
		t.Errorf("%+v", p)
	}
}

func TestChoose(t *testing.T) {
	feeds := []string{"one", "two"}
	if f, r := choose("two", feeds); f != "two" || r != nil {
		t.Error(f, r)
	}
	if f, r := choose("three", feeds); f != "one" || r == nil || !strings.Contains(r.Detail, "three") {
		t.Error(f, r)
	}
}

func TestHoles(t *testing.T) {
	type offsets = []int64
	for name, tc := range map[string]struct {
		p       partition
		offsets offsets
		want    []Hole
	}{
		"none":                               {partition{known: true, position: 3}, offsets{3, 4}, nil},
		"the end of a transaction":           {partition{known: true, position: 3, start: 1}, offsets{4, 6}, nil},
		"retention was faster":               {partition{known: true, position: 3, start: 10}, offsets{10, 11}, []Hole{{"t/0", 3, 10}}},
		"the first that is left is a marker": {partition{known: true, position: 3, start: 10}, offsets{12}, []Hole{{"t/0", 3, 10}}},
		"a group that begins":                {partition{known: true, position: -1, start: 10}, offsets{10}, nil},
		"between what was fetched":           {partition{known: true, position: 3, start: 9}, offsets{3, 9}, []Hole{{"t/0", 4, 9}}},
		"a range was being written":          {partition{known: true, position: 3, start: 10, next: &mark{3, 7, 1, limits}}, offsets{10}, []Hole{{"t/0", 3, 10}}},
		"the topic has begun again":          {partition{known: true, position: 90, start: 0}, offsets{0, 1}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := tc.p
			p.topic = "t"
			held(&p, tc.offsets...)
			for range 2 { // it is found once
				p.plan(5, 1<<20, time.UnixMilli(1), limits)
			}
			if !reflect.DeepEqual(p.holes, tc.want) {
				t.Errorf("holes %v, want %v", p.holes, tc.want)
			}
		})
	}
}
