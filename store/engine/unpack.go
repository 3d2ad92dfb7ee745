package engine

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
)

// unpackLibrary writes the one file that is wanted out of a package archive.
// The names in the archive are compared and never used as paths.
func unpackLibrary(ctx context.Context, archive, to string, size int64, progress func(done, total int64)) error {
	f, err := os.Open(archive)
	if err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	defer f.Close()
	zr, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("engine: %s: %w", filepath.Base(archive), err)
	}
	tr := tar.NewReader(zr)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("engine: %s holds no %s", filepath.Base(archive), libraryName)
		}
		if err != nil {
			return fmt.Errorf("engine: %s: %w", filepath.Base(archive), err)
		}
		if h.Typeflag != tar.TypeReg || path.Clean(h.Name) != "package/"+libraryName {
			continue
		}
		if h.Size != size {
			return fmt.Errorf("engine: %s in %s has %d bytes, want %d", libraryName, filepath.Base(archive), h.Size, size)
		}
		return writeLibrary(ctx, tr, to, size, progress)
	}
}

func writeLibrary(ctx context.Context, from io.Reader, to string, size int64, progress func(done, total int64)) error {
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	defer out.Close()
	buf := make([]byte, 1<<20)
	var done int64
	for done < size {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("engine: unpacking: %w", err)
		}
		n, err := io.ReadFull(from, buf[:min(int64(len(buf)), size-done)])
		if err != nil {
			return fmt.Errorf("engine: unpacking %s: %w", libraryName, err)
		}
		if _, err := out.Write(buf[:n]); err != nil {
			return fmt.Errorf("engine: %w", err)
		}
		done += int64(n)
		if progress != nil {
			progress(done, size)
		}
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	return nil
}
