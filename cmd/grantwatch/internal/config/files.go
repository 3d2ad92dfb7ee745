package config

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// Files is the file system that a configuration's paths are read from: relative ones beside the file, absolute ones as
// they are. With a base (the demo's virtual organisation) everything comes from there.
func Files(c *Config, base fs.FS) fs.FS {
	if base != nil {
		if c.Dir == "." || c.Dir == "" {
			return base
		}
		if sub, err := fs.Sub(base, c.Dir); err == nil {
			return sub
		}
		return base
	}
	return disk{c.Dir}
}

// disk opens machine paths; unlike os.DirFS it takes absolute paths and "..", which configurations use.
type disk struct{ dir string }

func (d disk) join(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(d.dir, name)
}

// Open opens a file.
func (d disk) Open(name string) (fs.File, error) { return os.Open(d.join(name)) }

// Stat describes a file.
func (d disk) Stat(name string) (fs.FileInfo, error) { return os.Stat(d.join(name)) }

// Glob lists the files that match a pattern, named as the pattern names them.
func (d disk) Glob(pattern string) ([]string, error) {
	found, err := filepath.Glob(d.join(pattern))
	if err != nil || filepath.IsAbs(pattern) {
		return found, err
	}
	base := filepath.Clean(d.dir)
	for i, f := range found {
		if rel, err := filepath.Rel(base, f); err == nil {
			found[i] = filepath.ToSlash(rel)
		}
	}
	slices.Sort(found)
	return found, nil
}

// Expand lists the files of some patterns, each once, in order.
func Expand(fsys fs.FS, patterns []string) ([]string, error) {
	var out []string
	for _, p := range patterns {
		found, err := fs.Glob(fsys, path.Clean(filepath.ToSlash(p)))
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	return out, nil
}
