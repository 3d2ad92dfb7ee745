package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrNotFetched says that the engine library is not in the cache yet.
var ErrNotFetched = errors.New("engine: library not fetched yet")

const (
	libraryName = "libchdb.so"
	markerName  = "engine.json"
)

// marker is written beside the library when it is complete. It stands in for
// hashing half a gigabyte at every start.
type marker struct {
	Version   string `json:"version"`
	Platform  string `json:"platform"`
	Integrity string `json:"integrity"`
	Size      int64  `json:"size"`
}

func (p pin) marker() marker {
	return marker{Version: p.version, Platform: p.platform, Integrity: p.integrity, Size: p.size}
}

// Find returns the path of the engine library, or ErrNotFetched.
func Find() (string, error) {
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
	return findIn(dir, p)
}

func override() (path string, set bool, err error) {
	path = os.Getenv(LibraryEnv)
	if path == "" {
		return "", false, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", true, fmt.Errorf("engine: %s: %w", LibraryEnv, err)
	}
	if !info.Mode().IsRegular() {
		return "", true, fmt.Errorf("engine: %s: %s is not a file", LibraryEnv, path)
	}
	return path, true, nil
}

func cacheDir(p pin) (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("engine: no cache directory (set HOME, or %s): %w", LibraryEnv, err)
	}
	return filepath.Join(base, "grantwatch", "engine", p.version+"-"+p.platform), nil
}

func findIn(dir string, p pin) (string, error) {
	raw, err := os.ReadFile(filepath.Join(dir, markerName))
	if errors.Is(err, fs.ErrNotExist) {
		return "", ErrNotFetched
	}
	if err != nil {
		return "", fmt.Errorf("engine: %w", err)
	}
	var m marker
	if json.Unmarshal(raw, &m) != nil || m != p.marker() {
		return "", ErrNotFetched
	}
	path := filepath.Join(dir, libraryName)
	info, err := os.Stat(path)
	if err != nil || info.Size() != p.size {
		return "", ErrNotFetched
	}
	return path, nil
}
