package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/grantwatch/grantwatch/access"
)

// WriteBatch makes a batch durable. It returns nil only when every table has it; after an error, or after a crash, the
// same batch is written again and each table takes what it does not have yet. The account of the batch goes last, so
// that what FeedStats counts is there.
//
// A batch that is written again must be the same in every field, Ingested included: events are partitioned by the week
// of Ingested and by whether they came late, and a token is known within its partition.
func (s *Store) WriteBatch(ctx context.Context, b *access.Batch) error {
	if b.Token == "" {
		return fmt.Errorf("store: batch of %s, %s: no token", b.Feed, b.Source)
	}
	if n := len(b.Events.Raw); n > 0 && n != b.Events.Len() {
		return fmt.Errorf("store: batch of %s, %s: %d raw records of %d events", b.Feed, b.Source, n, b.Events.Len())
	}
	hits, err := hitColumns(b)
	if err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(2) // the engine is bound by the processor: more at once is only more memory
	for _, t := range []struct {
		table string
		cols  []column
	}{
		{"events", eventColumns(b)}, {"usage", usageColumns(&b.Usage)}, {"coverage", coverageColumns(b.Coverage)},
		{"sessions", sessionColumns(b.Sessions)}, {"canaries", canaryColumns(b)}, {"dead_letters", deadColumns(b.Dead)}, {"hits", hits}, {"raw_events", rawColumns(b)},
	} {
		if length(t.cols[0].data) > 0 {
			g.Go(func() error { return s.insert(gctx, t.table, b.Token, t.cols) })
		}
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return s.insert(ctx, "batches", b.Token, batchColumns(b))
}

// like stands in a text that is another of the same event: the name of a role ends its actor's, the issuer of a role session
// is its actor, its session is its credential, and the chain names the actor's id again. It cannot come out of a log, since
// NUL is mended. The columns that people read put the text in its place.
const like = "\x00"

func likeOr(text, other string) string {
	if text == other {
		return like
	}
	return text
}

// lastPart is what stands behind the last slash.
func lastPart(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

func eventColumns(b *access.Batch) []column {
	e := &b.Events
	n := e.Len()
	at := func(table func(*access.EventRow) uint32) []uint32 { return pick(e.Rows, table) }
	whos, acts := at(func(r *access.EventRow) uint32 { return r.Who }), at(func(r *access.EventRow) uint32 { return r.Act })
	origins, changes := at(func(r *access.EventRow) uint32 { return r.Origin }), at(func(r *access.EventRow) uint32 { return r.Change })
	targets := at(func(r *access.EventRow) uint32 { return r.TargetList })
	who := func(field func(*access.Who) string) coded { return coded{whos, pick(e.Whos, field)} }
	act := func(field func(*access.Act) string) coded { return coded{acts, pick(e.Acts, field)} }
	change := func(field func(*access.Change) string) coded { return coded{changes, pick(e.Changes, field)} }
	return []column{
		{"team", typeLow, same{b.Team, n}}, {"feed", typeLow, same{b.Feed, n}}, {"ingested", typeMillis, same{b.Ingested, n}},
		{"time", typeMicros, eventTimes(e.Rows)}, {"id_uuid", typeUUID, eventIDs{e}}, {"id_text", typeString, otherIDs{e}},
		{"provider", typeLow, act(func(a *access.Act) string { return a.Provider })},
		{"account", typeLow, act(func(a *access.Act) string { return a.Account })},
		{"class", typeLow, act(func(a *access.Act) string { return a.Class })},
		{"log_class", typeLow, act(func(a *access.Act) string { return a.LogClass })},
		{"action", typeLow, act(func(a *access.Act) string { return a.Action })},
		{"access", typeLow, act(func(a *access.Act) string { return string(a.Access) })},
		{"outcome", typeLow, act(func(a *access.Act) string { return string(a.Outcome) })},
		{"error", typeLow, coded{at(func(r *access.EventRow) uint32 { return r.Error }), e.Errors}},
		{"actor_id", typeString, who(func(w *access.Who) string { return w.Actor.ID })},
		{"actor_uid", typeString, who(func(w *access.Who) string { return w.Actor.UID })},
		{"actor_name_own", typeString, who(func(w *access.Who) string { return likeOr(w.Actor.Name, lastPart(w.Actor.Principal)) })},
		{"actor_email", typeString, who(func(w *access.Who) string { return w.Actor.Email })},
		{"actor_kind", typeLow, who(func(w *access.Who) string { return string(w.Actor.Kind) })},
		{"issuer_own", typeString, who(func(w *access.Who) string { return likeOr(w.Actor.Issuer, w.Actor.Principal) })},
		{"credential", typeString, who(func(w *access.Who) string { return w.Actor.Credential })},
		{"actor", typeString, who(func(w *access.Who) string { return w.Actor.Principal })},
		{"permission", typeLow, act(func(a *access.Act) string { return a.Permission })},
		{"scope", typeLow, act(func(a *access.Act) string { return a.Scope })},
		{"via", typeLow, act(func(a *access.Act) string { return a.Via })},
		{"src_ip", typeString, coded{origins, pick(e.Origins, func(o *access.Origin) string { return o.SrcIP })}},
		{"user_agent", typeLow, coded{origins, pick(e.Origins, func(o *access.Origin) string { return o.UserAgent })}},
		{"session_own", typeString, who(func(w *access.Who) string { return likeOr(w.Session, w.Actor.Credential) })},
		{"change_kind", typeLow, change(func(c *access.Change) string { return string(c.Kind) })},
		{"change_subject", typeString, change(func(c *access.Change) string { return c.Subject })},
		{"change_grant", typeString, change(func(c *access.Change) string { return c.Grant })},
		{"flag", typeLow, act(func(a *access.Act) string { return a.Flag })},
		{"chain_own", typeString, who(chain)},
		{"groups_own", typeString, who(func(w *access.Who) string { return joined(w.Actor.Groups, func(s *string) string { return *s }) })},
		{"target_ids_own", typeString, targetTexts{targets, e.Targets, func(t *access.Target) string { return t.ID }}},
		{"target_types_own", typeString, targetTexts{targets, e.Targets, func(t *access.Target) string { return t.Type }}},
		{"attrs_own", typeString, coded{at(func(r *access.EventRow) uint32 { return r.AttrSet }), pick(e.Attrs, attributes)}},
	}
}

// likeID stands for the actor's id in a chain, and before a link that begins with it.
const likeID = "\x01"

func chain(w *access.Who) string {
	return joined(w.Actor.Chain, func(link *string) string {
		switch {
		case *link == w.Actor.ID:
			return likeID
		case strings.HasPrefix(*link, likeID):
			return likeID + *link
		}
		return *link
	})
}

// endOfElement stands behind each element of a list that is kept as one text. None has it in it: NUL is mended where it comes
// in, and here once more, because one that is not would make two elements of one.
const endOfElement = "\x00"

func element(text string) string {
	if strings.Contains(text, endOfElement) {
		return strings.ReplaceAll(text, endOfElement, "\uFFFD")
	}
	return text
}

func joined[R any](rows []R, text func(*R) string) string {
	return string(appendJoined(nil, rows, text))
}

func appendJoined[R any](b []byte, rows []R, text func(*R) string) []byte {
	for i := range rows {
		b = append(b, element(text(&rows[i]))...)
		b = append(b, endOfElement...)
	}
	return b
}

// attributes has the names and values of a map, one after the other, in the order of the names: Go's own differs each time.
func attributes(m *map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(*m)) {
		b.WriteString(element(k))
		b.WriteString(endOfElement)
		b.WriteString(element((*m)[k]))
		b.WriteString(endOfElement)
	}
	return b.String()
}

// rawColumns are the records as they came, beside what is needed to find them and to forget them in time.
func rawColumns(b *access.Batch) []column {
	e := &b.Events
	n := len(e.Raw)
	if n == 0 {
		return []column{{"id", typeString, []string(nil)}}
	}
	ids := make([]string, n)
	for i := range ids {
		ids[i] = string(e.ID(i))
	}
	actors := pick(e.Whos, func(w *access.Who) string { return w.Actor.Principal })
	return []column{
		{"id", typeString, ids}, {"team", typeLow, same{b.Team, n}}, {"feed", typeLow, same{b.Feed, n}},
		{"ingested", typeMillis, same{b.Ingested, n}}, {"expires", typeMinute, same{b.RawUntil, n}},
		{"time", typeMicros, eventTimes(e.Rows[:n])}, {"actor", typeString, coded{pick(e.Rows[:n], func(r *access.EventRow) uint32 { return r.Who }), actors}},
		{"raw", typeString, e.Raw},
	}
}

func repeat[T any](v T, n int) []T {
	out := make([]T, n)
	for i := range out {
		out[i] = v
	}
	return out
}

// pick takes one field of every row.
func pick[R, T any](rows []R, field func(*R) T) []T {
	out := make([]T, len(rows))
	for i := range rows {
		out[i] = field(&rows[i])
	}
	return out
}

func usageColumns(u *access.UsageTable) []column {
	n := u.Len()
	whos, uses := pick(u.Rows, func(r *access.UsageRow) uint32 { return r.Who }), pick(u.Rows, func(r *access.UsageRow) uint32 { return r.Use })
	who := func(field func(*access.Credited) string) coded { return coded{whos, pick(u.Whos, field)} }
	use := func(field func(*access.Permitted) string) coded { return coded{uses, pick(u.Uses, field)} }
	times := func(field func(*access.UsageRow) int64) micros { return pick(u.Rows, field) }
	return []column{
		{"team", typeLow, same{u.Team, n}},
		{"provider", typeLow, use(func(p *access.Permitted) string { return p.Provider })},
		{"account", typeLow, use(func(p *access.Permitted) string { return p.Account })},
		{"actor", typeString, who(func(w *access.Credited) string { return w.Actor })},
		{"actor_uid", typeString, who(func(w *access.Credited) string { return w.UID })},
		{"permission", typeLow, use(func(p *access.Permitted) string { return p.Permission })},
		{"scope", typeString, use(func(p *access.Permitted) string { return p.Scope })},
		{"via", typeString, use(func(p *access.Permitted) string { return p.Via })},
		{"feed", typeLow, same{u.Feed, n}},
		{"first", typeMicros, times(func(r *access.UsageRow) int64 { return firstMicros(r.First) })},
		{"last", typeMicros, times(func(r *access.UsageRow) int64 { return lastMicros(r.Last) })},
		{"last_ref", typeString, refs(u.Rows)},
		{"days", typeDays, pick(u.Rows, func(r *access.UsageRow) []uint16 { return r.Days })},
		{"first_denied", typeMicros, times(func(r *access.UsageRow) int64 { return firstMicros(r.FirstDenied) })},
		{"last_denied", typeMicros, times(func(r *access.UsageRow) int64 { return lastMicros(r.LastDenied) })},
		{"groups", typeStrings, pick(u.Rows, func(r *access.UsageRow) []string { return r.Groups })},
	}
}

func coverageColumns(c []access.CoverMinute) []column {
	type row = access.CoverMinute
	return []column{
		{"team", typeLow, pick(c, func(r *row) string { return r.Team })},
		{"feed", typeLow, pick(c, func(r *row) string { return r.Feed })},
		{"minute", typeMinute, pick(c, func(r *row) time.Time { return r.Minute })},
		{"first", typeMillis, pick(c, func(r *row) time.Time { return r.First })},
		{"last", typeMillis, pick(c, func(r *row) time.Time { return r.Last })},
	}
}

func sessionColumns(u []access.SessionUse) []column {
	type row = access.SessionUse
	return []column{
		{"team", typeLow, pick(u, func(r *row) string { return r.Team })},
		{"provider", typeLow, pick(u, func(r *row) string { return r.Provider })},
		{"credential", typeString, pick(u, func(r *row) string { return r.Credential })},
		{"parent", typeString, pick(u, func(r *row) string { return r.Parent })},
		{"parent_uid", typeString, pick(u, func(r *row) string { return r.ParentUID })},
		{"parent_cred", typeString, pick(u, func(r *row) string { return r.ParentCred })},
		{"role", typeString, pick(u, func(r *row) string { return r.Role })},
		{"issued", typeMicros, pick(u, func(r *row) time.Time { return orEpoch(r.Issued) })},
		{"first", typeMicros, pick(u, func(r *row) time.Time { return orFuture(r.First) })},
		{"last", typeMicros, pick(u, func(r *row) time.Time { return orEpoch(r.Last) })},
	}
}

func deadColumns(d []access.DeadLetter) []column {
	type row = access.DeadLetter
	return []column{
		{"team", typeLow, pick(d, func(r *row) string { return r.Team })},
		{"feed", typeLow, pick(d, func(r *row) string { return r.Feed })},
		{"id", typeString, pick(d, func(r *row) string { return r.ID })},
		{"reason", typeLow, pick(d, func(r *row) string { return string(r.Reason) })},
		{"detail", typeString, pick(d, func(r *row) string { return r.Detail })},
		{"position", typeString, pick(d, func(r *row) string { return r.Position })},
		{"at", typeMillis, pick(d, func(r *row) time.Time { return orEpoch(r.At) })},
		{"raw", typeString, pick(d, func(r *row) string { return string(r.Raw) })},
	}
}

func hitColumns(b *access.Batch) ([]column, error) {
	type row = access.Hit
	h := b.Hits
	body := make([]string, len(h))
	for i := range h {
		text, err := json.Marshal(&h[i].Event)
		if err != nil {
			return nil, fmt.Errorf("store: hit of %s: event %s: %w", h[i].Rule, h[i].Event.ID, err)
		}
		body[i] = string(text)
	}
	return []column{
		{"team", typeLow, pick(h, func(r *row) string { return r.Team })},
		{"rule", typeLow, pick(h, func(r *row) string { return r.Rule })},
		{"event_id", typeString, pick(h, func(r *row) string { return r.Event.ID })},
		{"severity", typeLow, pick(h, func(r *row) string { return string(r.Severity) })},
		{"why", typeString, pick(h, func(r *row) string { return r.Why })},
		{"feed", typeLow, pick(h, func(r *row) string { return r.Feed })},
		{"time", typeMicros, pick(h, func(r *row) time.Time { return r.Event.Time })},
		{"provider", typeLow, pick(h, func(r *row) string { return r.Event.Provider })},
		{"account", typeLow, pick(h, func(r *row) string { return r.Event.Account })},
		{"action", typeLow, pick(h, func(r *row) string { return r.Event.Action })},
		{"outcome", typeLow, pick(h, func(r *row) string { return string(r.Event.Outcome) })},
		{"actor", typeString, pick(h, func(r *row) string { return r.Event.Actor.Principal })},
		{"actor_uid", typeString, pick(h, func(r *row) string { return r.Event.Actor.UID })},
		{"ingested", typeMillis, repeat(b.Ingested, len(h))},
		{"body", typeString, body},
	}, nil
}

func batchColumns(b *access.Batch) []column {
	one := func(n int64) []int64 { return []int64{n} }
	return []column{
		{"team", typeLow, []string{b.Team}}, {"feed", typeLow, []string{b.Feed}}, {"source", typeString, []string{b.Source}},
		{"from_pos", "Int64", one(b.From)}, {"to_pos", "Int64", one(b.To)}, {"received", "Int64", one(b.Received)},
		{"stored", "Int64", one(int64(b.Events.Len()))}, {"filtered", "Int64", one(b.Filtered)},
		{"dead", "Int64", one(int64(len(b.Dead)))}, {"flagged", "Int64", one(b.Flagged)},
		{"lateness", typeCounts, [][]uint32{b.Lateness[:]}}, {"newest", typeMicros, []time.Time{orEpoch(b.Newest)}},
		{"accounts", typeStrings, [][]string{b.Accounts}}, {"ingested", typeMillis, []time.Time{b.Ingested}},
		{"token", typeString, []string{b.Token}},
	}
}
