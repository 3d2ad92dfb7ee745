package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// httpProxy stands before the engine. It can make inserts slow, or answer them as an engine whose disk is full does.
type httpProxy struct {
	delay atomic.Int64
	full  atomic.Bool
	held  atomic.Int64 // inserts that were made to wait or refused
}

// serve listens until ctx ends and returns the address.
func (p *httpProxy) serve(ctx context.Context, engine string) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	rp := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: engine})
	rp.FlushInterval = -1
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isInsert(r) {
			if p.full.Load() {
				p.held.Add(1)
				_, _ = io.Copy(io.Discard, r.Body) // the answer counts
				w.Header().Set("X-ClickHouse-Exception-Code", "243")
				http.Error(w, "Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space: While executing WaitForAsyncInsert. (NOT_ENOUGH_SPACE)", http.StatusInternalServerError)
				return
			}
			if d := time.Duration(p.delay.Load()); d > 0 {
				p.held.Add(1)
				if !pause(r.Context(), d) {
					return
				}
			}
		}
		rp.ServeHTTP(w, r)
	})}
	go func() { _ = srv.Serve(l) }() // ends with the context
	context.AfterFunc(ctx, func() { _ = srv.Close() })
	return l.Addr().String(), nil
}

// isInsert looks at the statement, which stands in the address or at the beginning of the body.
func isInsert(r *http.Request) bool {
	q := r.URL.Query().Get("query")
	if q == "" {
		b := bufio.NewReader(r.Body)
		head, _ := b.Peek(len("INSERT"))
		q = string(head)
		r.Body = struct {
			io.Reader
			io.Closer
		}{b, r.Body}
	}
	return strings.HasPrefix(strings.ToUpper(strings.TrimSpace(q)), "INSERT")
}

// wire is a way to the broker that can be cut.
type wire struct {
	to string
	mu sync.Mutex
	on map[net.Conn]bool
	n  int
}

func (w *wire) serve(l net.Listener) {
	for {
		in, err := l.Accept()
		if err != nil {
			return
		}
		go w.join(in)
	}
}

func (w *wire) join(in net.Conn) {
	defer in.Close()
	var out net.Conn
	// A connection that is closed at once looks to clients like a broker that wants TLS, which they take as final.
	err := until(context.Background(), 20*time.Second, "the broker listens", func() bool {
		var err error
		out, err = net.Dial("tcp", w.to)
		return err == nil
	})
	if err != nil {
		return
	}
	defer out.Close()
	w.mu.Lock()
	w.on[in] = true
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		delete(w.on, in)
		w.mu.Unlock()
	}()
	done := make(chan struct{}, 2)
	pipe := func(to, from net.Conn) {
		_, _ = io.Copy(to, from) // either side may end
		done <- struct{}{}
	}
	go pipe(out, in)
	go pipe(in, out)
	<-done
}

// cuts is how many connections were cut.
func (w *wire) cuts() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.n
}

// cut closes every connection in the middle of whatever it carries.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.on {
		c.Close()
		w.n++
	}
}

// atClock puts another time into a record.
func atClock(line []byte, at string) []byte {
	const name = `"eventTime":"`
	i := bytes.Index(line, []byte(name)) + len(name)
	j := i + bytes.IndexByte(line[i:], '"')
	return append(append(append([]byte(nil), line[:i]...), at...), line[j:]...)
}
