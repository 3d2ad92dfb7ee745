package file

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// File is a file that a glob has found.
type File struct {
	Name     string
	Size     int64
	Modified time.Time
}

// Scan finds the regular files that match any of the globs, each once, in natural order of their names: digits count as
// numbers, so that dates and rotation numbers sort by what they mean. Beside what path.Match knows, ** stands for any
// number of folders.
func Scan(ctx context.Context, fsys fs.FS, globs []string) ([]File, error) {
	found := map[string]File{}
	for _, g := range globs {
		if _, err := path.Match(g, ""); err != nil {
			return nil, fmt.Errorf("file: glob %q: %w", g, err)
		}
		parts := strings.Split(path.Clean(g), "/")
		if err := walk(ctx, fsys, ".", parts, found); err != nil {
			return nil, fmt.Errorf("file: glob %q: %w", g, err)
		}
	}
	list := make([]File, 0, len(found))
	for _, f := range found {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b File) int { return natural(a.Name, b.Name) })
	return list, nil
}

// walk follows the parts of a glob below dir.
func walk(ctx context.Context, fsys fs.FS, dir string, parts []string, found map[string]File) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	part, rest := parts[0], parts[1:]
	if !strings.ContainsAny(part, `*?[\`) {
		return visit(ctx, fsys, path.Join(dir, part), rest, found)
	}
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return absent(err)
	}
	if part == "**" {
		if len(rest) == 0 {
			rest = []string{"*"} // all files, however deep
		}
		if err := walk(ctx, fsys, dir, rest, found); err != nil {
			return err
		}
		for _, e := range entries {
			if e.IsDir() {
				if err := walk(ctx, fsys, path.Join(dir, e.Name()), append([]string{"**"}, rest...), found); err != nil {
					return err
				}
			}
		}
		return nil
	}
	for _, e := range entries {
		if ok, err := path.Match(part, e.Name()); err != nil {
			return err
		} else if !ok {
			continue
		}
		if err := visit(ctx, fsys, path.Join(dir, e.Name()), rest, found); err != nil {
			return err
		}
	}
	return nil
}

func visit(ctx context.Context, fsys fs.FS, name string, rest []string, found map[string]File) error {
	info, err := fs.Stat(fsys, name) // through links
	if err != nil {
		return absent(err)
	}
	switch {
	case len(rest) > 0 && info.IsDir():
		return walk(ctx, fsys, name, rest, found)
	case len(rest) == 0 && info.Mode().IsRegular():
		found[name] = File{name, info.Size(), info.ModTime()}
	}
	return nil
}

// absent makes nothing of a file that has gone since it was listed.
func absent(err error) error {
	if isAbsent(err) {
		return nil
	}
	return err
}

// natural compares names part by part, digits as numbers.
func natural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		if digit(x[0]) && digit(y[0]) {
			n, restX := number(x)
			m, restY := number(y)
			if c := cmp.Or(cmp.Compare(len(n), len(m)), cmp.Compare(n, m)); c != 0 {
				return c
			}
			x, y = restX, restY
			continue
		}
		if x[0] != y[0] {
			return cmp.Compare(x[0], y[0])
		}
		x, y = x[1:], y[1:]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(a, b))
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// number takes the digits off the front of s, without leading zeros.
func number(s string) (n, rest string) {
	end := 0
	for end < len(s) && digit(s[end]) {
		end++
	}
	return strings.TrimLeft(s[:end], "0"), s[end:]
}

// Group is a run of files that are read as one stream, so that many small files fill batches together.
type Group []File

// Groups cuts a list into runs of about so many bytes and files at most.
func Groups(list []File, bytes int64, files int) []Group {
	var out []Group
	var sum int64
	for i, f := range list {
		if n := len(out); i == 0 || sum+f.Size > bytes || len(out[n-1]) >= files {
			out, sum = append(out, nil), 0
		}
		out[len(out)-1] = append(out[len(out)-1], f)
		sum += f.Size
	}
	return out
}

// Source names a group: the file, or the first and the last of several.
func (g Group) Source() string {
	if len(g) == 1 {
		return g[0].Name
	}
	return fmt.Sprintf("%s … %s (%d files)", g[0].Name, path.Base(g[len(g)-1].Name), len(g))
}
