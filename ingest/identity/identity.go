// Package identity reads who exists: people with their employment intervals, and the non-human identities that somebody owns.
//
// The table has the header
//
//	uid,name,email,kind,team,owner,manager,start,end,zone,status,aliases,issuer,created,expires,rotated,environment
//
// Any column may be missing, the order is free, and columns that it does not know are kept as attributes. A row without a uid is
// keyed by its e-mail address, else by its name. A row without a kind is a person's: an HR list has no such column.
package identity

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/entitlement/reader"
)

// Options says where a table comes from.
type Options struct {
	Source string // name of the identities entry
	File   string // file name, for errors
}

// Result is what a table states.
type Result struct {
	Identities []access.Identity // in the order of uid and start
	Warnings   []string          // what is odd but does not stop the reading, each with its place
}

// columns are those that mean something; all others become attributes.
var columns = []string{"uid", "name", "email", "kind", "team", "owner", "manager", "start", "end", "zone", "status", "aliases",
	"issuer", "created", "expires", "rotated", "environment"}

// Read reads one table. It may be gzip or zstd.
func Read(r io.Reader, opt Options) (Result, error) {
	data, err := reader.ReadAll(r, opt.File)
	if err != nil {
		return Result{}, err
	}
	t := table{opt: opt, data: data, csv: csv.NewReader(bytes.NewReader(data))}
	if len(bytes.TrimSpace(data)) == 0 {
		return Result{Identities: []access.Identity{}}, nil
	}
	if err := t.header(); err != nil {
		return Result{}, err
	}
	out := []access.Identity{}
	for {
		record, err := t.csv.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Result{}, t.broken(err)
		}
		id, err := t.row(record)
		if err != nil {
			return Result{}, err
		}
		out = append(out, id)
	}
	sort.SliceStable(out, func(i, j int) bool {
		if out[i].UID != out[j].UID {
			return out[i].UID < out[j].UID
		}
		return out[i].Start.Before(out[j].Start)
	})
	return Result{Identities: out, Warnings: overlaps(out, opt.File)}, nil
}

type table struct {
	opt   Options
	data  []byte
	csv   *csv.Reader
	index map[string]int
	extra map[int]string // column → name of an attribute
}

func (t *table) header() error {
	record, err := t.csv.Read()
	if err != nil {
		return t.broken(err)
	}
	t.index, t.extra = map[string]int{}, map[int]string{}
	for i, raw := range record {
		name := strings.ToLower(strings.TrimSpace(raw))
		if name == "" {
			continue
		}
		if _, twice := t.index[name]; twice {
			return t.wrong(i, "column %q is there twice", name)
		}
		t.index[name] = i
		t.extra[i] = strings.TrimSpace(raw)
	}
	known := false
	for _, c := range columns {
		if i, ok := t.index[c]; ok {
			known = known || c == "uid" || c == "email" || c == "name"
			delete(t.extra, i)
		}
	}
	if !known {
		return t.wrong(0, "the header has none of uid, email and name (it may have %s)", strings.Join(columns, ", "))
	}
	return nil
}

func (t *table) row(record []string) (access.Identity, error) {
	get := func(name string) string {
		if i, ok := t.index[name]; ok {
			return strings.TrimSpace(record[i])
		}
		return ""
	}
	line, _ := t.csv.FieldPos(0)
	id := access.Identity{
		UID: get("uid"), Name: get("name"), Email: get("email"), Team: get("team"), Owner: get("owner"), Manager: get("manager"),
		Zone: get("zone"), Status: strings.ToLower(get("status")), Issuer: get("issuer"), Environment: get("environment"),
		Source: t.opt.Source, Line: line,
	}
	for _, instead := range []string{id.Email, id.Name} {
		if id.UID == "" {
			id.UID = instead
		}
	}
	if id.UID == "" {
		return id, t.wrong(0, "a row needs a uid (or an email or a name)")
	}
	var err error
	if id.Kind, err = t.kind(get("kind")); err != nil {
		return id, err
	}
	zone, err := t.zone(id.Zone)
	if err != nil {
		return id, err
	}
	if err = t.interval(&id, zone, get("start"), get("end")); err != nil {
		return id, err
	}
	if id.Aliases, err = t.aliases(get("aliases")); err != nil {
		return id, err
	}
	if id.NeverExpires = strings.EqualFold(get("expires"), "never"); !id.NeverExpires {
		if id.Expires, _, err = t.time("expires", get("expires"), zone); err != nil {
			return id, err
		}
	}
	if id.Created, _, err = t.time("created", get("created"), zone); err != nil {
		return id, err
	}
	if id.Rotated, _, err = t.time("rotated", get("rotated"), zone); err != nil {
		return id, err
	}
	for i, name := range t.extra {
		if v := strings.TrimSpace(record[i]); v != "" {
			if id.Attrs == nil {
				id.Attrs = map[string]string{}
			}
			id.Attrs[name] = v
		}
	}
	return id, nil
}

func (t *table) kind(s string) (access.Kind, error) {
	switch k := access.Kind(strings.ToLower(s)); k {
	case "":
		return access.Human, nil
	case access.Human, access.Service, access.Workload, access.Agent, access.ThirdParty:
		return k, nil
	}
	return "", t.wrong(t.index["kind"], "kind %q is none of human, service, workload, agent, third-party", s)
}

// overlaps warns of two intervals of one uid that hold at once by more than a day: a hand-over on one day is how HR writes it.
func overlaps(ids []access.Identity, file string) []string {
	var out []string
	for i := 1; i < len(ids); i++ {
		a, b := &ids[i-1], &ids[i]
		if a.UID != b.UID {
			continue
		}
		if a.End.IsZero() || a.End.Sub(b.Start) > 24*time.Hour {
			out = append(out, fmt.Sprintf("%s:%d:1: %s is there from line %d as well: the intervals overlap", file, b.Line, b.UID, a.Line))
		}
	}
	return out
}

func (t *table) wrong(field int, format string, args ...any) error {
	line, column := t.csv.FieldPos(field)
	return t.place(line, column, fmt.Sprintf(format, args...))
}

func (t *table) broken(err error) error {
	var p *csv.ParseError
	if !errors.As(err, &p) {
		return &reader.SyntaxError{File: t.opt.File, Msg: err.Error(), Err: err}
	}
	return t.place(p.Line, p.Column, p.Err.Error())
}

func (t *table) place(line, column int, msg string) error {
	return &reader.SyntaxError{File: t.opt.File, Line: line, Column: reader.RuneColumn(t.data, line, column), Msg: msg, Err: access.Reject(access.ReasonType, "")}
}
