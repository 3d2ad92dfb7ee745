package slack

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// pace keeps to Slack's one message a second in a channel, above which it may hide messages, and to the pauses that Slack
// asks for, which concern a method in the whole workspace.
type pace struct {
	now   func() time.Time
	every time.Duration

	mu       sync.Mutex
	channels map[string]*rate.Limiter
	quiet    map[string]time.Time // by method
}

func newPace(now func() time.Time, every time.Duration) *pace {
	if every <= 0 {
		every = time.Second
	}
	return &pace{now: now, every: every, channels: map[string]*rate.Limiter{}, quiet: map[string]time.Time{}}
}

// turn waits until a method may be called for a channel; the empty channel is not paced.
func (p *pace) turn(ctx context.Context, method, channel string) error {
	p.mu.Lock()
	now := p.now()
	wait := p.quiet[method].Sub(now)
	if wait > maxPause {
		p.mu.Unlock()
		return &BusyError{method, wait}
	}
	var r *rate.Reservation
	if channel != "" {
		l := p.channels[channel]
		if l == nil {
			l = rate.NewLimiter(rate.Every(p.every), 1)
			p.channels[channel] = l
		}
		at := now.Add(max(wait, 0))
		r = l.ReserveN(at, 1)
		wait = max(wait, 0) + r.DelayFrom(at)
	}
	p.mu.Unlock()
	if err := sleep(ctx, wait); err != nil {
		if r != nil {
			r.CancelAt(p.now())
		}
		return err
	}
	return nil
}

// pause notes that Slack wants no calls of a method for a while.
func (p *pace) pause(method string, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if until := p.now().Add(d); until.After(p.quiet[method]) {
		p.quiet[method] = until
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
