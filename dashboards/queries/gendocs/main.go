// Command gendocs writes docs/queries.md. Run it at the root of the repository:
//
//	go run ./dashboards/queries/gendocs           write the page
//	go run ./dashboards/queries/gendocs -check    fail when the page is not what would be written
package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/grantwatch/grantwatch/dashboards/queries"
)

const path = "docs/queries.md"

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
	page := queries.Page()
	if !check {
		return os.WriteFile(path, page, 0o600)
	}
	have, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%w: run make generate", err)
	}
	if !bytes.Equal(have, page) {
		return fmt.Errorf("%s is out of date: run make generate", path)
	}
	return nil
}
