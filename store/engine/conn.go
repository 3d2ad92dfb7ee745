package engine

import (
	"errors"
	"runtime"
	"unsafe"
)

// conn is one connection to the engine: one session, one statement at a time.
type conn struct {
	lib *library
	box ptr    // what closes it
	h   ptr    // what runs statements
	tag string // the session's log_comment, by which its statement is found and killed
}

func (l *library) open(tag string, args ...string) (*conn, error) {
	args = append([]string{"grantwatch"}, args...)
	if tag != "" {
		args = append(args, "--log_comment="+tag)
	}
	argv := make([]*byte, len(args)+1)
	for i, a := range args {
		b := append([]byte(a), 0)
		argv[i] = &b[0]
	}
	box := l.connect(int32(len(args)), ptr(unsafe.SliceData(argv)))
	runtime.KeepAlive(argv)
	if box == nil {
		return nil, errors.New("engine: the library refused a connection; its reason is on standard error")
	}
	h := *(*ptr)(box)
	if h == nil {
		return nil, errors.New("engine: the library gave an empty connection")
	}
	return &conn{lib: l, box: box, h: h, tag: tag}, nil
}

func (c *conn) close() { c.lib.closeConn(c.box) }

// stats counts what a statement read, wrote and returned.
type stats struct {
	readRows, readBytes, writtenRows, writtenBytes, resultRows uint64
}

func (s *stats) add(o stats) {
	s.readRows += o.readRows
	s.readBytes += o.readBytes
	s.writtenRows += o.writtenRows
	s.writtenBytes += o.writtenBytes
	s.resultRows += o.resultRows
}

// result is a piece of output in the engine's memory, valid until freed.
type result struct {
	lib *library
	h   ptr
}

func (r *result) bytes() []byte {
	n := r.lib.resultLength(r.h)
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(r.lib.resultBuffer(r.h)), int(n))
}

func (r *result) stats() stats {
	return stats{
		readRows: r.lib.resultReadRows(r.h), readBytes: r.lib.resultReadBytes(r.h),
		writtenRows: r.lib.resultWrittenRows(r.h), writtenBytes: r.lib.resultWrittenBytes(r.h),
		resultRows: r.lib.resultRows(r.h),
	}
}

func (r *result) free() { r.lib.resultDestroy(r.h) }

func (c *conn) take(h ptr) (*result, error) {
	if h == nil {
		return nil, &Exception{Code: codeLogical, Message: "the engine returned nothing"}
	}
	if text := c.lib.resultError(h); text != "" {
		c.lib.resultDestroy(h)
		return nil, parseException(text)
	}
	return &result{lib: c.lib, h: h}, nil
}

// query runs a statement to its end and returns all of its output at once.
func (c *conn) query(sql, format string, params []param) (*result, error) {
	return c.take(call(c.lib.query, c.h, sql, format, params))
}

// exec runs a statement whose output does not matter.
func (c *conn) exec(sql string) error {
	r, err := c.query(sql, "Null", nil)
	if err == nil {
		r.free()
	}
	return err
}

// stream is a SELECT whose output comes in pieces, each of them a complete
// document in its format.
type stream struct {
	c *conn
	h ptr
}

func (c *conn) stream(sql, format string, params []param) (*stream, error) {
	r, err := c.take(call(c.lib.streamQuery, c.h, sql, format, params))
	if err != nil {
		return nil, err
	}
	return &stream{c: c, h: r.h}, nil
}

// next returns the next piece, or nil at the end.
func (s *stream) next() (*result, error) {
	r, err := s.c.take(s.c.lib.streamFetch(s.c.h, s.h))
	if err != nil {
		return nil, err
	}
	if s.c.lib.resultLength(r.h) == 0 {
		r.free()
		return nil, nil
	}
	return r, nil
}

// close stops what still runs and frees the stream.
func (s *stream) close(ended bool) {
	if !ended {
		s.c.lib.streamStop(s.c.h, s.h)
	}
	s.c.lib.resultDestroy(s.h)
}

// insertion is an INSERT that takes its data in pieces. The engine holds back
// a caller that is faster than it.
type insertion struct {
	c *conn
	h ptr
}

func (c *conn) insert(sql, format string, params []param) (*insertion, error) {
	in := &insertion{c: c, h: call(c.lib.insert, c.h, sql, format, params)}
	if in.h == nil {
		return nil, &Exception{Code: codeLogical, Message: "the engine returned no insert stream"}
	}
	if text := c.lib.insertError(in.h); text != "" {
		c.lib.insertDestroy(in.h)
		return nil, parseException(text)
	}
	return in, nil
}

// append hands over data and reports whether the insert still stands; when it
// does not, done says why.
func (in *insertion) append(p []byte) bool {
	if len(p) == 0 {
		return true
	}
	ok := in.c.lib.insertAppend(in.h, ptr(&p[0]), uintptr(len(p))) == 0
	runtime.KeepAlive(p)
	return ok
}

// done ends the data and waits until it is stored.
func (in *insertion) done() (stats, error) {
	defer in.c.lib.insertDestroy(in.h)
	r, err := in.c.take(in.c.lib.insertDone(in.h))
	if err != nil {
		return stats{}, err
	}
	defer r.free()
	return r.stats(), nil
}

// cancel drops the insert: the data handed over so far is not the whole.
func (in *insertion) cancel() {
	in.c.lib.insertCancel(in.h)
	in.c.lib.insertDestroy(in.h)
}
