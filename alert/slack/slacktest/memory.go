package slacktest

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
)

// Client is an HTTP client that reaches the server without a network.
func (s *Server) Client() *http.Client { return &http.Client{Transport: transport{s}} }

type recorder struct{ *httptest.ResponseRecorder }

type transport struct{ s *Server }

func (t transport) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	name := strings.TrimPrefix(req.URL.Path, "/api/")
	if strings.HasPrefix(req.URL.Path, "/upload/") {
		name = "upload"
	}
	ft := t.s.next(name)
	if ft.Dial {
		t.s.mu.Lock()
		t.s.take(name)
		t.s.mu.Unlock()
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	in := req.Clone(req.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.Host = req.URL.Host
	defer func() {
		if r := recover(); r != nil { // the handler gave up, as the server of net/http expects it
			if r != any(http.ErrAbortHandler) {
				panic(r)
			}
			resp, err = nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
			if ctxErr := req.Context().Err(); ctxErr != nil {
				err = ctxErr
			}
		}
	}()
	rec := &recorder{httptest.NewRecorder()}
	t.s.ServeHTTP(rec, in)
	if ft.Cut {
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}
	return rec.Result(), nil
}

// DialContext connects to the server in memory, for Socket Mode: give it to the WebSocket dialer. The connection is a pipe,
// so that a synctest bubble sees when everybody waits.
func (s *Server) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	client, server := net.Pipe()
	l := &oneConn{conn: server, done: make(chan struct{})}
	srv := &http.Server{Handler: s} //nolint:gosec // in memory, its only client is the test
	go func() { _ = srv.Serve(l) }()
	return &closer{client, l}, nil
}

// closer ends the server's wait for a second connection together with the first.
type closer struct {
	net.Conn
	l *oneConn
}

func (c *closer) Close() error {
	_ = c.l.Close() // it never fails
	return c.Conn.Close()
}

// oneConn is a listener with one connection.
type oneConn struct {
	mu   sync.Mutex
	conn net.Conn
	done chan struct{}
	once sync.Once
}

func (l *oneConn) Accept() (net.Conn, error) {
	l.mu.Lock()
	c := l.conn
	l.conn = nil
	l.mu.Unlock()
	if c != nil {
		return c, nil
	}
	<-l.done
	return nil, io.EOF
}

func (l *oneConn) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *oneConn) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }
