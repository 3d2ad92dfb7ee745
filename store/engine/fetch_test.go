package engine

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// fakeRegistry puts an npm of its own first in the path: it copies an archive
// to where it was asked to put it and counts how often it was asked.
func fakeRegistry(t *testing.T, files map[string]string) (p pin, asked func() int) {
	t.Helper()
	dir := t.TempDir()
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	tw := tar.NewWriter(zw)
	for _, name := range []string{"package/package.json", "../../escape", "package/libchdb.so"} {
		text, ok := files[name]
		if !ok {
			continue
		}
		if err := tw.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(tw.Close(), zw.Close()); err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(dir, "archive")
	calls := filepath.Join(dir, "calls")
	script := fmt.Sprintf("#!/bin/sh\necho \"$@\" >> %s\ncp %s \"$4/engine-1.tgz\"\n", calls, archive)
	bin := filepath.Join(dir, "bin")
	if err := errors.Join(os.WriteFile(archive, b.Bytes(), 0o600), os.Mkdir(bin, 0o700), os.WriteFile(filepath.Join(bin, "npm"), []byte(script), 0o700)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	sum := sha512.Sum512(b.Bytes())
	p = pin{platform: "test", pkg: "@example/engine", version: "1.0.0", integrity: "sha512-" + base64.StdEncoding.EncodeToString(sum[:]), size: int64(len(files["package/libchdb.so"]))}
	return p, func() int {
		raw, _ := os.ReadFile(calls) // absent: never asked
		return strings.Count(string(raw), "\n")
	}
}

func TestFetch(t *testing.T) {
	text := strings.Repeat("engine", 500_000)
	p, asked := fakeRegistry(t, map[string]string{"package/package.json": "{}", "../../escape": "x", "package/libchdb.so": text})
	dir := filepath.Join(t.TempDir(), "cache", "1.0.0-test")
	if _, err := findIn(dir, p); !errors.Is(err, ErrNotFetched) {
		t.Fatalf("before: %v", err)
	}
	var last, total int64
	path, err := fetchInto(t.Context(), dir, p, func(d, n int64) {
		if d < last || n != p.size {
			t.Errorf("progress %d of %d after %d", d, n, last)
		}
		last, total = d, n
	})
	if err != nil {
		t.Fatal(err)
	}
	if last != total || total != int64(len(text)) {
		t.Errorf("progress ended at %d of %d", last, total)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != text {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if found, err := findIn(dir, p); err != nil || found != path {
		t.Fatalf("after: %s, %v", found, err)
	}
	// Offline from here on.
	t.Setenv("PATH", "")
	if again, err := fetchInto(t.Context(), dir, p, nil); err != nil || again != path || asked() != 1 {
		t.Fatalf("again: %s, %v, asked %d times", again, err, asked())
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(dir), "escape")); err == nil {
		t.Error("a file of the archive was written outside")
	}
	// A library that was cut short or another version is not used.
	if err := os.Truncate(path, 10); err != nil {
		t.Fatal(err)
	}
	if _, err := findIn(dir, p); !errors.Is(err, ErrNotFetched) {
		t.Errorf("cut short: %v", err)
	}
	other := p
	other.version = "2.0.0"
	if _, err := findIn(dir, other); !errors.Is(err, ErrNotFetched) {
		t.Errorf("other version: %v", err)
	}
}

func TestFetchRefuses(t *testing.T) {
	good := map[string]string{"package/libchdb.so": "engine"}
	for _, tc := range []struct {
		name  string
		files map[string]string
		edit  func(*pin)
		want  string
	}{
		{"other content", good, func(p *pin) { p.integrity = "sha512-AAAA" }, "not unpacked"},
		{"no library", map[string]string{"package/package.json": "{}"}, nil, "holds no libchdb.so"},
		{"other size", good, func(p *pin) { p.size = 7 }, "want 7"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, _ := fakeRegistry(t, tc.files)
			if tc.edit != nil {
				tc.edit(&p)
			}
			dir := t.TempDir()
			_, err := fetchInto(t.Context(), dir, p, nil)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("error %v, want %q", err, tc.want)
			}
			if entries, _ := os.ReadDir(dir); len(entries) != 1 {
				t.Errorf("left behind: %v", entries)
			}
		})
	}
}

func TestFetchWithoutNPM(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := fetchInto(t.Context(), t.TempDir(), pins["linux/amd64"], nil)
	if err == nil || !strings.Contains(err.Error(), "apt-get install -y npm") || !strings.Contains(err.Error(), LibraryEnv) {
		t.Fatalf("error %v", err)
	}
}

func TestFetchAtOnce(t *testing.T) {
	p, asked := fakeRegistry(t, map[string]string{"package/libchdb.so": strings.Repeat("engine", 100_000)})
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if _, err := fetchInto(t.Context(), dir, p, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if asked() != 1 {
		t.Errorf("npm ran %d times", asked())
	}
}

func TestFetchStops(t *testing.T) {
	p, asked := fakeRegistry(t, map[string]string{"package/libchdb.so": "engine"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := fetchInto(ctx, t.TempDir(), p, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v after %d calls", err, asked())
	}
}

func TestOverride(t *testing.T) {
	lib := filepath.Join(t.TempDir(), "mine.so")
	t.Setenv(LibraryEnv, lib)
	if _, err := Find(); err == nil || !strings.Contains(err.Error(), LibraryEnv) {
		t.Fatalf("a library that is not there: %v", err)
	}
	if err := os.WriteFile(lib, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, fn := range map[string]func() (string, error){"Find": Find, "Fetch": func() (string, error) { return Fetch(t.Context(), nil) }} {
		if got, err := fn(); err != nil || got != lib {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestPlatformWithoutPin(t *testing.T) {
	if _, err := pinFor("plan9", "mips"); err == nil || !strings.Contains(err.Error(), "plan9/mips") || !strings.Contains(err.Error(), LibraryEnv) {
		t.Fatalf("error %v", err)
	}
}
