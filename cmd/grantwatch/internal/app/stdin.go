package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest"
)

// known is how much of standard input tells it from another: the same input again has the same name, makes the same
// batches with the same tokens, and is taken once.
const known = 64 << 10

// IngestStdin reads standard input to its end, if a feed is read from it. It is read once in the life of the process.
func (a *App) IngestStdin(ctx context.Context, now time.Time, rules ingest.EventRules) error {
	for i, f := range a.Feeds() {
		if a.Cfg.Feeds[i].From.Stdin && a.stdin != nil && a.reads(f.Name) {
			return a.ingestStdin(ctx, f, now, rules)
		}
	}
	return nil
}

func (a *App) ingestStdin(ctx context.Context, f access.Feed, now time.Time, rules ingest.EventRules) error {
	in := a.stdin
	a.stdin = nil
	p, err := a.pipeline()
	if err != nil {
		return err
	}
	r, stop := ending(ctx, in)
	defer stop()
	first, err := r.Peek(known)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("feed %s: standard input: %w", f.Name, err)
	}
	st, err := p.RunStream(ctx, f, fmt.Sprintf("stdin@%016x", xxh3.Hash(first)), r, now, rules)
	if err != nil {
		return fmt.Errorf("feed %s: standard input: after %d records: %w", f.Name, st.Received, err)
	}
	if st.Received == 0 {
		a.Notice("feed %s: standard input is empty", f.Name)
	}
	a.tell(f, st)
	return nil
}

// FollowStdin does that beside the watch.
func (a *App) FollowStdin(ctx context.Context, now func() time.Time) error {
	if err := a.IngestStdin(ctx, now(), a.events.Load()); ctx.Err() == nil {
		return err
	}
	return nil
}

// ending makes a reader that ends with ctx: a read from a terminal or pipe cannot be called back. What reads it is left
// behind, and ends with the process.
func ending(ctx context.Context, in io.Reader) (*bufio.Reader, func() bool) {
	r, w := io.Pipe()
	stop := context.AfterFunc(ctx, func() { _ = r.CloseWithError(context.Cause(ctx)) }) // it gives no error
	go func() {
		_, err := io.CopyBuffer(w, struct{ io.Reader }{in}, make([]byte, known))
		_ = w.CloseWithError(err) // it gives no error
	}()
	return bufio.NewReaderSize(r, known), stop
}
