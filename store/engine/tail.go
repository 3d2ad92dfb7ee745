package engine

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
)

// tail passes on what a child writes, line by line, and keeps the last lines
// for the message that says why it did not start.
type tail struct {
	log  *slog.Logger
	mu   sync.Mutex
	part []byte
	last []string
}

const (
	tailLines = 12
	tailLine  = 2048
)

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.part = append(t.part, p...)
	for {
		i := bytes.IndexByte(t.part, '\n')
		if i < 0 && len(t.part) < tailLine {
			return len(p), nil
		}
		if i < 0 {
			i = len(t.part) - 1
		}
		line := strings.TrimSpace(string(t.part[:min(i, tailLine)]))
		t.part = t.part[i+1:]
		if line == "" {
			continue
		}
		t.log.Info("engine says", "line", line)
		if t.last = append(t.last, line); len(t.last) > tailLines {
			t.last = t.last[1:]
		}
	}
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := t.last
	if rest := strings.TrimSpace(string(t.part)); rest != "" {
		lines = append(lines[:len(lines):len(lines)], rest)
	}
	return strings.Join(lines, "; ")
}
