// Command gendocs writes the pages of the shipped rules. Run it at the root of the repository:
//
//	go run ./rules/gendocs           write docs/rules
//	go run ./rules/gendocs -check    fail when docs/rules is not what would be written
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/grantwatch/grantwatch/rules"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "gendocs:", err)
		os.Exit(2)
	}
}

func run(args []string) error {
	check := len(args) == 1 && args[0] == "-check"
	if len(args) > 0 && !check {
		return fmt.Errorf("usage: gendocs [-check]")
	}
	const dir = "docs/rules"
	set, problems := rules.Load(rules.Options{Library: true})
	if rules.HasErrors(problems) {
		return fmt.Errorf("the shipped rules do not load:\n%w", problems[0])
	}
	pages := rules.GeneratePages(set)
	old, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		return err
	}
	if check {
		return compare(dir, pages, old)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	for _, path := range old {
		if pages[filepath.Base(path)] == nil {
			if err := os.Remove(path); err != nil { // the rule is gone
				return err
			}
		}
	}
	for name, page := range pages {
		if err := os.WriteFile(filepath.Join(dir, name), page, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// compare fails when a page is missing, out of date or left over.
func compare(dir string, pages map[string][]byte, old []string) error {
	for _, path := range old {
		if pages[filepath.Base(path)] == nil {
			return fmt.Errorf("%s belongs to no rule: run make generate", path)
		}
	}
	for name, page := range pages {
		have, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return fmt.Errorf("%w: run make generate", err)
		}
		if !bytes.Equal(have, page) {
			return fmt.Errorf("%s is out of date: run make generate", filepath.Join(dir, name))
		}
	}
	return nil
}
