package engine

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
)

// maxStatement bounds a statement that arrives in a body. The data of an
// INSERT does not count.
const maxStatement = 16 << 20

// handler is ClickHouse's HTTP interface.
type handler struct {
	pool    *pool
	creds   credentials
	version string
	log     *slog.Logger
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Origin") != "" {
		// A web page that somebody has open must not talk to a loopback port.
		http.Error(w, "requests of web pages are not answered", http.StatusForbidden)
		return
	}
	if r.URL.Path == "/ping" {
		_, _ = io.WriteString(w, "Ok.\n")
		return
	}
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	if err := h.creds.check(r); err != nil {
		w.Header().Set("WWW-Authenticate", `Basic realm="ClickHouse server HTTP API"`)
		writeError(w, asException(err))
		return
	}
	q, err := parseRequest(r)
	if err != nil {
		writeError(w, asException(err))
		return
	}
	if q.id != "" {
		w.Header().Set("X-ClickHouse-Query-Id", q.id)
	}
	w.Header().Set("X-ClickHouse-Timezone", "UTC")
	w.Header().Set("X-ClickHouse-Server-Display-Name", "grantwatch engine")
	if err := h.serve(w, r, q); err != nil {
		drain(r.Body)
		writeError(w, asException(err))
	}
}

// serve returns an error only as long as nothing has been answered.
func (h *handler) serve(w http.ResponseWriter, r *http.Request, q *request) error {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		return &Exception{Code: codeNotImplemented, Message: "External tables are not offered over HTTP (NOT_IMPLEMENTED)"}
	}
	body, err := q.body(r)
	if err != nil {
		return err
	}
	defer body.Close()
	st, data, err := readStatement(q, body)
	if err != nil {
		return err
	}
	a, err := newAnswer(w, q)
	if err != nil {
		return err
	}
	if st.kind != kindInsert && q.isHello(st.text) {
		a.describe("Native")
		_, _ = a.Write(helloBlock(q.revision, h.version))
		_ = a.finish(stats{resultRows: 1}) // the client is gone if this fails
		return nil
	}
	var head []byte
	if st.kind == kindInsert {
		spool := spools.Get().(*[]byte)
		defer spools.Put(spool)
		if head, data, err = firstData(data, *spool); err != nil {
			return err
		}
	}
	acquire, release := h.pool.acquire, h.pool.release
	if st.kind == kindRead {
		acquire, release = h.pool.acquireToRead, h.pool.releaseRead
	}
	c, err := acquire(r.Context())
	if err != nil {
		if r.Context().Err() != nil {
			return &Exception{Code: codeCancelled, Message: "The request ended before a connection was free (QUERY_WAS_CANCELLED)"}
		}
		return err
	}
	defer release(c)
	defer h.pool.whenCancelled(r.Context(), c)()
	if err := q.prepare(c); err != nil {
		return err
	}
	if st.kind == kindInsert {
		return h.insert(a, c, q, st, head, data)
	}
	return h.read(r.Context(), a, c, q, st)
}

// read runs a statement and sends its output.
func (h *handler) read(ctx context.Context, a *answer, c *conn, q *request, st statement) error {
	format := st.format
	if format == "" {
		format = q.format
	}
	a.describe(format)
	if st.kind == kindRead && isStreamable(format) {
		s, err := c.stream(st.text, q.format, q.params)
		if err == nil {
			h.pump(ctx, a, s)
			return nil
		}
		// WITH may begin an INSERT too, which does not stream.
		if e := asException(err); e.Code != codeBadArguments || !strings.HasPrefix(e.Message, "Streaming query is not supported") {
			return err
		}
	}
	r, err := c.query(st.text, q.format, q.params)
	if err != nil {
		return err
	}
	defer r.free()
	if _, err := a.Write(r.bytes()); err == nil {
		_ = a.finish(r.stats()) // the client is gone if this fails
	}
	return nil
}

// pump sends a stream piece by piece; it never holds more than one.
func (h *handler) pump(ctx context.Context, a *answer, s *stream) {
	var total stats
	ended := false
	defer func() { s.close(ended) }()
	for {
		r, err := s.next()
		if err != nil {
			ended = true // the engine has dropped the stream itself
			a.fail(asException(err))
			return
		}
		if r == nil {
			ended = true
			_ = a.finish(total) // the client is gone if this fails
			return
		}
		total.add(r.stats())
		_, err = a.Write(r.bytes())
		r.free()
		if err != nil || ctx.Err() != nil {
			h.log.Debug("engine: client went away", "error", err)
			return
		}
	}
}
