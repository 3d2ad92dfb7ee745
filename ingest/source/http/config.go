package push

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest"
	"github.com/grantwatch/grantwatch/ingest/decode"
)

// Feed is a feed that may be pushed to, and how its senders prove who they are.
type Feed struct {
	access.Feed
	TokenHashes func(fresh bool) []Hash // the tokens in force; fresh asks for a look at the file right now; may be nil
	ClientNames []string                // of client certificates: common name, DNS name or URI; only certificates that TLS has verified count
}

// Config is what a Server is made of. Feeds, Write and Now are required.
type Config struct {
	Feeds []Feed
	// Write makes parts durable as one stream and tells what became of each part, in order. After an error none of them
	// is acknowledged. The context ends only when the server is closed by force.
	Write   func(ctx context.Context, feed access.Feed, source string, parts []ingest.Part) ([]ingest.Stats, error)
	Now     func() time.Time
	Limits  Limits
	Rate    Rate            // of every team that Rates does not name
	Rates   map[string]Rate // by team
	Observe func(Seen)      // hears of every request when it has been answered, from several goroutines; may be nil
}

// Limits bound a Server. Zero means the default.
type Limits struct {
	Body     int64         // of a request as sent; 32 MiB
	Decoded  int64         // of a request after decompression; 256 MiB
	Envelope int64         // of a HEC event or OTLP request after decompression: these are unpacked in memory; 32 MiB
	InFlight int64         // memory of all requests that are not answered yet; 256 MiB
	Team     int64         // memory of one team's requests, so that a flood leaves room for others; half of InFlight
	Wait     time.Duration // how long a request waits for others to be written with; 50 ms
	Group    int64         // bytes that are written together at most, unless one request alone has more; 32 MiB
	Requests int           // requests that are written together at most; 4096
	Answer   time.Duration // how long a request waits for the sink before it is told 503; what it brought stays in the making; 10 s, which shippers wait for
	Read     time.Duration // how long a body may take to arrive; 60 s
	Memory   int           // how many stored requests of a feed are remembered, to know a repeated one; 4096
}

// Rate is what a team may send. Zero is unlimited. Bytes are counted after decompression.
type Rate struct {
	Requests float64 // a second
	Bytes    float64 // a second
	Daily    int64   // bytes from midnight to midnight UTC; counted in memory, so a restart begins anew
}

// Seen is what became of a request.
type Seen struct {
	Feed, Team string // empty when the sender is not known
	Route      string // logs, hec_event, hec_raw, otlp
	Status     int    // 499 when the client left before the answer
	Reason     string // why not, as in the answer; empty when stored
	Wire       int64  // bytes as sent
	Decoded    int64
	Stats      ingest.Stats // of the records, when stored; when Replayed, as they were counted the first time
	Replayed   bool         // it was stored before
}

// envelopes is the memory that a HEC or OTLP request takes in envelopes' worth, at the worst: unpacked twice.
const envelopes = 2

// inline is how long a compressed plain request may be after decompression to be kept that way. A longer one is kept as
// it was sent and decompressed a second time when it is written: a bomb costs time, not memory.
const inline = 4 << 20

func orInt[T int | int64 | time.Duration](v *T, def T) {
	if *v == 0 {
		*v = def
	}
}

func (l Limits) withDefaults() Limits {
	orInt(&l.Body, 32<<20)
	orInt(&l.Decoded, 256<<20)
	orInt(&l.Envelope, min(32<<20, l.Decoded))
	orInt(&l.InFlight, 256<<20)
	orInt(&l.Team, max(l.InFlight/2, min(l.InFlight, l.most())))
	orInt(&l.Wait, 50*time.Millisecond)
	orInt(&l.Group, 32<<20)
	orInt(&l.Requests, 4096)
	orInt(&l.Answer, 10*time.Second)
	orInt(&l.Read, time.Minute)
	orInt(&l.Memory, 4096)
	return l
}

// most is the memory that the largest request may take.
func (l Limits) most() int64 {
	return l.Body + max(envelopes*l.Envelope, min(inline, l.Decoded)) + 2*chunk
}

func (l Limits) validate() error {
	for name, v := range map[string]int64{"body": l.Body, "decoded": l.Decoded, "envelope": l.Envelope, "in flight": l.InFlight, "team": l.Team,
		"wait": int64(l.Wait), "group": l.Group, "requests": int64(l.Requests), "answer": int64(l.Answer), "read": int64(l.Read), "memory": int64(l.Memory)} {
		if v < 0 {
			return fmt.Errorf("push: limit %s is %d: it must not be negative", name, v)
		}
	}
	if l.Team > l.InFlight {
		return fmt.Errorf("push: a team may have %d bytes in flight, all together only %d", l.Team, l.InFlight)
	}
	if need := l.most(); l.Team < need {
		return fmt.Errorf("push: a request may need %d bytes of memory, a team may have only %d in flight: it would be told 503 for ever", need, l.Team)
	}
	return nil
}

// leastBytes is the lowest rate there is: below it no record fits, and debts could not be booked in few steps.
const leastBytes = 1 << 10

func (r Rate) validate() error {
	if r.Requests < 0 || r.Bytes < 0 || r.Daily < 0 {
		return errors.New("it must not be negative")
	}
	if r.Bytes > 0 && r.Bytes < leastBytes {
		return fmt.Errorf("%g bytes a second: it must be %d at least, or 0 for no limit", r.Bytes, leastBytes)
	}
	return nil
}

func (c *Config) validate() error {
	if c.Write == nil || c.Now == nil {
		return fmt.Errorf("push: Write and Now are required")
	}
	names := map[string]bool{}
	for _, f := range c.Feeds {
		switch {
		case f.Name == "" || f.Team == "":
			return fmt.Errorf("push: feed %q of team %q: both must have a name", f.Name, f.Team)
		case names[f.Name]:
			return fmt.Errorf("push: feed %s is given twice", f.Name)
		case f.TokenHashes == nil && len(f.ClientNames) == 0:
			return fmt.Errorf("push: feed %s has neither tokens nor client certificates: anybody could write it", f.Name)
		}
		if _, ok := decode.Lookup(f.Format); !ok {
			return fmt.Errorf("push: feed %s: no format %q", f.Name, f.Format)
		}
		names[f.Name] = true
	}
	for team, r := range c.Rates {
		if err := r.validate(); err != nil {
			return fmt.Errorf("push: the rate of team %s: %w", team, err)
		}
	}
	if err := c.Rate.validate(); err != nil {
		return fmt.Errorf("push: the rate of teams: %w", err)
	}
	return c.Limits.withDefaults().validate()
}
