package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"
)

// What a file is identified by: of a document its length and its beginning, of growing lines a shorter beginning.
const (
	documentHead = 64 << 10
	linesHead    = 1 << 10
)

// source is an open file that can be read at any place.
type source interface {
	fs.File
	io.ReaderAt
}

// open opens a file for reading at any place; os.DirFS, embed and fstest.MapFS all give such files.
func open(fsys fs.FS, name string) (source, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("file: %w", err)
	}
	s, ok := f.(source)
	if !ok {
		_ = f.Close() // nothing was done with it
		return nil, fmt.Errorf("file: %s cannot be read from the middle", name)
	}
	return s, nil
}

func isAbsent(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// head reads the first n bytes, or all of a shorter file.
func head(f io.ReaderAt, n int64) ([]byte, error) {
	b, err := io.ReadAll(io.NewSectionReader(f, 0, n))
	if err != nil {
		return nil, fmt.Errorf("file: %w", err)
	}
	return b, nil
}

// documentIdentity is the same for the same content under any name.
func documentIdentity(f io.ReaderAt, size int64) (string, error) {
	b, err := head(f, documentHead)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("document:%d:%016x", size, xxh3.Hash(b)), nil
}

// linesIdentity is that of the first n bytes.
func linesIdentity(b []byte) string { return fmt.Sprintf("lines:%d:%016x", len(b), xxh3.Hash(b)) }

// covers is how many bytes an identity of lines speaks of; 0 for anything else.
func covers(identity string) int {
	rest, ok := strings.CutPrefix(identity, "lines:")
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(rest[:max(strings.IndexByte(rest, ':'), 0)])
	if err != nil {
		return 0
	}
	return n
}

// isDocument tells from its first bytes whether a file is written once: gzip, zstd, a JSON array, an object that wraps
// one, or an object that is printed over several lines.
func isDocument(b []byte) bool {
	if bytes.HasPrefix(b, []byte{0x1f, 0x8b}) || bytes.HasPrefix(b, []byte{0x28, 0xb5, 0x2f, 0xfd}) {
		return true
	}
	b = bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), " \t\r\n")
	if bytes.HasPrefix(b, []byte{'['}) {
		return true
	}
	if !bytes.HasPrefix(b, []byte{'{'}) {
		return false
	}
	b = bytes.TrimLeft(b[1:], " \t")
	if bytes.HasPrefix(b, []byte{'\n'}) || bytes.HasPrefix(b, []byte("\r\n")) {
		return true
	}
	// {"Records": [{ and the like: a first member that is an array of objects.
	if !bytes.HasPrefix(b, []byte{'"'}) {
		return false
	}
	end := bytes.IndexByte(b[1:], '"')
	if end < 0 {
		return false
	}
	b = bytes.TrimLeft(b[end+2:], " \t\r\n:")
	return bytes.HasPrefix(b, []byte{'['}) && bytes.HasPrefix(bytes.TrimLeft(b[1:], " \t\r\n"), []byte{'{'})
}

// lastLine returns the end of the last complete line in [from, to), or from when there is none.
func lastLine(f io.ReaderAt, from, to int64) (int64, error) {
	buf := make([]byte, 64<<10)
	for end := to; end > from; {
		start := max(from, end-int64(len(buf)))
		n, err := f.ReadAt(buf[:end-start], start)
		if err != nil && !errors.Is(err, io.EOF) {
			return from, fmt.Errorf("file: %w", err)
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			return start + int64(i) + 1, nil
		}
		end = start
	}
	return from, nil
}
