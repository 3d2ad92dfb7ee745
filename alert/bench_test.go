package alert

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// many are n open findings of 50 teams, 40 kinds and 3 rules of each.
func many(n int) (*ledger.View, Routes) {
	v := &ledger.View{AsOf: t0}
	r := Routes{Teams: map[string]string{}, SOC: "#soc", Min: access.SeverityLow, Wait: time.Minute, Interval: 5 * time.Minute, Repeat: 24 * time.Hour}
	r.Escalate = Escalation{After: map[access.Severity]time.Duration{access.SeverityHigh: time.Hour}, To: []Target{{Audience: AudienceSOC}}}
	r.Rules = []Route{{Name: "a", When: func(f *access.Finding, _ time.Time) bool {
		return f.Kind == "KIND-7" && f.Severity == access.SeverityHigh
	}, To: []Target{{Audience: AudienceOwner}, {Audience: AudienceSOC}}}}
	for i := range 50 {
		team := fmt.Sprintf("team-%02d", i)
		r.Teams[team] = "#" + team
		v.Feeds = append(v.Feeds, detect.FeedReport{Name: "feed-" + team, Team: team})
	}
	for i := range n {
		f := find(fmt.Sprintf("%032x", i), fmt.Sprintf("team-%02d", i%50), fmt.Sprintf("KIND-%d", i/50%40), severities[1+i%4])
		f.Rule = fmt.Sprintf("rule-%d", i%3)
		f.Grant = &access.FindingGrant{ID: fmt.Sprint(i), Provider: "aws", Permission: "s3:GetObject", Resource: fmt.Sprintf("arn:aws:s3:::bucket-%d/*", i)}
		if i%9 == 0 {
			unverifiable("feed-" + f.Team)(&f)
		}
		v.Findings = append(v.Findings, f)
	}
	ledger.Sort(v.Findings)
	return v, r
}

// BenchmarkPlan100000 is what one plan over 100 000 open findings costs: of nothing told yet, and of all of it told.
func BenchmarkPlan100000(b *testing.B) {
	v, r := many(100_000)
	for _, told := range []bool{false, true} {
		b.Run(map[bool]string{false: "first", true: "told"}[told], func(b *testing.B) {
			sent := map[Key]Delivery{}
			if told {
				deliver(sent, Plan(v, nil, r, t0.Add(time.Hour)))
			}
			before := cpu(b)
			for b.Loop() {
				Plan(v, sent, r, t0.Add(2*time.Hour))
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/plan")
			b.ReportMetric(float64((cpu(b)-before).Milliseconds())/float64(b.N), "cpu-ms/plan")
		})
	}
}

// cpu is the processor time that this process has used: what a plan costs also where others keep the machine busy.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// slow is a notifier that keeps a channel's pace: a message a second.
type slow struct {
	mu   sync.Mutex
	last map[string]time.Time
	sent []sentAt
}

type sentAt struct {
	at time.Time
	m  Message
}

func (n *slow) Send(_ context.Context, m Message, _ *Delivery) (Delivery, error) {
	n.mu.Lock()
	wait := time.Until(n.last[m.Channel].Add(time.Second))
	n.mu.Unlock()
	if wait > 0 {
		<-time.After(wait) // virtual
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.last[m.Channel] = time.Now()
	n.sent = append(n.sent, sentAt{time.Now(), m})
	status := StatusSent
	if m.Reason == ReasonResolved {
		status = StatusResolved
	}
	return m.Delivery(fmt.Sprint(len(n.sent)), status), nil
}

// TestTenThousandInAMinute: 10 000 findings of 300 kinds arrive within a minute for one channel. It hears at most a message
// a second, of all of them, and never of something else while something critical waits.
func TestTenThousandInAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &slow{last: map[string]time.Time{}}
		r := Routes{Teams: map[string]string{"payments": "#payments"}, Interval: 5 * time.Minute}
		var newest int // of views
		told := 0
		arrived := map[string]time.Time{} // kinds that are critical
		var fs []access.Finding
		a := New(n, newBook(), r, time.Now).With(Options{Newer: func() bool { return int(time.Since(began(t))/time.Second) > newest && newest < 60 }})
		for second := 0; ; second = int(time.Since(began(t)) / time.Second) {
			newest = second
			for len(fs) < min(second+1, 60)*10_000/60 {
				i := len(fs)
				sev := access.SeverityMedium
				kind := fmt.Sprintf("KIND-%03d", i%300)
				if i%300 >= 290 && i > 5000 { // ten kinds are critical, and come late
					sev = access.SeverityCritical
					if _, ok := arrived[kind]; !ok {
						arrived[kind] = time.Now()
					}
				}
				fs = append(fs, find(fmt.Sprintf("%032x", i), "payments", kind, sev, func(f *access.Finding) { f.FirstSeen = time.Now() }))
			}
			sum, err := a.Run(t.Context(), viewOf(fs...))
			if err != nil {
				t.Fatal(err)
			}
			if told = sum.Sent + sum.Updated + sum.Left + sum.Suppressed[ReasonWaiting]; told == 0 && second >= 60 {
				break
			}
			<-time.After(time.Second) // virtual; what waits becomes due
		}
		in := map[string]bool{}
		worst := time.Duration(0)
		for i, s := range n.sent {
			if i > 0 && s.at.Sub(n.sent[i-1].at) < time.Second {
				t.Fatalf("two messages within %s", s.at.Sub(n.sent[i-1].at))
			}
			for _, f := range s.m.Findings {
				in[f.Fingerprint] = true
			}
			if at, ok := arrived[s.m.Kind]; ok && s.m.Severity == access.SeverityCritical {
				worst = max(worst, s.at.Sub(at))
				delete(arrived, s.m.Kind)
			}
		}
		if len(in) != 10_000 || len(arrived) != 0 {
			t.Errorf("%d of 10000 findings were told, %d critical kinds were not", len(in), len(arrived))
		}
		if worst > 15*time.Second {
			t.Errorf("something critical waited %s behind what is not: ten kinds take ten seconds", worst)
		}
		t.Logf("10000 findings, %d messages in %s of virtual time, at most one a second; a critical one waited %s at most", len(n.sent), time.Since(began(t)).Round(time.Second), worst.Round(time.Second))
	})
}

// began is when every bubble's clock begins.
func began(*testing.T) time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }
