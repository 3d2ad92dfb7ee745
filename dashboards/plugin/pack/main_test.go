package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// built is a folder as the build leaves it, with binaries that are only their heads.
func built(t *testing.T) (dist, source string) {
	t.Helper()
	dist, source = t.TempDir(), t.TempDir()
	meta, err := os.ReadFile("../src/plugin.json")
	if err != nil {
		t.Fatal(err)
	}
	head := func(machine byte) string {
		return "\x7fELF\x02\x01" + strings.Repeat("\x00", 12) + string([]byte{machine, 0, 0, 0})
	}
	for name, text := range map[string]string{
		"plugin.json": strings.NewReplacer("%VERSION%", "1.2.3", "%TODAY%", "2026-09-01").Replace(string(meta)), "module.js": "define([], function () {})",
		"README.md": "#", "CHANGELOG.md": "#", "LICENSE": "Apache", "img/logo.svg": "<svg/>", "img/query-editor.png": "png", "img/config-editor.png": "png", "img/soc-overview.png": "png",
		binaries[0]: head(0x3e), binaries[1]: head(0xb7),
	} {
		write(t, dist, name, text)
	}
	write(t, source, "a.go", "package a")
	write(t, source, "b/c.go", "package b")
	write(t, source, "a_test.go", "package a")
	return dist, source
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTheArchiveIsWhatTheCatalogWants(t *testing.T) {
	dist, source := built(t)
	out := t.TempDir()
	name, err := pack(dist, source, out)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Base(name) != "grantwatch-datasource-1.2.3.zip" {
		t.Errorf("it is called %s", name)
	}
	first := structure(t, name)
	again, err := pack(dist, source, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if second, err := os.ReadFile(again); err != nil || !bytes.Equal(first, second) {
		t.Errorf("the same build gives other bytes: %v", err)
	}
	sums, err := os.ReadFile(name + ".sha256")
	if err != nil || strings.Count(string(sums), "\n") != 13 || !strings.Contains(string(sums), "  grantwatch-datasource/module.js\n") || !strings.HasSuffix(string(sums), "  grantwatch-datasource-1.2.3.zip\n") {
		t.Errorf("hashes (%v):\n%s", err, sums)
	}
}

// structure checks an archive and returns its bytes.
func structure(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range z.File {
		rest, ok := strings.CutPrefix(f.Name, "grantwatch-datasource/")
		if !ok {
			t.Errorf("%s is outside of the plugin's folder", f.Name)
		}
		names = append(names, rest)
		want := os.FileMode(0o644)
		if strings.HasPrefix(rest, "gpx_") {
			want = 0o755
		}
		if f.Mode() != want {
			t.Errorf("%s has the mode %v", f.Name, f.Mode())
		}
		if rest == "MANIFEST.txt" || strings.Contains(rest, "node_modules") || strings.HasSuffix(rest, ".ts") {
			t.Errorf("%s has no place in it", f.Name)
		}
		if rest == "plugin.json" {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			var meta map[string]any
			if err := json.NewDecoder(r).Decode(&meta); err != nil || meta["id"] != "grantwatch-datasource" {
				t.Errorf("plugin.json: %v", err)
			}
			r.Close()
		}
	}
	for _, want := range append([]string{"plugin.json", "module.js", "README.md", "CHANGELOG.md", "LICENSE", "img/logo.svg", "go_plugin_build_manifest"}, binaries...) {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing", want)
		}
	}
	return data
}

func TestWhatGrafanaWouldNotLoadIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(dist string) error
		want  string
	}{
		"no binary":         {func(d string) error { return os.Remove(filepath.Join(d, binaries[1])) }, "arm64 is missing"},
		"another machine's": {func(d string) error { return os.Rename(filepath.Join(d, binaries[0]), filepath.Join(d, binaries[1])) }, "missing"},
		"no binary at all":  {func(d string) error { return os.WriteFile(filepath.Join(d, binaries[0]), []byte("#!/bin/sh"), 0o600) }, "no binary of its platform"},
		"not built":         {func(d string) error { return copyOf("../src/plugin.json", filepath.Join(d, "plugin.json")) }, "not built"},
		"no picture":        {func(d string) error { return os.Remove(filepath.Join(d, "img/query-editor.png")) }, "query-editor.png is missing"},
		"empty module":      {func(d string) error { return os.WriteFile(filepath.Join(d, "module.js"), nil, 0o600) }, "module.js is missing or empty"},
	} {
		t.Run(name, func(t *testing.T) {
			dist, source := built(t)
			if err := c.spoil(dist); err != nil {
				t.Fatal(err)
			}
			if _, err := pack(dist, source, t.TempDir()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func copyOf(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}

// TestTheRealArchive looks at what make plugin built, where it has.
func TestTheRealArchive(t *testing.T) {
	found, err := filepath.Glob("../../../dist/grantwatch-datasource-*.zip")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range found {
		structure(t, name)
	}
}
