package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
)

// reads tells whether this process reads a feed.
func (a *App) reads(feed string) bool { return a.only == nil || slices.Contains(a.only, feed) }

// teamOf is the team of a feed; empty when there is no such feed.
func (a *App) teamOf(feed string) string {
	for _, f := range a.Cfg.Feeds {
		if f.Name == feed {
			return f.Team
		}
	}
	return ""
}

// ReadLogs reads what is new in the logs since the last time, with the rules and people that the rules on events need.
// Nothing but logs is stored: grants and people are the business of whoever evaluates.
func (a *App) ReadLogs(ctx context.Context, now time.Time, settle time.Duration) error {
	if _, err := a.refresh(ctx, a.followers == nil, []part{
		{"rules", a.ruleFiles(), a.loadRules},
		{"identities", a.peopleFiles(), func() error { return a.loadIdentities(now) }},
	}); err != nil {
		return err
	}
	return a.follow(ctx, now, settle)
}

// CheckFeeds checks the names of feeds that were given to read these only.
func CheckFeeds(cfg *config.Config, only []string) error {
	known := make([]string, 0, len(cfg.Feeds))
	for _, f := range cfg.Feeds {
		known = append(known, f.Name)
	}
	for _, name := range only {
		if !slices.Contains(known, name) {
			return fmt.Errorf("--feeds: %s has no feed %q; it has %s", cfg.File, name, strings.Join(known, ", "))
		}
	}
	return nil
}

// CheckShared refuses files and buckets that nobody was chosen to read. Several ingesters can use one server, and all of them would
// read every file, each with its own idea of where a batch ends; topics and pushed requests are divided by themselves.
func CheckShared(cfg *config.Config, only []string) error {
	if only != nil || cfg.Store.DSN == "" && cfg.Store.DSNFile == "" {
		return nil
	}
	var files []string
	for _, f := range cfg.Feeds {
		if len(f.From.File) > 0 || f.From.S3 != nil {
			files = append(files, f.Name)
		}
	}
	if len(files) == 0 {
		return nil
	}
	return fmt.Errorf("feeds read from files or buckets belong to one process: %s; say with --feeds which feeds this one reads", strings.Join(files, ", "))
}
