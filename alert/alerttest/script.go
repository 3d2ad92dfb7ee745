package alerttest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// Line is a notifier with a far side that faults can be scripted on. It is made inside a synctest bubble, on virtual time.
type Line struct {
	Start    func() alert.Notifier // as a new process makes it
	Channels []string
	Throttle func(n int) // the next n deliveries are told to wait
	Reset    func(n int) // the next n deliveries arrive, and the connection breaks instead of an answer
	Down     func()      // nothing can be reached
	Up       func()
	Arrived  func() []Arrived
}

// Count is what a fault script came to.
type Count struct{ Told, Lost, Doubled, Rounds int }

// Shelf is a record of deliveries in memory that outlives processes. Break makes the saves of a status fail.
type Shelf struct {
	lock sync.Mutex
	rows map[alert.Key]alert.Delivery
	Fail map[string]int // by status: how many saves fail
}

// NewShelf makes an empty one.
func NewShelf() *Shelf {
	return &Shelf{rows: map[alert.Key]alert.Delivery{}, Fail: map[string]int{}}
}

var errShelf = errors.New("the record is away")

// Deliveries are those of the channels, and with open what stands in others and is not over.
func (s *Shelf) Deliveries(_ context.Context, channels []string, open bool) ([]alert.Delivery, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	var out []alert.Delivery
	for k, d := range s.rows {
		stands := d.Status != alert.StatusResolved && d.Status != alert.StatusFailed && !strings.Contains(k.Fingerprint, ":")
		if slices.Contains(channels, k.Channel) || open && stands {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b alert.Delivery) int {
		return cmp.Or(strings.Compare(a.Channel, b.Channel), strings.Compare(a.Fingerprint, b.Fingerprint))
	})
	return out, nil
}

// SaveDeliveries replaces some, all of them or none.
func (s *Shelf) SaveDeliveries(ctx context.Context, list []alert.Delivery) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	for _, d := range list {
		if s.Fail[d.Status] > 0 {
			s.Fail[d.Status]--
			return errShelf
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, d := range list {
		s.rows[alert.Key{Channel: d.Channel, Fingerprint: d.Fingerprint}] = d
	}
	return nil
}

// Script takes a line through an hour and more of faults: 429 storms, answers that are lost after the message was taken,
// an outage of an hour, processes that are stopped in the middle of a round and others that die before they could put a
// message on record. New groups keep coming. In the end each has to stand in its channel once.
func Script(t *testing.T, l *Line) Count {
	t.Helper()
	s := &script{Line: l, t: t, shelf: NewShelf(), routes: alert.Routes{Teams: map[string]string{}}}
	for i, c := range l.Channels {
		s.routes.Teams[fmt.Sprintf("team%d", i)] = c
	}
	s.restart()

	s.add(40)
	l.Throttle(60) // a storm: more refusals than messages
	s.rounds(5)
	s.add(20)
	l.Reset(10)
	s.rounds(5)
	s.add(20)
	l.Down()
	for range 12 { // an hour
		s.rounds(5)
		s.add(1)
	}
	l.Up()
	s.rounds(2)
	for i := range 12 { // stopped in the middle of a round, with messages under way
		s.add(8)
		l.Throttle(i % 3)
		l.Reset(i % 2)
		ctx, stop := context.WithTimeout(t.Context(), time.Duration(300+700*i)*time.Millisecond)
		s.round(ctx)
		stop()
		s.restart()
	}
	for range 6 { // dead between the channel's yes and our record
		s.add(4)
		s.shelf.Fail[alert.StatusSent] = 2
		s.rounds(1)
		s.restart()
	}
	s.shelf.Fail = map[string]int{}
	s.rounds(30)
	return s.count()
}

type script struct {
	*Line
	t       *testing.T
	shelf   *Shelf
	routes  alert.Routes
	alerter *alert.Alerter
	view    ledger.View
	n, told int
}

// restart is another process. It takes a second to start, as any does: what pace the last one kept it cannot know.
func (s *script) restart() {
	<-time.After(time.Second) // virtual
	s.alerter = alert.New(s.Start(), s.shelf, s.routes, time.Now)
}

func (s *script) add(groups int) {
	for range groups {
		i := s.n
		s.n++
		s.view.Findings = append(s.view.Findings, access.Finding{
			Fingerprint: fmt.Sprintf("%032x", i), Team: fmt.Sprintf("team%d", i%len(s.Channels)), Kind: group(i), Rule: "r", Title: group(i),
			Severity: []access.Severity{access.SeverityHigh, access.SeverityCritical}[i%2], Verdict: access.VerdictUnused, State: ledger.StateOpen, Why: "No use on record.",
		})
	}
	ledger.Sort(s.view.Findings)
}

// group is a name that no other group's contains.
func group(i int) string { return fmt.Sprintf("GROUP_%05d_END", i) }

func (s *script) round(ctx context.Context) {
	s.told++
	v := s.view
	v.AsOf = time.Now()
	if s.told%2 == 0 { // two at once, as a slow channel makes them
		var other sync.WaitGroup
		defer other.Wait()
		w := v
		other.Go(func() { _, _ = s.alerter.Run(ctx, &w) })
	}
	_, _ = s.alerter.Run(ctx, &v) // what fails is the point; what it came to is counted
}

func (s *script) rounds(n int) {
	for range n {
		s.round(s.t.Context())
		<-time.After(time.Minute) // virtual
	}
}

func (s *script) count() Count {
	c := Count{Rounds: s.told}
	stands := map[string]int{}
	for _, a := range s.Arrived() {
		if a.Reply {
			continue
		}
		text := strings.ToUpper(strings.ReplaceAll(strings.Join(a.Texts, " "), " ", "_"))
		if i := strings.Index(text, "GROUP_"); i >= 0 && len(text) >= i+len(group(0)) {
			stands[text[i:i+len(group(0))]]++
		}
	}
	for i := range s.n {
		switch n := stands[group(i)]; {
		case n == 0:
			c.Lost++
		default:
			c.Told++
			c.Doubled += n - 1
		}
	}
	return c
}
