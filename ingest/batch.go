package ingest

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/grantwatch/grantwatch/access"
)

// buffer is a batch that is being filled, and the memory that it is made of. Buffers are used again and again: columns,
// arenas and maps keep their memory.
type buffer struct {
	batch    access.Batch
	arena    arena    // the records themselves, when the feed keeps them
	strings  []string // the chains, groups and targets of all events, one after the other
	hash     *xxh3.Hasher
	bytes    int64
	told     int64 // records that the observer knows of
	fold     fold
	accounts map[string]struct{}
}

func newBuffer() *buffer {
	return &buffer{hash: xxh3.New(), accounts: map[string]struct{}{}, fold: newFold()}
}

// begin empties the buffer for a stretch that starts at from.
func (b *buffer) begin(team, feed, source string, from int64, now time.Time) {
	c := b.batch.Events
	resetColumns(&c)
	dead, hits, canaries := b.batch.Dead[:0], b.batch.Hits[:0], b.batch.Canaries[:0]
	clear(dead[:cap(dead)]) // raw records of a bad hour must not be kept alive
	clear(hits[:cap(hits)])
	b.batch = access.Batch{Team: team, Feed: feed, Source: source, From: from, To: from, Ingested: now, Events: c, Dead: dead, Hits: hits, Canaries: canaries}
	b.strings = b.strings[:0]
	b.arena.reset()
	b.hash.Reset()
	b.bytes, b.told = 0, 0
	clear(b.accounts)
	b.fold.begin(team, feed)
}

// raw adds a record's bytes to the payload hash of the token.
func (b *buffer) raw(rec []byte) {
	var n [8]byte
	for i := range n {
		n[i] = byte(len(rec) >> (8 * i)) // so that "ab","c" is not "a","bc"
	}
	_, _ = b.hash.Write(n[:]) // a hash does not fail
	_, _ = b.hash.Write(rec)
	b.bytes += int64(len(rec))
	b.batch.Received++
}

// end closes the stretch at to, and makes the batch complete.
func (b *buffer) end(to int64) *access.Batch {
	x := &b.batch
	x.To = to
	sum := b.hash.Sum128().Bytes()
	x.Token = fmt.Sprintf("%s/%s/%d-%d/%s", x.Feed, x.Source, x.From, x.To, hex.EncodeToString(sum[:]))
	x.Usage, x.Coverage, x.Sessions = b.fold.end()
	x.Accounts = slices.Sorted(maps.Keys(b.accounts))
	return x
}

// keep keeps the bytes of the record that was appended last.
func (b *buffer) keep(rec []byte) {
	b.batch.Events.Raw = append(b.batch.Events.Raw, b.arena.copy(rec))
}

// event appends an event to the columns. The strings of an event are its decoder's and live on; its slices are copied,
// and its map is exchanged for one that an earlier batch has done with.
func (b *buffer) event(ev *access.Event, flag string) {
	c := &b.batch.Events
	a := &ev.Actor
	c.ID, c.Provider, c.Account = append(c.ID, ev.ID), append(c.Provider, ev.Provider), append(c.Account, ev.Account)
	c.Class, c.LogClass, c.Action = append(c.Class, ev.Class), append(c.LogClass, ev.LogClass), append(c.Action, ev.Action)
	c.Access, c.Outcome, c.Error = append(c.Access, string(ev.Access)), append(c.Outcome, string(ev.Outcome)), append(c.Error, ev.Error)
	c.ActorID, c.ActorUID, c.ActorName = append(c.ActorID, a.ID), append(c.ActorUID, a.UID), append(c.ActorName, a.Name)
	c.ActorEmail, c.ActorKind, c.Issuer = append(c.ActorEmail, a.Email), append(c.ActorKind, string(a.Kind)), append(c.Issuer, a.Issuer)
	c.Credential, c.Principal = append(c.Credential, a.Credential), append(c.Principal, a.Principal)
	c.Permission, c.Scope, c.Via = append(c.Permission, ev.Permission), append(c.Scope, ev.Scope), append(c.Via, ev.Via)
	c.SrcIP, c.UserAgent, c.Session = append(c.SrcIP, ev.SrcIP), append(c.UserAgent, ev.UserAgent), append(c.Session, ev.Session)
	var ch access.Change
	if ev.Change != nil {
		ch = *ev.Change
	}
	c.ChangeKind, c.ChangeSubject, c.ChangeGrant = append(c.ChangeKind, string(ch.Kind)), append(c.ChangeSubject, ch.Subject), append(c.ChangeGrant, ch.Grant)
	c.Flag, c.Time = append(c.Flag, flag), append(c.Time, ev.Time)
	c.Chain, c.Groups = append(c.Chain, b.copied(a.Chain)), append(c.Groups, b.copied(a.Groups))
	c.TargetIDs = append(c.TargetIDs, b.targets(ev.Targets, func(t *access.Target) string { return t.ID }))
	c.TargetTypes = append(c.TargetTypes, b.targets(ev.Targets, func(t *access.Target) string { return t.Type }))
	b.attrs(ev)
	b.accounts[ev.Account] = struct{}{}
}

func (b *buffer) copied(list []string) []string {
	from := len(b.strings)
	b.strings = append(b.strings, list...)
	return b.strings[from:len(b.strings):len(b.strings)]
}

func (b *buffer) targets(list []access.Target, field func(*access.Target) string) []string {
	from := len(b.strings)
	for i := range list {
		b.strings = append(b.strings, field(&list[i]))
	}
	return b.strings[from:len(b.strings):len(b.strings)]
}

// attrs gives the event's map to the column, and the event the map that stood in its place the last time.
func (b *buffer) attrs(ev *access.Event) {
	c := &b.batch.Events
	n := len(c.Attrs)
	var spare map[string]string
	if n < cap(c.Attrs) {
		spare = c.Attrs[:n+1][n]
		clear(spare)
	}
	c.Attrs = append(c.Attrs, ev.Attrs)
	ev.Attrs = spare
}

// textColumns are the columns of one text a row; listColumns are those of several.
func textColumns(c *access.Columns) []*[]string {
	return []*[]string{
		&c.ID, &c.Provider, &c.Account, &c.Class, &c.LogClass, &c.Action, &c.Access, &c.Outcome, &c.Error,
		&c.ActorID, &c.ActorUID, &c.ActorName, &c.ActorEmail, &c.ActorKind, &c.Issuer, &c.Credential, &c.Principal,
		&c.Permission, &c.Scope, &c.Via, &c.SrcIP, &c.UserAgent, &c.Session, &c.ChangeKind, &c.ChangeSubject, &c.ChangeGrant, &c.Flag,
	}
}

func listColumns(c *access.Columns) []*[][]string {
	return []*[][]string{&c.Chain, &c.Groups, &c.TargetIDs, &c.TargetTypes}
}

// resetColumns empties every column and keeps its memory.
func resetColumns(c *access.Columns) {
	for _, s := range textColumns(c) {
		clear(*s) // so that the strings of the last batch can be collected
		*s = (*s)[:0]
	}
	c.Time = c.Time[:0]
	for _, s := range listColumns(c) {
		clear(*s)
		*s = (*s)[:0]
	}
	clear(c.Raw)
	c.Raw = c.Raw[:0]
	c.Attrs = c.Attrs[:0] // the maps stay where they are, to be used again
}
