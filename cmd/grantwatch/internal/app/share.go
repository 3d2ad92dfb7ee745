package app

import (
	"context"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/ingest/source/kafka"
	"github.com/grantwatch/grantwatch/store"
)

// alertTopic is divided among the processes that tell.
const alertTopic = "grantwatch.alert"

// Share says which teams are told from this process.
type Share struct {
	Owns func(team string) bool // nil: all
	Run  func(ctx context.Context) error
}

// Sharing joins the processes that tell, when Kafka is configured.
func (a *App) Sharing(now func() time.Time) (Share, error) {
	k := a.kafkaConfig()
	if len(k.Brokers) == 0 {
		return Share{Run: func(context.Context) error { return nil }}, nil
	}
	m, err := kafka.NewMember(kafka.MemberConfig{
		Brokers: k.Brokers, Group: k.Group + ".alert", Topic: alertTopic, Partitions: int32(a.Cfg.Alert.Partitions), SASL: k.SASL, TLS: k.TLS,
		SessionTimeout: k.SessionTimeout, RebalanceTimeout: k.RebalanceTimeout, Now: now, Changed: a.Nudge,
		Report: func(err error) { a.Notice("kafka: %v", err) },
	})
	if err != nil {
		return Share{}, err
	}
	return Share{Owns: m.Owns, Run: func(ctx context.Context) error { return m.Run(ctx, a.quiesce) }}, nil
}

// quiesce waits until no message is under way.
func (a *App) quiesce() {
	a.alerting.Lock()
	t := a.alerter
	a.alerting.Unlock()
	if t != nil {
		t.Settle()
	}
}

// Load makes a view of the findings in the store, when they have changed since the last time: for a process that tells
// and does not judge.
func (a *App) Load(ctx context.Context, now time.Time) error {
	mark, err := a.Store.FindingsMark(ctx)
	if err != nil || mark == a.loaded {
		return err
	}
	list, err := a.Store.FindingsAll(ctx, store.FindingFilter{States: []string{ledger.StateOpen, ledger.StateReopened, ledger.StateExcepted}})
	if err != nil {
		return err
	}
	people, err := a.Store.Identities(ctx)
	if err != nil {
		return err
	}
	res := &detect.Result{}
	for _, f := range a.Feeds() {
		res.Feeds = append(res.Feeds, detect.FeedReport{Name: f.Name, Team: f.Team, Provider: f.Provider})
	}
	for i := range list {
		if list[i].LastSeen.After(res.Now) {
			res.Now = list[i].LastSeen // the newest evaluation
		}
	}
	if res.Now.IsZero() {
		res.Now = now
	}
	a.directory.Store(alert.NewPeople(people, now))
	heads := map[access.Kind]int{}
	for i := range people {
		heads[people[i].Kind]++
	}
	a.loaded = mark
	a.Newest(ledger.NewView(res, list, nil, a.teamInfo(), heads[access.Human], len(people)-heads[access.Human]))
	return nil
}
