package engine

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Fetch makes sure that the engine library is in the cache and returns its
// path. What is there already is used as it is, without the network. progress
// may be nil; it is told how much of the library has been written.
func Fetch(ctx context.Context, progress func(done, total int64)) (string, error) {
	if path, set, err := override(); set {
		return path, err
	}
	p, err := hostPin()
	if err != nil {
		return "", err
	}
	dir, err := cacheDir(p)
	if err != nil {
		return "", err
	}
	return fetchInto(ctx, dir, p, progress)
}

func fetchInto(ctx context.Context, dir string, p pin, progress func(done, total int64)) (string, error) {
	if path, err := findIn(dir, p); !errors.Is(err, ErrNotFetched) {
		return path, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("engine: %w", err)
	}
	lock, err := waitLock(ctx, filepath.Join(dir, "fetch.lock"))
	if err != nil {
		return "", fmt.Errorf("engine: waiting for another fetch: %w", err)
	}
	defer lock.Close()
	// Whoever held the lock before may have fetched what is wanted.
	if path, err := findIn(dir, p); !errors.Is(err, ErrNotFetched) {
		return path, err
	}
	work, err := os.MkdirTemp(dir, "fetch-")
	if err != nil {
		return "", fmt.Errorf("engine: %w", err)
	}
	defer os.RemoveAll(work)
	if progress != nil {
		progress(0, p.size)
	}
	archive, err := npmPack(ctx, p, work)
	if err != nil {
		return "", err
	}
	if err := verify(archive, p.integrity); err != nil {
		return "", err
	}
	lib := filepath.Join(work, libraryName)
	if err := unpackLibrary(ctx, archive, lib, p.size, progress); err != nil {
		return "", err
	}
	return install(dir, lib, p)
}

// npmPack runs the npm client, which knows where its registry is and how to
// reach it from here; no address is written down in this program.
func npmPack(ctx context.Context, p pin, work string) (string, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", fmt.Errorf("engine: fetching the engine needs the npm client: install it (apt-get install -y npm) or set %s to a libchdb.so of version %s", LibraryEnv, p.version)
	}
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, npm, "pack", p.pkg+"@"+p.version, "--pack-destination", work, "--ignore-scripts", "--silent")
	cmd.Dir, cmd.Stdout, cmd.Stderr = work, &out, &errs
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", fmt.Errorf("engine: fetching %s@%s: %w", p.pkg, p.version, ctx.Err())
		}
		return "", fmt.Errorf("engine: npm pack %s@%s: %w: %s", p.pkg, p.version, err, lastLines(errs.String(), 5))
	}
	found, err := filepath.Glob(filepath.Join(work, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("engine: npm pack %s@%s left %d archives in %s: %s", p.pkg, p.version, len(found), work, lastLines(out.String(), 3))
	}
	return found[0], nil
}

func verify(archive, integrity string) error {
	f, err := os.Open(archive)
	if err != nil {
		return fmt.Errorf("engine: %w", err)
	}
	defer f.Close()
	sum := sha512.New()
	if _, err := io.Copy(sum, f); err != nil {
		return fmt.Errorf("engine: reading %s: %w", archive, err)
	}
	got := "sha512-" + base64.StdEncoding.EncodeToString(sum.Sum(nil))
	if got != integrity {
		return fmt.Errorf("engine: checksum of %s is %s, want %s: not unpacked", filepath.Base(archive), got, integrity)
	}
	return nil
}

// install moves the library into place first and writes its marker last, so
// that a marker never speaks of a library that is not whole.
func install(dir, lib string, p pin) (string, error) {
	path := filepath.Join(dir, libraryName)
	if err := os.Rename(lib, path); err != nil {
		return "", fmt.Errorf("engine: %w", err)
	}
	raw, err := json.MarshalIndent(p.marker(), "", "  ")
	if err != nil {
		return "", fmt.Errorf("engine: %w", err)
	}
	tmp := filepath.Join(dir, markerName+".new")
	if err := os.WriteFile(tmp, append(raw, '\n'), 0o644); err != nil {
		return "", fmt.Errorf("engine: %w", err)
	}
	if err := os.Rename(tmp, filepath.Join(dir, markerName)); err != nil {
		return "", fmt.Errorf("engine: %w", err)
	}
	return path, nil
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "; ")
}
