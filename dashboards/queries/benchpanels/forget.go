package main

import (
	"context"
	"io/fs"
	"os"

	"github.com/grantwatch/grantwatch/dashboards/queries/queriestest"
)

// forget makes the next query a cold one: the engine's caches are emptied, and the system is told that the pages of the
// data will not be needed.
func forget(ctx context.Context, e queriestest.Engine, data string) error {
	for _, cache := range []string{"MARK CACHE", "PRIMARY INDEX CACHE", "INDEX MARK CACHE", "INDEX UNCOMPRESSED CACHE", "UNCOMPRESSED CACHE", "QUERY CONDITION CACHE", "QUERY CACHE"} {
		if _, err := e.Ask(ctx, "SYSTEM DROP "+cache, nil); err != nil {
			return err
		}
	}
	root, err := os.OpenRoot(data)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // it was only read through
	return fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil // parts come and go
		}
		f, err := root.Open(path)
		if err != nil {
			return nil
		}
		defer f.Close()
		dontNeed(f)
		return nil
	})
}
