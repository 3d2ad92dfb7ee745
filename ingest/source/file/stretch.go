package file

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// stretch is a part of an open file.
type stretch struct {
	*io.SectionReader
	close func() error
}

func (s *stretch) Close() error {
	if s.close == nil {
		return nil
	}
	err := s.close()
	s.close = nil
	return err
}

// stretch opens a piece: from the file that is open already, under its name, or under any name that the globs find.
func (t *Tracker) stretch(p piece) (*stretch, error) {
	if f, ok := t.tails[p.Key]; ok && f.file != nil {
		// It may have been truncated in the meantime, and its content live on in a copy.
		if same, err := p.is(f.file); err != nil || same {
			return &stretch{io.NewSectionReader(f.file, p.From, p.To-p.From), nil}, err
		}
	}
	names := []string{p.Name}
	others, err := Scan(context.Background(), t.fsys, t.globs)
	if err != nil {
		return nil, err
	}
	for _, o := range others {
		if o.Name != p.Name {
			names = append(names, o.Name)
		}
	}
	for _, name := range names {
		f, err := open(t.fsys, name)
		if isAbsent(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if same, err := p.is(f); err != nil || !same {
			_ = f.Close() // it is not the one
			if err != nil {
				return nil, err
			}
			continue
		}
		return &stretch{io.NewSectionReader(f, p.From, p.To-p.From), f.Close}, nil
	}
	// Nothing can be read of it any more; the other files of the stretch must not suffer for that.
	t.report(fmt.Errorf("file: %s is gone before all of it was read", p.Name))
	return &stretch{io.NewSectionReader(strings.NewReader(""), 0, 0), nil}, nil
}

// is reports whether f is the piece's file and reaches as far as the piece does.
func (p *piece) is(f source) (bool, error) {
	info, err := f.Stat()
	if err != nil {
		return false, fmt.Errorf("file: %w", err)
	}
	if info.Size() < p.To {
		return false, nil
	}
	if n := covers(p.Identity); n > 0 {
		b, err := head(f, int64(n))
		return err == nil && linesIdentity(b) == p.Identity, err
	}
	id, err := documentIdentity(f, info.Size())
	return id == p.Identity, err
}
