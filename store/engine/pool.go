package engine

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// pool bounds how many statements run at once and keeps a few connections
// open ahead of need. A connection is used for one request and closed.
type pool struct {
	lib   *library
	args  []string
	slots chan struct{}
	reads chan struct{} // of these, those that reading may take: an insert never waits for somebody who looks
	warm  chan *conn
	stop  chan struct{}
	done  sync.WaitGroup
	last  atomic.Uint64

	// keeper is open as long as the pool: the engine shuts down with its last
	// connection. It also kills statements, one at a time.
	mu     sync.Mutex
	keeper *conn
}

func newPool(lib *library, size int, args []string) (*pool, error) {
	p := &pool{
		lib: lib, args: args,
		slots: make(chan struct{}, size),
		reads: make(chan struct{}, max(1, size-size/4)),
		warm:  make(chan *conn, 1), // and one more in the hand of the filler
		stop:  make(chan struct{}),
	}
	keeper, err := lib.open("", args...)
	if err != nil {
		return nil, err
	}
	p.keeper = keeper
	p.done.Add(1)
	go p.fill()
	return p, nil
}

func (p *pool) open() (*conn, error) {
	return p.lib.open("grantwatch-"+strconv.FormatUint(p.last.Add(1), 10), p.args...)
}

func (p *pool) fill() {
	defer p.done.Done()
	for {
		c, err := p.open()
		if err != nil {
			// The request that finds nothing warm opens its own and reports.
			select {
			case <-p.stop:
				return
			case <-time.After(time.Second):
				continue
			}
		}
		select {
		case p.warm <- c:
		case <-p.stop:
			c.close()
			return
		}
	}
}

// acquire waits for a slot no longer than the request does.
func (p *pool) acquire(ctx context.Context) (*conn, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case c := <-p.warm:
		return c, nil
	default:
	}
	c, err := p.open()
	if err != nil {
		<-p.slots
		return nil, err
	}
	return c, nil
}

// acquireToRead is acquire for what only reads.
func (p *pool) acquireToRead(ctx context.Context) (*conn, error) {
	select {
	case p.reads <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	c, err := p.acquire(ctx)
	if err != nil {
		<-p.reads
	}
	return c, err
}

func (p *pool) releaseRead(c *conn) {
	p.release(c)
	<-p.reads
}

func (p *pool) release(c *conn) {
	c.close()
	<-p.slots
}

// whenCancelled kills what runs on a connection once ctx is over. The function
// that it returns must be called when the statement has ended.
//
// A statement that is about to start is not in the list of processes yet, so
// killing is repeated until the statement is seen to have ended.
func (p *pool) whenCancelled(ctx context.Context, c *conn) (ended func()) {
	over := make(chan struct{})
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		select {
		case <-over:
			return
		case <-ctx.Done():
		}
		wait := 5 * time.Millisecond
		for {
			p.kill(c.tag)
			select {
			case <-over:
				return
			case <-time.After(wait):
				wait = min(2*wait, 200*time.Millisecond)
			}
		}
	}()
	return func() { close(over); <-finished }
}

func (p *pool) kill(tag string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.keeper.exec("KILL QUERY WHERE Settings['log_comment'] = " + quote(tag) + " ASYNC") // repeated by the caller
}

// close waits for the connections in use, up to the context, and then closes
// the engine.
func (p *pool) close(ctx context.Context) error {
	close(p.stop)
	p.done.Wait()
	for range cap(p.slots) {
		select {
		case p.slots <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for {
		select {
		case c := <-p.warm:
			c.close()
		default:
			p.keeper.close()
			return nil
		}
	}
}

var quoter = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

// quote writes a string literal of ClickHouse.
func quote(s string) string { return "'" + quoter.Replace(s) + "'" }

// quoteName writes an identifier of ClickHouse.
func quoteName(s string) string {
	return "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`").Replace(s) + "`"
}
