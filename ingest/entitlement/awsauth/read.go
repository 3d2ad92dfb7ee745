// Package awsauth reads what "aws iam get-account-authorization-details" prints: every user, group, role and policy of an AWS
// account.
//
// One grant is subject × one action pattern × one resource pattern of an allowing statement. Unconditional denies and permission
// boundaries are noted on the grants that they cut (Denied, Boundary); a grant that they take away entirely is left out.
// Conditional statements stay, tagged. A group's policies belong to the group; membership and trust are grants of their own.
package awsauth

import (
	"io"
	"sort"

	"github.com/valyala/fastjson"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/access/catalogue"
	"github.com/grantwatch/grantwatch/ingest/entitlement/reader"
)

// Read reads one export: one document, its pages one after another, or an array of pages. It gives one snapshot per account.
func Read(r io.Reader, opt reader.Options) ([]access.Snapshot, error) {
	data, err := reader.ReadAll(r, opt.Source)
	if err != nil {
		return nil, err
	}
	d := &document{principals: map[string]*principal{}, policies: map[string]*managedPolicy{}, strings: map[string]string{}}
	var sc fastjson.Scanner
	sc.InitBytes(data)
	for n := 0; sc.Next(); n++ {
		if err := d.addPage(sc.Value()); err != nil {
			return nil, reader.Resolve(opt.Source, data, n, err)
		}
	}
	if err := sc.Error(); err != nil {
		return nil, reader.JSONError(opt.Source, data, shorten(err))
	}
	switch {
	case d.pages == 0:
		return nil, &reader.SyntaxError{File: opt.Source, Line: 1, Column: 1, Msg: "the file holds no document", Err: reader.ErrTruncated}
	case !d.final:
		return nil, &reader.SyntaxError{File: opt.Source, Msg: "IsTruncated is true: the last page is missing", Err: reader.ErrTruncated}
	}
	return d.snapshots(opt), nil
}

// snapshots builds the grants, account by account, in an order that does not depend on that of the document.
func (d *document) snapshots(opt reader.Options) []access.Snapshot {
	byAccount := map[string][]*principal{}
	for _, p := range d.principals {
		byAccount[p.account] = append(byAccount[p.account], p)
	}
	if len(byAccount) == 0 {
		byAccount[opt.DefaultAccount()] = nil
	}
	accounts := make([]string, 0, len(byAccount))
	for a := range byAccount {
		accounts = append(accounts, a)
	}
	sort.Strings(accounts)
	weights := newWeights(catalogue.AWS())
	out := make([]access.Snapshot, 0, len(accounts))
	for _, account := range accounts {
		principals := byAccount[account]
		sort.Slice(principals, func(i, j int) bool { return principals[i].arn < principals[j].arn })
		b := newBuilder(d, opt, account, principals, weights)
		out = append(out, b.build())
	}
	return out
}
