package main

import (
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/app"
)

// onTerminal reports whether w is a terminal: long work shows progress there and nothing on a pipe.
func onTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// fetchBar shows how far the engine's download has come.
func fetchBar(w io.Writer) func(done, total int64) {
	if !onTerminal(w) {
		return nil
	}
	var once sync.Once
	var bar *progressbar.ProgressBar
	return func(done, total int64) {
		once.Do(func() {
			bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(w), progressbar.OptionShowBytes(true),
				progressbar.OptionSetDescription("engine"), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))
		})
		_ = bar.Set64(done) // a bar that cannot be drawn stops nothing
	}
}

// meter shows stages and counted records on a terminal; total is the number of records when it is known, else -1.
func meter(w io.Writer, total int64) (app.Meter, func()) {
	if !onTerminal(w) {
		return app.Meter{}, func() {}
	}
	bar := progressbar.NewOptions64(total, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription("starting"), progressbar.OptionShowCount(),
		progressbar.OptionShowIts(), progressbar.OptionSetItsString("records"), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(100e6), progressbar.OptionFullWidth())
	m := app.Meter{
		Stage: func(name string) { bar.Describe(fmt.Sprintf("%-12s", name)) },
		Add:   func(records, _ int64) { _ = bar.Add64(records) },
	}
	return m, func() { _ = bar.Finish() }
}
