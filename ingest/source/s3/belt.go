package s3

import (
	"bytes"
	"context"
	"io"
	"sync"
)

// Small objects are fetched ahead of their turn, several at a time; a large one is streamed when its turn has come. So
// no more than ahead times small is held.
const (
	ahead = 8
	small = 4 << 20
)

// belt brings the objects of a stretch in their order.
type belt struct {
	cancel context.CancelFunc
	slots  chan struct{}
	got    []chan arrival // one for each object
	wait   sync.WaitGroup
}

type arrival struct {
	r   io.ReadCloser
	err error
}

func (t *Tracker) newBelt(ctx context.Context, list []Object) *belt {
	ctx, cancel := context.WithCancel(ctx)
	b := &belt{cancel: cancel, slots: make(chan struct{}, ahead), got: make([]chan arrival, len(list))}
	for i := range b.got {
		b.got[i] = make(chan arrival, 1)
	}
	b.wait.Go(func() {
		for i, o := range list {
			select {
			case b.slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			b.wait.Go(func() { b.got[i] <- fetch(&body{ctx: ctx, t: t, o: o}) })
		}
	})
	return b
}

// fetch reads a small object, and opens a large one as far as to know that it can be read.
func fetch(b *body) arrival {
	if err := b.open(); err != nil {
		return arrival{nil, err}
	}
	if b.o.Size > small {
		return arrival{b, nil}
	}
	defer b.Close() //nolint:errcheck // it was only read
	all, err := io.ReadAll(b)
	return arrival{io.NopCloser(bytes.NewReader(all)), err}
}

// take waits for an object. Its place is free for another one when it is closed.
func (b *belt) take(ctx context.Context, i int) (io.ReadCloser, error) {
	select {
	case a := <-b.got[i]:
		if a.err != nil {
			<-b.slots
			return nil, a.err
		}
		return &taken{ReadCloser: a.r, free: sync.OnceFunc(func() { <-b.slots })}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// close ends every download.
func (b *belt) close() {
	b.cancel()
	b.wait.Wait()
	for _, c := range b.got {
		select {
		case a := <-c:
			if a.r != nil {
				_ = a.r.Close() // nobody wants it any more
			}
		default:
		}
	}
}

type taken struct {
	io.ReadCloser
	free func()
}

func (r *taken) Close() error {
	r.free()
	return r.ReadCloser.Close()
}
