package push

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// allowance is what one team may still send.
type allowance struct {
	requests, bytes *rate.Limiter // nil is unlimited

	mu    sync.Mutex
	daily int64
	day   int64 // days since 1970 to which spent belongs
	spent int64
}

func newAllowance(r Rate) *allowance {
	a := &allowance{daily: r.Daily}
	if r.Requests > 0 {
		a.requests = rate.NewLimiter(rate.Limit(r.Requests), int(math.Ceil(r.Requests)))
	}
	if r.Bytes > 0 {
		a.bytes = rate.NewLimiter(rate.Limit(r.Bytes), int(math.Ceil(r.Bytes)))
	}
	return a
}

// admit is asked before a body is read. It takes one request; what the body weighs is not known yet, so the bytes must
// only be out of debt.
func (a *allowance) admit(now time.Time) *problem {
	if wait := a.midnight(now); wait > 0 {
		return slow("the team's quota of today is spent", wait)
	}
	if a.bytes != nil {
		if have := a.bytes.TokensAt(now); have < 0 {
			return slow("the team sends more bytes than it may", time.Duration(-have/float64(a.bytes.Limit())*float64(time.Second)))
		}
	}
	if a.requests != nil {
		r := a.requests.ReserveN(now, 1)
		if wait := r.DelayFrom(now); wait > 0 {
			r.CancelAt(now)
			return slow("the team sends more requests than it may", wait)
		}
	}
	return nil
}

// spend books the bytes of a request that was read. It may go into debt, which the next requests wait for: a request
// that is in memory is better written than sent again.
func (a *allowance) spend(now time.Time, n int64) {
	a.book(now, n)
	if a.bytes != nil {
		for burst := int64(a.bytes.Burst()); n > 0; n -= burst {
			a.bytes.ReserveN(now, int(min(n, burst)))
		}
	}
}

func (a *allowance) book(now time.Time, n int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.turn(now)
	a.spent += n
}

// turn begins a new day.
func (a *allowance) turn(now time.Time) {
	if day := now.Unix() / 86400; day != a.day {
		a.day, a.spent = day, 0
	}
}

// midnight is how long it takes until there is quota again.
func (a *allowance) midnight(now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.turn(now)
	if a.daily == 0 || a.spent < a.daily {
		return 0
	}
	return time.Unix((a.day+1)*86400, 0).Sub(now)
}
