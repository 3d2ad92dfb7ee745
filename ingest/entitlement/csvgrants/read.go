// Package csvgrants reads grants from a table that anybody can write:
//
//	id,provider,account,subject,subject_kind,permission,resource,granted_at,granted_by,approved_by,expires_at,privileged,via
//
// Only subject and permission are needed; the order is free; columns that it does not know are left alone.
package csvgrants

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"reflect"
	"sort"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/access/catalogue"
	"github.com/grantwatch/grantwatch/ingest/entitlement/reader"
)

// columns are those that mean something.
var columns = []string{"id", "provider", "account", "subject", "subject_kind", "permission", "resource", "granted_at", "granted_by",
	"approved_by", "expires_at", "privileged", "via"}

// Read reads one table and gives one snapshot per provider and account in it. A table without rows is an empty snapshot.
func Read(r io.Reader, opt reader.Options) ([]access.Snapshot, error) {
	data, err := reader.ReadAll(r, opt.Source)
	if err != nil {
		return nil, err
	}
	t := table{opt: opt, data: data, csv: csv.NewReader(bytes.NewReader(data)), whole: bytes.HasSuffix(data, []byte("\n")),
		seen: map[string]placed{}, snaps: map[[2]string]*access.Snapshot{}}
	t.csv.ReuseRecord = true
	if len(bytes.TrimSpace(data)) > 0 {
		if err := t.header(); err != nil {
			return nil, err
		}
	}
	for t.index != nil {
		record, err := t.csv.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, t.broken(err)
		}
		if err := t.row(record); err != nil {
			return nil, err
		}
	}
	return t.snapshots(), nil
}

type table struct {
	opt   reader.Options
	data  []byte
	csv   *csv.Reader
	whole bool // the file ends with a line end
	index map[string]int
	seen  map[string]placed // by id
	snaps map[[2]string]*access.Snapshot
}

// placed is a grant and the line that it was read from.
type placed struct {
	line  int
	grant access.Grant
}

func (t *table) header() error {
	record, err := t.csv.Read()
	if err != nil {
		return t.broken(err)
	}
	t.index = map[string]int{}
	for i, name := range record {
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := t.index[name]; twice && name != "" {
			return t.wrong(i, "column %q is there twice", name)
		}
		t.index[name] = i
	}
	for _, must := range []string{"subject", "permission"} {
		if _, ok := t.index[must]; !ok {
			return t.wrong(0, "the header has no column %q (it may have %s)", must, strings.Join(columns, ", "))
		}
	}
	return nil
}

// broken turns an error of the csv package into ours. A last row that is too short or never closes its quote, in a file without
// a last line end, is a file that was cut off.
func (t *table) broken(err error) error {
	var p *csv.ParseError
	if !errors.As(err, &p) {
		return &reader.SyntaxError{File: t.opt.Source, Msg: err.Error(), Err: err}
	}
	cause := error(access.Reject(access.ReasonSyntax, ""))
	if t.index != nil && !t.whole && (errors.Is(p.Err, csv.ErrQuote) || errors.Is(p.Err, csv.ErrFieldCount)) {
		cause = reader.ErrTruncated
	}
	return &reader.SyntaxError{File: t.opt.Source, Line: p.Line, Column: reader.RuneColumn(t.data, p.Line, p.Column), Msg: p.Err.Error(), Err: cause}
}

func (t *table) wrong(field int, format string, args ...any) error {
	line, column := t.csv.FieldPos(field)
	return &reader.SyntaxError{File: t.opt.Source, Line: line, Column: reader.RuneColumn(t.data, line, column), Msg: fmt.Sprintf(format, args...), Err: access.Reject(access.ReasonType, "")}
}

func (t *table) row(record []string) error {
	get := func(name string) string {
		if i, ok := t.index[name]; ok && i < len(record) {
			return strings.Clone(strings.TrimSpace(record[i]))
		}
		return ""
	}
	g := access.Grant{
		ID: get("id"), Team: t.opt.Team, Entitlement: t.opt.Entitlement, Provider: strings.ToLower(get("provider")), Account: get("account"),
		Kind: access.GrantPermission, Subject: get("subject"), Permission: get("permission"), Resource: get("resource"),
		GrantedBy: get("granted_by"), ApprovedBy: get("approved_by"), Via: get("via"), Path: get("via"),
	}
	if g.Provider == "" {
		g.Provider = t.opt.Provider
	}
	if g.Account == "" {
		g.Account = t.opt.DefaultAccount()
	}
	for _, must := range []struct{ name, value string }{{"subject", g.Subject}, {"permission", g.Permission}} {
		if must.value == "" {
			return t.wrong(t.index[must.name], "%s is empty", must.name)
		}
	}
	var err error
	if g.SubjectKind, err = t.kind(get("subject_kind"), g.Subject); err != nil {
		return err
	}
	if g.GrantedAt, err = t.time("granted_at", get("granted_at")); err != nil {
		return err
	}
	if g.ExpiresAt, err = t.time("expires_at", get("expires_at")); err != nil {
		return err
	}
	if g.Privileged, err = t.privileged(&g, get("privileged")); err != nil {
		return err
	}
	if g.Permission == "member" {
		g.Kind = access.GrantMembership
	} else if strings.HasPrefix(g.Permission, "sts:AssumeRole") && strings.Contains(g.Resource, ":role/") && strings.HasPrefix(g.Via, "trust:") {
		g.Kind = access.GrantAssume
	}
	if g.ID == "" {
		g.ID = reader.GrantID(&g)
	}
	line, _ := t.csv.FieldPos(0)
	if first, twice := t.seen[g.ID]; twice {
		if reflect.DeepEqual(first.grant, g) {
			return nil
		}
		return t.wrong(0, "the grant with id %s is on line %d already, and says otherwise", g.ID, first.line)
	}
	t.seen[g.ID] = placed{line, g}
	key := [2]string{g.Provider, g.Account}
	if t.snaps[key] == nil {
		s := t.opt.Snapshot(g.Provider, g.Account)
		t.snaps[key] = &s
	}
	t.snaps[key].Grants = append(t.snaps[key].Grants, g)
	return nil
}

var kinds = map[string]access.SubjectKind{
	"user": access.SubjectUser, "role": access.SubjectRole, "group": access.SubjectGroup, "serviceaccount": access.SubjectServiceAccount,
	"service_account": access.SubjectServiceAccount, "federated": access.SubjectFederated, "account": access.SubjectAccount,
	"service": access.SubjectService, "anyone": access.SubjectAnyone,
}

// kind reads subject_kind; when it is missing, only spellings that can mean nothing else say more than "user".
func (t *table) kind(s, subject string) (access.SubjectKind, error) {
	if s != "" {
		if k, ok := kinds[strings.ToLower(s)]; ok {
			return k, nil
		}
		return "", t.wrong(t.index["subject_kind"], "subject_kind %q is none of user, role, group, serviceaccount, federated, account, service, anyone", s)
	}
	switch {
	case strings.HasPrefix(subject, "system:serviceaccount:"):
		return access.SubjectServiceAccount, nil
	case strings.HasPrefix(subject, "group:"):
		return access.SubjectGroup, nil
	}
	if a, ok := access.ParseARN(subject); ok && a.Service == "iam" {
		kind, _ := a.Split()
		if k, ok := kinds[kind]; ok {
			return k, nil
		}
	}
	return access.SubjectUser, nil
}

func (t *table) time(column, s string) (time.Time, error) {
	if s == "" || strings.EqualFold(s, "never") && column == "expires_at" {
		return time.Time{}, nil
	}
	if v, ok := reader.ParseTime(s); ok {
		return v, nil
	}
	return time.Time{}, t.wrong(t.index[column], "%s %q is no time (write 2026-09-01 or 2026-09-01T08:00:00Z)", column, s)
}

// privileged reads the column; where it is empty and the provider is AWS, the catalogue knows.
func (t *table) privileged(g *access.Grant, s string) (bool, error) {
	switch strings.ToLower(s) {
	case "":
		return g.Provider == "aws" && catalogue.AWS().Weight(g.Permission) >= catalogue.WeightAdmin, nil
	case "true", "yes", "1":
		return true, nil
	case "false", "no", "0":
		return false, nil
	}
	return false, t.wrong(t.index["privileged"], "privileged %q is neither true nor false", s)
}

func (t *table) snapshots() []access.Snapshot {
	if len(t.snaps) == 0 {
		return []access.Snapshot{t.opt.Snapshot(t.opt.Provider, t.opt.DefaultAccount())}
	}
	out := make([]access.Snapshot, 0, len(t.snaps))
	for _, s := range t.snaps {
		sort.Slice(s.Grants, func(i, j int) bool {
			if s.Grants[i].Subject != s.Grants[j].Subject {
				return s.Grants[i].Subject < s.Grants[j].Subject
			}
			return s.Grants[i].ID < s.Grants[j].ID
		})
		out = append(out, *s)
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Provider != out[j].Provider {
			return out[i].Provider < out[j].Provider
		}
		return out[i].Account < out[j].Account
	})
	return out
}
