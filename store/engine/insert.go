package engine

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
)

// spool is how much of an insert's data is read before the insert takes a
// connection. Most inserts arrive whole within it, so a slow sender does not
// keep others waiting; what is larger goes on in pieces of the same memory.
const spool = 4 << 20

var spools = sync.Pool{New: func() any { b := make([]byte, spool); return &b }}

// readStatement takes the statement out of the request. For an insert it also
// returns where the data comes from.
func readStatement(q *request, body io.Reader) (statement, io.Reader, error) {
	if q.statement != "" {
		st, err := parseStatement(q.statement)
		if err != nil {
			return st, nil, err
		}
		if st.kind == kindInsert {
			return st, io.MultiReader(strings.NewReader(st.data), body), nil
		}
	}
	text, rest, err := readText(q.statement, body)
	if err != nil {
		return statement{}, nil, err
	}
	st, err := parseStatement(text)
	if err != nil {
		return st, nil, err
	}
	if st.kind == kindInsert {
		return st, io.MultiReader(strings.NewReader(st.data), rest), nil
	}
	if rest != nil {
		more, err := io.ReadAll(io.LimitReader(rest, maxStatement))
		if err != nil {
			return st, nil, unreadable(err)
		}
		if len(more) > 0 {
			if len(text)+len(more) >= maxStatement {
				return st, nil, &Exception{Code: codeSyntax, Message: "Syntax error: the statement is too long (SYNTAX_ERROR)"}
			}
			st, err = parseStatement(text + string(more))
		}
		return st, nil, err
	}
	return st, nil, err
}

// readText reads the beginning of the body, which holds the statement itself,
// or at least the head of an INSERT; rest is what was not read.
func readText(statement string, body io.Reader) (text string, rest io.Reader, err error) {
	var b bytes.Buffer
	b.WriteString(statement)
	if statement != "" {
		b.WriteByte('\n')
	}
	if _, err := io.CopyN(&b, body, 256<<10); errors.Is(err, io.EOF) {
		return b.String(), bytes.NewReader(nil), nil
	} else if err != nil {
		return "", nil, unreadable(err)
	}
	return b.String(), body, nil
}

// fill reads until buf is full or the data ends. Unlike io.ReadFull it keeps
// data that ends apart from data that breaks off.
func fill(from io.Reader, buf []byte) (n int, ended bool, err error) {
	for n < len(buf) {
		m, err := from.Read(buf[n:])
		n += m
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return n, true, nil
		}
		if err != nil {
			return n, false, unreadable(err)
		}
	}
	return n, false, nil
}

// firstData reads the first part of an insert's data into buf. An insert
// without any is refused, as a server does: it would otherwise look like a
// success. The rest is nil when there is none.
func firstData(data io.Reader, buf []byte) (head []byte, rest io.Reader, err error) {
	n, ended, err := fill(data, buf)
	if err != nil {
		return nil, nil, err
	}
	if n == 0 {
		return nil, nil, &Exception{Code: codeNoData, Message: "No data to insert (NO_DATA_TO_INSERT)"}
	}
	if ended {
		return buf[:n], nil, nil
	}
	return buf[:n], data, nil
}

func unreadable(err error) error {
	if e := (*Exception)(nil); errors.As(err, &e) {
		return e
	}
	return &Exception{Code: codeCannotRead, Message: "Cannot read the request: " + err.Error() + " (CANNOT_READ_ALL_DATA)"}
}

// insert runs an INSERT with its data: head first, then what is left. Data
// that breaks off cancels the insert.
func (h *handler) insert(a *answer, c *conn, q *request, st statement, head []byte, rest io.Reader) error {
	format := st.format
	if format == "" {
		if format = q.format; format == "TabSeparated" {
			format = "Values" // what an INSERT without FORMAT means
		}
	}
	in, err := c.insert(st.text, format, q.params)
	if err != nil {
		return err
	}
	buf := head[:cap(head)]
	for len(head) > 0 && in.append(head) && rest != nil {
		n, ended, err := fill(rest, buf)
		if err != nil {
			in.cancel()
			return err
		}
		if head = buf[:n]; ended {
			rest = nil
		}
	}
	s, err := in.done() // which also knows why data was not taken
	if err != nil {
		return err
	}
	a.describe(format)
	_ = a.finish(s) // the client will ask again; its token makes that harmless
	return nil
}

// drain reads what is left of a refused insert, within reason: a client that
// is still sending would see a broken connection instead of the answer.
func drain(body io.Reader) { _, _ = io.Copy(io.Discard, io.LimitReader(body, 256*mebi)) }
