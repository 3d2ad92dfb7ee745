package reader

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/grantwatch/grantwatch/access"
)

// Position turns a byte offset into a line and a column, both 1-based; the column counts characters.
func Position(data []byte, offset int) (line, column int) {
	offset = max(0, min(offset, len(data)))
	before := data[:offset]
	start := bytes.LastIndexByte(before, '\n') + 1
	return 1 + bytes.Count(before, []byte{'\n'}), 1 + len([]rune(string(before[start:])))
}

// JSONError names the place where data stops being a sequence of JSON values. It is called only after another parser has
// failed, so it may be slow; fallback is what that parser said.
func JSONError(file string, data []byte, fallback error) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	for {
		var skip json.RawMessage
		err := dec.Decode(&skip)
		var syntax *json.SyntaxError
		switch {
		case err == nil:
			continue
		case errors.Is(err, io.ErrUnexpectedEOF):
			line, column := Position(data, len(data))
			return &SyntaxError{file, line, column, "the JSON ends in the middle", ErrTruncated}
		case errors.As(err, &syntax):
			line, column := Position(data, int(syntax.Offset)-1)
			return &SyntaxError{file, line, column, syntax.Error(), access.Reject(access.ReasonSyntax, "")}
		}
		return &SyntaxError{file, 0, 0, fallback.Error(), access.Reject(access.ReasonSyntax, "")}
	}
}

// FieldError is a value of the wrong kind somewhere inside a document: its path from the top, and what is wrong.
type FieldError struct {
	Path []string // keys and indexes, outermost first
	Msg  string
}

func (e *FieldError) Error() string { return strings.Join(e.Path, ".") + ": " + e.Msg }

// Under puts an error one level deeper: key is the key or index under which it was found.
func Under(err error, key string) error {
	var f *FieldError
	if errors.As(err, &f) {
		f.Path = append([]string{key}, f.Path...)
	}
	return err
}

// Wrong makes a FieldError at this level.
func Wrong(format string, args ...any) error { return &FieldError{Msg: fmt.Sprintf(format, args...)} }

// Resolve turns a FieldError in value number index (from 0) of the sequence in data into a SyntaxError with its place.
func Resolve(file string, data []byte, index int, err error) error {
	var f *FieldError
	if !errors.As(err, &f) {
		return err
	}
	out := &SyntaxError{File: file, Msg: f.Error(), Err: access.Reject(access.ReasonType, "")}
	if len(f.Path) == 0 {
		out.Msg = f.Msg
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	for range index {
		var skip json.RawMessage
		if dec.Decode(&skip) != nil {
			return out
		}
	}
	offset, ok := descend(dec, data, f.Path)
	if ok {
		out.Line, out.Column = Position(data, offset)
	}
	return out
}

// descend walks to the value at path and gives the offset of its first byte. What lies deeper than the document does
// (inside an encoded policy) is placed at the value that holds it.
func descend(dec *json.Decoder, data []byte, path []string) (int, bool) {
	here := func() int {
		i := int(dec.InputOffset())
		for i < len(data) && strings.IndexByte(" \t\r\n:,", data[i]) >= 0 {
			i++
		}
		return i
	}
	for _, step := range path {
		at := here()
		tok, err := dec.Token()
		if err != nil {
			return 0, false
		}
		found := false
		switch tok {
		case json.Delim('{'):
			for !found && dec.More() {
				key, err := dec.Token()
				if err != nil {
					return 0, false
				}
				if found = key == step; !found && skipValue(dec) != nil {
					return 0, false
				}
			}
		case json.Delim('['):
			n, err := strconv.Atoi(step)
			if err != nil {
				return at, true
			}
			for i := 0; dec.More(); i++ {
				if found = i == n; found {
					break
				}
				if skipValue(dec) != nil {
					return 0, false
				}
			}
		}
		if !found {
			return at, true
		}
	}
	return here(), true
}

func skipValue(dec *json.Decoder) error {
	var skip json.RawMessage
	return dec.Decode(&skip)
}

// RuneColumn turns a column that counts bytes (as encoding/csv's do) into one that counts characters.
func RuneColumn(data []byte, line, column int) int {
	n := 0
	for text := range bytes.Lines(data) {
		if n++; n == line {
			return 1 + utf8.RuneCount(text[:max(0, min(column-1, len(text)))])
		}
	}
	return column
}
