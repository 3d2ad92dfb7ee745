package main

import (
	"fmt"
	"strings"
	"time"
)

// diff counts what is missing and what is there too much.
type diff struct{ lost, doubled int }

func (d diff) String() string { return fmt.Sprintf("%d/%d", d.lost, d.doubled) }

// outcome is what a fault came to.
type outcome struct {
	events                   int // that were made
	stored, usage, cover     diff
	accounts                 []string // feeds whose account of batches does not add up
	notes                    []string
	broken                   []string // promises beside lost and duplicated that were not kept
	failed                   error    // the fault could not be run to its end
	usageRows, coverageCells int
}

func (o *outcome) note(format string, args ...any) {
	o.notes = append(o.notes, fmt.Sprintf(format, args...))
}

// expect takes note of a promise that was not kept.
func (o *outcome) expect(ok bool, format string, args ...any) {
	if !ok {
		o.broken = append(o.broken, fmt.Sprintf(format, args...))
	}
}

func (o *outcome) good() bool {
	return o.failed == nil && o.stored == diff{} && o.usage == diff{} && o.cover == diff{} && len(o.accounts) == 0 && len(o.broken) == 0
}

// line is the one line of a fault: lost and duplicated are the sums over events and roll-ups, which follow.
func (o *outcome) line(name string, took time.Duration) string {
	verdict := "ok    "
	if !o.good() {
		verdict = "FAILED"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-15s %s", name, verdict)
	if o.failed != nil {
		fmt.Fprintf(&b, " %v", o.failed)
		return b.String()
	}
	fmt.Fprintf(&b, " lost %d duplicated %d | %d events %s, %d usage rows %s, %d coverage minutes %s", o.stored.lost+o.usage.lost+o.cover.lost,
		o.stored.doubled+o.usage.doubled+o.cover.doubled, o.events, o.stored, o.usageRows, o.usage, o.coverageCells, o.cover)
	for _, n := range o.notes {
		b.WriteString(" | " + n)
	}
	for _, a := range o.accounts {
		b.WriteString(" | ACCOUNT " + a)
	}
	for _, p := range o.broken {
		b.WriteString(" | BROKEN " + p)
	}
	fmt.Fprintf(&b, " | %s", took.Round(time.Second))
	return b.String()
}
