package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/queries/queriestest"
)

// counters are what was used up to now.
type counters struct {
	engine, ours time.Duration // processor time
	rows, bytes  int64         // that the engine read from tables
}

func (c counters) since(d counters) counters {
	return counters{c.engine - d.engine, c.ours - d.ours, c.rows - d.rows, c.bytes - d.bytes}
}

// now reads the counters of the engine, which any ClickHouse has, and of this process.
func now(ctx context.Context, e queriestest.Engine) (counters, error) {
	text, err := e.Ask(ctx, "SELECT event, value FROM system.events WHERE event IN ('OSCPUVirtualTimeMicroseconds', 'SelectedRows', 'SelectedBytes')", nil)
	if err != nil {
		return counters{}, err
	}
	var c counters
	for f := fields(text); len(f) > 1; f = f[2:] {
		n, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			return c, fmt.Errorf("system.events: %w", err)
		}
		switch f[0] {
		case "OSCPUVirtualTimeMicroseconds":
			c.engine = time.Duration(n) * time.Microsecond
		case "SelectedRows":
			c.rows = n
		case "SelectedBytes":
			c.bytes = n
		}
	}
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return c, err
	}
	c.ours = time.Duration(used.Utime.Nano() + used.Stime.Nano())
	return c, nil
}

func fields(text string) []string { return strings.Fields(text) }
