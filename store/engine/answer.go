package engine

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// holdBack is how much of an answer is kept until the status line is sent.
// An error within it is a proper error answer, and a small answer carries the
// summary of its statement in a header.
const holdBack = 256 << 10

// answer writes output through the layers that the request asked for:
// ClickHouse's frames, then the content encoding, then what is held back.
type answer struct {
	w     http.ResponseWriter
	q     *request
	held  bytes.Buffer
	sent  bool // the status line is out
	tag   string
	outer io.WriteCloser // the content encoding, or nil
	frame *frameWriter   // or nil
	to    io.Writer      // where output goes in
}

func newAnswer(w http.ResponseWriter, q *request) (*answer, error) {
	a := &answer{w: w, q: q, tag: rand.Text()[:16]}
	a.to = base{a}
	var err error
	if q.encoding != "" {
		if a.outer, err = encoder(q.encoding, a.to); err != nil {
			return nil, err
		}
		a.to = a.outer
	}
	if q.compress {
		if a.frame, err = newFrameWriter(a.to, q.method); err != nil {
			return nil, err
		}
		a.to = a.frame
	}
	return a, nil
}

func (a *answer) Write(p []byte) (int, error) { return a.to.Write(p) }

// base is the end of the layers.
type base struct{ a *answer }

func (b base) Write(p []byte) (int, error) {
	a := b.a
	if !a.sent {
		a.held.Write(p)
		if a.q.whole || a.held.Len() < holdBack {
			return len(p), nil
		}
		if err := a.send(); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	return a.w.Write(p)
}

func (a *answer) send() error {
	a.sent = true
	h := a.w.Header()
	h.Set("X-ClickHouse-Exception-Tag", a.tag)
	if a.q.encoding != "" {
		h.Set("Content-Encoding", a.q.encoding)
	}
	a.w.WriteHeader(http.StatusOK)
	_, err := a.w.Write(a.held.Bytes())
	a.held = bytes.Buffer{}
	return err
}

func (a *answer) describe(format string) {
	a.w.Header().Set("Content-Type", contentType(format))
	a.w.Header().Set("X-ClickHouse-Format", format)
}

// finish ends a good answer.
func (a *answer) finish(s stats) error {
	if a.frame != nil {
		if err := a.frame.Close(); err != nil {
			return err
		}
	}
	if a.outer != nil {
		if err := a.outer.Close(); err != nil {
			return err
		}
	}
	if a.sent {
		return nil
	}
	a.w.Header().Set("X-ClickHouse-Summary", s.summary())
	a.w.Header().Set("Content-Length", strconv.Itoa(a.held.Len()))
	return a.send()
}

// fail ends a bad one. Once output is on its way the error can only follow it,
// in the frame that ClickHouse's clients look for.
func (a *answer) fail(e *Exception) {
	if !a.sent {
		writeError(a.w, e)
		return
	}
	if a.frame != nil && a.frame.Close() != nil {
		return
	}
	text := e.Error()
	if len(text) > 2048 { // a client reads the frame in one piece of 4 KiB
		text = text[:2048]
	}
	block := fmt.Sprintf("\r\n__exception__\r\n%s\r\n%s\n%d %s\r\n__exception__\r\n", a.tag, text, len(text)+1, a.tag)
	out := io.Writer(base{a})
	if a.outer != nil {
		out = a.outer
	}
	// What was sent goes ahead on its own, so that the block arrives whole.
	// Nobody is left to tell when this does not arrive.
	_ = http.NewResponseController(a.w).Flush()
	_, _ = io.WriteString(out, block)
	if a.outer != nil {
		_ = a.outer.Close()
	}
}

func writeError(w http.ResponseWriter, e *Exception) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	h.Set("X-ClickHouse-Exception-Code", strconv.Itoa(e.Code))
	w.WriteHeader(e.status())
	_, _ = io.WriteString(w, e.Error()+"\n") // the client is gone if this fails
}

func (s stats) summary() string {
	return fmt.Sprintf(`{"read_rows":"%d","read_bytes":"%d","written_rows":"%d","written_bytes":"%d","total_rows_to_read":"0","result_rows":"%d","result_bytes":"0"}`,
		s.readRows, s.readBytes, s.writtenRows, s.writtenBytes, s.resultRows)
}
