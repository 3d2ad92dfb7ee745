package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/grantwatch/grantwatch/alert/slack/slacktest"
)

// mailbox is a Slack workspace that notes when a planted record was first named in a request.
type mailbox struct {
	slack *slacktest.Server
	http  *httptest.Server

	lock     sync.Mutex
	heard    map[string]hearing
	posted   int
	complain []string
}

type hearing struct {
	at     time.Time
	method string
}

func channel(n int) string { return fmt.Sprintf("team-%03d", n) }

// planted is the name of the actor of a planted record; the first number is the channel's.
func planted(n, channels int) string { return fmt.Sprintf("planted-%03d-%05d", n%channels, n) }

var plantedName = regexp.MustCompile(`planted-\d{3}-\d{5}`)

func newMailbox(channels int) *mailbox {
	m := &mailbox{heard: map[string]hearing{}}
	m.slack = slacktest.New(slacktest.Options{Complain: func(f string, args ...any) {
		m.lock.Lock()
		defer m.lock.Unlock()
		m.complain = append(m.complain, fmt.Sprintf(f, args...))
	}})
	for n := range channels {
		m.slack.AddChannel(fmt.Sprintf("C%08d", n), channel(n))
	}
	m.http = httptest.NewServer(m)
	return m
}

func (m *mailbox) url() string { return m.http.URL }
func (m *mailbox) close()      { m.http.Close() }

// ServeHTTP notes the moment and lets the workspace answer.
func (m *mailbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	m.lock.Lock()
	if method == "chat.postMessage" {
		m.posted++
	}
	if method == "chat.postMessage" || method == "chat.update" {
		for _, id := range plantedName.FindAllString(string(body), -1) {
			if _, ok := m.heard[id]; !ok {
				m.heard[id] = hearing{at, method}
			}
		}
	}
	m.lock.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	m.slack.ServeHTTP(w, r)
}

func (m *mailbox) posts() int {
	m.lock.Lock()
	defer m.lock.Unlock()
	return m.posted
}

// complaints are what Slack would not have liked, such as two messages within a second in a channel.
func (m *mailbox) complaints() []string {
	m.lock.Lock()
	defer m.lock.Unlock()
	return slices.Clone(m.complain)
}

// await waits until n planted records were named, but not for longer than patience.
func (m *mailbox) await(ctx context.Context, n int, patience time.Duration) map[string]hearing {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for {
		heard := m.soFar()
		if len(heard) >= n {
			return heard
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return heard
		case <-late:
			return heard
		}
	}
}

func (m *mailbox) soFar() map[string]hearing {
	m.lock.Lock()
	defer m.lock.Unlock()
	return maps.Clone(m.heard)
}
