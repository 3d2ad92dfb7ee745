package store

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// Retry is how a lost connection is met. A connection that is gone is retried until the context ends, since the
// embedded engine comes back and a server does too; an exception of the server is retried only when it is of the kind
// that passes, and only Attempts times.
type Retry struct {
	Connect  time.Duration // how long Open tries, 30 s when zero
	First    time.Duration // the first pause, 20 ms when zero; each next one is twice as long
	Longest  time.Duration // the longest pause, 2 s when zero
	Attempts int           // for exceptions that pass, 10 when zero
}

func (r Retry) withDefaults() Retry {
	if r.Connect <= 0 {
		r.Connect = 30 * time.Second
	}
	if r.First <= 0 {
		r.First = 20 * time.Millisecond
	}
	if r.Longest <= 0 {
		r.Longest = 2 * time.Second
	}
	if r.Attempts <= 0 {
		r.Attempts = 10
	}
	return r
}

// do runs f until it succeeds, its error is one that repeating does not cure, or ctx ends. The last error of f is
// returned along with the context's, because it says what was being waited for.
func (s *Store) do(ctx context.Context, what string, f func(context.Context) error) error {
	pause, passing := s.retry.First, 0
	for attempt := 1; ; attempt++ {
		err := f(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return errors.Join(context.Cause(ctx), err)
		}
		switch classify(err) {
		case final:
			return err
		case passes:
			if passing++; passing >= s.retry.Attempts {
				return err
			}
		}
		s.retried(what)
		s.log.LogAttrs(ctx, slog.LevelWarn, "store: retrying", slog.String("what", what), slog.Int("attempt", attempt),
			slog.Duration("pause", pause), slog.String("error", err.Error()))
		timer := time.NewTimer(pause/2 + rand.N(pause/2+1)) // half of it random, so that writers do not come back in step
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return errors.Join(context.Cause(ctx), err)
		}
		pause = min(2*pause, s.retry.Longest)
	}
}

type class int

const (
	final  class = iota // repeating changes nothing
	passes              // an exception that passes: too many parts, too many queries, memory
	gone                // the connection is gone
)

// passing are the codes of exceptions that pass by themselves.
var passing = []int32{
	159, // TIMEOUT_EXCEEDED
	202, // TOO_MANY_SIMULTANEOUS_QUERIES
	209, // SOCKET_TIMEOUT
	210, // NETWORK_ERROR
	241, // MEMORY_LIMIT_EXCEEDED
	242, // TABLE_IS_READ_ONLY
	252, // TOO_MANY_PARTS
	285, // TOO_FEW_LIVE_REPLICAS
	319, // UNKNOWN_STATUS_OF_INSERT
	394, // QUERY_WAS_CANCELLED: the engine is shutting down
	425, // SYSTEM_ERROR
	999, // KEEPER_EXCEPTION
}

func classify(err error) class {
	if errors.Is(err, context.Canceled) {
		return final
	}
	var ex *clickhouse.Exception
	if errors.As(err, &ex) {
		// The same code 252 also says that one block touches too many partitions, which no repetition cures.
		if slices.Contains(passing, ex.Code) && !strings.Contains(ex.Message, "partitions for single INSERT") {
			return passes
		}
		return final
	}
	var status *clickhouse.HTTPError
	if errors.As(err, &status) {
		if status.StatusCode >= 502 && status.StatusCode <= 504 {
			return gone
		}
		return final
	}
	var network net.Error
	if errors.As(err, &network) {
		return gone
	}
	for _, e := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, clickhouse.ErrAcquireConnTimeout,
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE, syscall.ENOENT, context.DeadlineExceeded} {
		if errors.Is(err, e) {
			return gone
		}
	}
	return final
}
