package signin

import (
	"net/netip"
	"sync"
	"time"
)

// The bounds on wrong tries: of one address (an IPv6 network of 64 bits counts as one), and of all together.
const (
	triesEach  = 10
	triesAll   = 300
	triesOver  = 10 * time.Minute
	maxTriers  = 50_000
	triesBlock = 64
)

// tries counts wrong tokens. It forgets after ten minutes.
type tries struct {
	mu   sync.Mutex
	from map[netip.Prefix]*tally
	all  tally
}

type tally struct {
	since time.Time
	n     int
}

func (t *tally) fresh(now time.Time) {
	if now.Sub(t.since) >= triesOver || now.Before(t.since) {
		*t = tally{since: now}
	}
}

// network is what an address is counted as; what is no address counts together.
func network(ip netip.Addr) netip.Prefix {
	ip = ip.Unmap()
	bits := ip.BitLen()
	if ip.Is6() {
		bits = triesBlock
	}
	p, _ := ip.WithZone("").Prefix(bits) // the zero prefix for the zero address
	return p
}

// wait says how long an address must wait before its next try; 0 when it may try.
func (t *tries) wait(ip netip.Addr, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all.fresh(now)
	if t.all.n >= triesAll {
		return t.all.since.Add(triesOver).Sub(now)
	}
	own := t.from[network(ip)]
	if own == nil {
		return 0
	}
	own.fresh(now)
	if own.n >= triesEach {
		return own.since.Add(triesOver).Sub(now)
	}
	return 0
}

// wrong counts one wrong try.
func (t *tries) wrong(ip netip.Addr, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.from == nil || len(t.from) >= maxTriers { // whoever has that many networks is held by the bound on all
		t.from = map[netip.Prefix]*tally{}
	}
	k := network(ip)
	if t.from[k] == nil {
		t.from[k] = &tally{since: now}
	}
	t.from[k].fresh(now)
	t.all.fresh(now)
	t.from[k].n++
	t.all.n++
}
