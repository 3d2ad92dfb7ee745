package demo

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// WriteTo writes the organisation into dir, which is made if it is not there. One feed's logs are compressed
// (.json.gz), as providers deliver them; the patterns in grantwatch.yaml match both. progress, which may be nil, is
// told the number of log records written and of all.
func (o *Org) WriteTo(dir string, progress func(done, total int64)) error {
	var done int64
	total := o.Records()
	for _, name := range o.tree.order {
		l := o.tree.files[name]
		target := filepath.Join(dir, filepath.FromSlash(name))
		if l.feed != nil && l.feed.zipped {
			target += ".gz"
		}
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
		if err := l.writeFile(target, func(records int64) {
			if progress != nil {
				progress(done+records, total)
			}
		}); err != nil {
			return fmt.Errorf("demo: write %s: %w", name, err)
		}
		done += l.records
	}
	return nil
}

func (l *leaf) writeFile(target string, progress func(records int64)) (err error) {
	f, err := os.Create(target)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	if l.feed == nil {
		_, err = f.Write(l.make())
		return err
	}
	var w io.Writer = f
	s := l.feed.stream(l.from, l.to)
	if l.feed.zipped {
		buffer := bufio.NewWriterSize(f, 64<<10)
		zip, _ := gzip.NewWriterLevel(buffer, gzip.BestSpeed)
		defer func() {
			for _, e := range []error{zip.Close(), buffer.Flush()} {
				if err == nil {
					err = e
				}
			}
		}()
		w = zip
	}
	for s.more() {
		if _, err := w.Write(s.buf); err != nil {
			return err
		}
		progress(s.records)
	}
	return nil
}
