package alert

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// book is a record of deliveries in memory; fail breaks reading a channel or saving a status.
type book struct {
	rows map[Key]Delivery
	fail map[string]error
	log  []string
}

func newBook() *book { return &book{rows: map[Key]Delivery{}, fail: map[string]error{}} }

func (b *book) Deliveries(_ context.Context, channels []string, _ bool) ([]Delivery, error) {
	if err := b.fail["read"]; err != nil {
		return nil, err
	}
	var out []Delivery
	for _, k := range slices.SortedFunc(maps.Keys(b.rows), func(x, y Key) int { return strings.Compare(x.Fingerprint, y.Fingerprint) }) {
		if slices.Contains(channels, k.Channel) {
			out = append(out, b.rows[k])
		}
	}
	return out, nil
}

func (b *book) SaveDeliveries(ctx context.Context, list []Delivery) error {
	for _, d := range list {
		if err := errors.Join(b.fail[d.Status], ctx.Err()); err != nil {
			return err
		}
	}
	for _, d := range list {
		b.log = append(b.log, d.Status)
		b.rows[Key{d.Channel, d.Fingerprint}] = d
	}
	return nil
}

// teller is a notifier whose answers a test scripts by channel.
type teller struct {
	mu     sync.Mutex
	calls  []string
	answer func(m *Message, prev *Delivery) error
}

func (n *teller) Send(_ context.Context, m Message, prev *Delivery) (Delivery, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	how := "post"
	if prev != nil {
		how = "edit " + prev.Status + " " + prev.TS
	}
	n.calls = append(n.calls, strings.TrimSpace(fmt.Sprintf("%s %s %s", how, m.Reason, m.Channel)))
	if n.answer != nil {
		if err := n.answer(&m, prev); err != nil {
			return Delivery{}, err
		}
	}
	status := StatusSent
	if m.Reason == ReasonResolved {
		status = StatusResolved
	}
	return m.Delivery("7.1", status), nil
}

// sameCalls compares what was sent whatever the order of channels, which are served side by side.
func sameCalls(got, want []string) bool {
	slices.Sort(got)
	slices.Sort(want)
	return slices.Equal(got, want)
}

func clock() time.Time { return t0 }

func TestAlerterLife(t *testing.T) {
	b, n := newBook(), &teller{}
	a := New(n, b, routes, clock)
	open := viewOf(find("1", "payments", "A", access.SeverityHigh), find("2", "payments", "B", access.SeverityLow), find("3", "platform", "A", access.SeverityHigh, excepted))
	worse := viewOf(find("1", "payments", "A", access.SeverityHigh), find("4", "payments", "A", access.SeverityHigh))
	for i, step := range []struct {
		run  func() (Summary, error)
		want string
		call []string
	}{
		{func() (Summary, error) { return a.Run(t.Context(), open) }, "1 0 0 map[below_floor:1 excepted:1]", []string{"post first #payments"}},
		{func() (Summary, error) { return a.Run(t.Context(), open) }, "0 0 0 map[below_floor:1 excepted:1 unchanged:1]", nil},
		{func() (Summary, error) { return a.Run(t.Context(), worse) }, "0 1 0 map[]", []string{"edit sent 7.1 worse #payments"}},
		{func() (Summary, error) { return a.Run(t.Context(), viewOf()) }, "0 1 0 map[]", []string{"edit sent 7.1 resolved #payments"}},
		{func() (Summary, error) { return a.Run(t.Context(), viewOf()) }, "0 0 0 map[]", nil},
		{func() (Summary, error) { return a.Run(t.Context(), worse) }, "1 0 0 map[]", []string{"post first #payments"}},
	} {
		n.calls = nil
		sum, err := step.run()
		if got := fmt.Sprint(sum.Sent, sum.Updated, sum.Failed, sum.Suppressed); err != nil || got != step.want || !slices.Equal(n.calls, step.call) {
			t.Errorf("step %d: %s %q %v, want %s %q", i, got, n.calls, err, step.want, step.call)
		}
	}
	if want := []string{"pending", "sent", "sent", "resolved", "pending", "sent"}; !slices.Equal(b.log, want) {
		t.Errorf("records %q, want %q", b.log, want)
	}
}

func TestOneFailureStopsNoOther(t *testing.T) {
	b, n := newBook(), &teller{}
	n.answer = func(m *Message, _ *Delivery) error {
		if m.Channel == "#payments" {
			return errors.New("no such channel")
		}
		return nil
	}
	a := New(n, b, routes, clock)
	view := viewOf(find("1", "payments", "A", access.SeverityCritical), find("2", "risk", "A", access.SeverityHigh), find("3", "platform", "A", access.SeverityMedium))
	sum, err := a.Run(t.Context(), view)
	if sum.Sent != 2 || sum.Failed != 1 {
		t.Errorf("summary %+v", sum)
	}
	if !sameCalls(n.calls, []string{"post first #payments", "post first #platform", "post first #soc"}) {
		t.Errorf("%q", n.calls)
	}
	for _, part := range []string{"no such channel", "#payments"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q: %v", part, err)
		}
	}
	// What was never told is not taken back.
	for _, m := range Plan(viewOf(), b.rows, routes, t0) {
		if m.Channel == "#payments" {
			t.Errorf("nothing stands in #payments, but %s", outline(&m))
		}
	}
	// What failed is tried again, what succeeded is not.
	n.calls, n.answer, b.fail = nil, nil, map[string]error{}
	if sum, err = a.Run(t.Context(), view); err != nil || sum.Sent != 1 || !sameCalls(n.calls, []string{"post first #payments"}) {
		t.Errorf("%+v %v %q", sum, err, n.calls)
	}
}

// TestNothingIsSentBlindly: as long as nobody knows what was told, telling anything might repeat everything.
func TestNothingIsSentBlindly(t *testing.T) {
	b, n := newBook(), &teller{}
	b.fail["read"] = errors.New("store is away")
	a := New(n, b, routes, clock)
	view := viewOf(find("1", "payments", "A", access.SeverityCritical), find("2", "risk", "A", access.SeverityHigh))
	if sum, err := a.Run(t.Context(), view); err == nil || !strings.Contains(err.Error(), "store is away") || sum.Failed != 2 || len(n.calls) != 0 {
		t.Errorf("%+v %v %q", sum, err, n.calls)
	}
	b.fail = map[string]error{}
	if sum, err := a.Run(t.Context(), view); err != nil || sum.Sent != 2 {
		t.Errorf("%+v %v %q", sum, err, n.calls)
	}
}

// TestASlowChannelHoldsUpNobody: while one channel takes its time the next round tells the others, leaves that one alone, and
// says when it is free; nothing is told twice.
func TestASlowChannelHoldsUpNobody(t *testing.T) {
	b, n := newBook(), &teller{}
	arrived, goOn := make(chan bool), make(chan bool)
	n.answer = func(m *Message, _ *Delivery) error {
		if m.Channel == "#payments" {
			n.mu.Unlock()
			arrived <- true
			<-goOn
			n.mu.Lock()
		}
		return nil
	}
	freed := make(chan bool, 10)
	a := New(n, &lockedBook{book: b}, routes, clock).With(Options{Freed: func() { freed <- true }})
	slow, other := find("1", "payments", "A", access.SeverityHigh), find("2", "risk", "A", access.SeverityHigh)
	ended := make(chan Summary, 1)
	go func() {
		sum, _ := a.Run(t.Context(), viewOf(slow)) // its message is what is looked at
		ended <- sum
	}()
	<-arrived
	second, err := a.Run(t.Context(), viewOf(slow, find("3", "payments", "B", access.SeverityCritical), other))
	if err != nil || second.Sent != 1 || second.Left != 2 {
		t.Errorf("beside a slow channel: %+v %v; want the other channel's message sent and two left", second, err)
	}
	if len(freed) != 0 {
		t.Error("the channel is not free yet")
	}
	goOn <- true
	if first := <-ended; first.Sent != 1 || len(freed) != 1 {
		t.Errorf("%+v, told %d times that it is free", first, len(freed))
	}
	go func() { <-arrived; goOn <- true }()
	if third, err := a.Run(t.Context(), viewOf(slow, find("3", "payments", "B", access.SeverityCritical), other)); err != nil || third.Sent != 1 || third.Left != 0 {
		t.Errorf("%+v %v", third, err)
	}
	if want := []string{"post first #payments", "post first #payments", "post first #soc"}; !sameCalls(n.calls, want) {
		t.Errorf("%q, want %q", n.calls, want)
	}
}

// lockedBook is a book that several may use.
type lockedBook struct {
	lock sync.Mutex
	*book
}

func (b *lockedBook) Deliveries(ctx context.Context, channels []string, open bool) ([]Delivery, error) {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.book.Deliveries(ctx, channels, open)
}

func (b *lockedBook) SaveDeliveries(ctx context.Context, list []Delivery) error {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.book.SaveDeliveries(ctx, list)
}

// TestUnsureStaysPending: a post with an unknown outcome is handed to the notifier as such, also after a restart.
func TestUnsureStaysPending(t *testing.T) {
	b, n := newBook(), &teller{}
	n.answer = func(*Message, *Delivery) error { return fmt.Errorf("%w: timeout", ErrUnsure) }
	view := viewOf(find("1", "payments", "A", access.SeverityHigh))
	if sum, err := New(n, b, routes, clock).Run(t.Context(), view); sum.Failed != 1 || !errors.Is(err, ErrUnsure) {
		t.Errorf("%+v %v", sum, err)
	}
	var post string
	for _, d := range b.rows {
		post = d.Record().Post
	}
	n.answer = func(m *Message, prev *Delivery) error {
		if prev == nil || prev.Status != StatusPending || m.Record.Post != post {
			t.Errorf("the earlier attempt is forgotten: %+v, post %s", prev, m.Record.Post)
		}
		return nil
	}
	later := func() time.Time { return t0.Add(time.Hour) }
	if sum, err := New(n, b, routes, later).Run(t.Context(), view); err != nil || sum.Sent != 1 {
		t.Errorf("%+v %v", sum, err)
	}
}

// TestGoneIsPostedAgain: somebody deleted the root message.
func TestGoneIsPostedAgain(t *testing.T) {
	b, n := newBook(), &teller{}
	a := New(n, b, routes, clock)
	if _, err := a.Run(t.Context(), viewOf(find("1", "payments", "A", access.SeverityHigh))); err != nil {
		t.Fatal(err)
	}
	n.calls = nil
	n.answer = func(_ *Message, prev *Delivery) error {
		if prev != nil {
			return fmt.Errorf("deleted: %w", ErrGone)
		}
		return nil
	}
	two := viewOf(find("1", "payments", "A", access.SeverityHigh), find("2", "payments", "A", access.SeverityHigh))
	if sum, err := a.Run(t.Context(), two); err != nil || sum.Sent != 1 || !sameCalls(n.calls, []string{"edit sent 7.1 worse #payments", "post first #payments"}) {
		t.Errorf("%+v %v %q", sum, err, n.calls)
	}
	n.calls = nil
	if sum, err := a.Run(t.Context(), viewOf()); err != nil || sum.Updated != 1 || len(n.calls) != 1 {
		t.Errorf("what is over must not be posted again: %+v %v %q", sum, err, n.calls)
	}
	if sum, err := a.Run(t.Context(), viewOf()); err != nil || sum.Updated != 0 {
		t.Errorf("%+v %v", sum, err)
	}
}

// TestNothingUnrecorded: what cannot be put on record is not posted, and an outcome is recorded even when told to stop.
func TestNothingUnrecorded(t *testing.T) {
	b, n := newBook(), &teller{}
	b.fail[StatusPending] = errors.New("disk full")
	view := viewOf(find("1", "payments", "A", access.SeverityHigh))
	if sum, err := New(n, b, routes, clock).Run(t.Context(), view); sum.Failed != 1 || err == nil || len(n.calls) != 0 {
		t.Errorf("%+v %v %q", sum, err, n.calls)
	}
	b.fail = map[string]error{}
	ctx, stop := context.WithCancel(t.Context())
	n.answer = func(*Message, *Delivery) error { stop(); return nil }
	both := viewOf(find("1", "payments", "A", access.SeverityHigh), find("2", "payments", "B", access.SeverityHigh)) // one after the other
	sum, err := New(n, b, routes, clock).Run(ctx, both)
	if sum.Sent != 1 || !errors.Is(err, context.Canceled) || !slices.Equal(b.log, []string{"pending", "sent"}) {
		t.Errorf("%+v %v %q", sum, err, b.log)
	}
}

// TestLongQueuesAreServedToTheirEnd: a round that begins since a channel is free does not cut the queue of another channel
// short; only something newer does.
func TestLongQueuesAreServedToTheirEnd(t *testing.T) {
	const groups = 30
	for _, newer := range []bool{false, true} {
		b, n := newBook(), &teller{}
		findings := []access.Finding{find("platform", "platform", "K", access.SeverityHigh)}
		for i := range groups {
			findings = append(findings, find(fmt.Sprintf("payments-%d", i), "payments", fmt.Sprintf("K%d", i), access.SeverityHigh))
		}
		a := New(n, &lockedBook{book: b}, routes, clock)
		under, gate := make(chan bool, 2*groups), make(chan bool)
		n.answer = func(m *Message, _ *Delivery) error {
			if m.Channel == "#payments" {
				n.mu.Unlock()
				under <- true
				<-gate
				n.mu.Lock()
			}
			return nil
		}
		first := make(chan Summary)
		go func() {
			sum, err := a.Run(t.Context(), viewOf(findings...))
			if err != nil {
				t.Error(err)
			}
			first <- sum
		}()
		<-under // the first of many is under way
		if newer {
			a.Renew()
		}
		if sum, err := a.Run(t.Context(), viewOf(findings...)); err != nil || sum.Sent > 1 || sum.Left < groups-1 {
			t.Errorf("the round beside it: %+v %v", sum, err)
		}
		close(gate)
		sum := <-first
		if got := sum.Sent; newer && got > 2 || !newer && got < groups {
			t.Errorf("newer %v: %d of %d messages were sent by the round that had begun with them", newer, got, groups)
		}
		if newer {
			if _, err := a.Run(t.Context(), viewOf(findings...)); err != nil {
				t.Error(err)
			}
		}
		if len(n.calls) != groups+1 {
			t.Errorf("newer %v: %d messages of %d", newer, len(n.calls), groups+1)
		}
	}
}
