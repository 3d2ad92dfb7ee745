package digest

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// delivery is how long CloudTrail may take to deliver an event; longer where the digests themselves show that it did.
// An hour of digests vouches for what was delivered in it, so what happened in its last minutes is only known when the
// next one is there too.
const (
	delivery        = 15 * time.Minute
	longestDelivery = time.Hour // a delivery later than that was an accident, and its uses reopen what was said
)

// Grades of what a digest proves.
const (
	lossless   = 3 // signed, linked, and every file read with every record in it
	continuous = 2 // the same without keys to check signatures with, or with unreadable records
	unproven   = 0
)

// checked is a digest and what it is worth.
type checked struct {
	*access.Digest
	grade  int
	why    string
	linked bool // the one before it is there, and is the one that it names
}

// Verified remembers signatures that were good, so that they are computed once. Its zero value is empty.
type Verified struct{ good map[string]bool }

// Verify says which stretches of event time a feed's digests prove, account by account, and why others are not. An account
// is proven where all of its chains are. others are accounts and regions of which log files were read: they need a
// chain as well. Without keys nothing is lossless: hashes say that files and digests fit together, not who wrote them.
func (v *Verified) Verify(list []access.Digest, others []access.Reading, keys Keys) []access.Proof {
	chains := map[string][]*checked{}
	for i := range list {
		d := &list[i]
		chains[d.Chain] = append(chains[d.Chain], &checked{Digest: d})
	}
	accounts := map[string]map[string]bool{} // account → regions with a chain
	late := delivery
	for _, c := range chains {
		slices.SortFunc(c, func(a, b *checked) int { return cmp.Or(a.To.Compare(b.To), cmp.Compare(a.Object, b.Object)) })
		v.check(c, keys)
		if accounts[c[0].Account] == nil {
			accounts[c[0].Account] = map[string]bool{}
		}
		accounts[c[0].Account][c[0].Region] = true
		for _, d := range c {
			if !d.Oldest.IsZero() && !d.Backfill {
				late = max(late, min(d.From.Sub(d.Oldest), longestDelivery))
			}
		}
	}
	var out []access.Proof
	orphan := map[string]string{}
	for _, o := range others {
		if !accounts[o.Account][o.Region] {
			orphan[o.Account] = o.Region
			out = append(out, access.Proof{Account: o.Account, Region: o.Region, Why: "no digest vouches for the log files of " + o.Region})
		}
	}
	runs := map[string][][]access.Proof{}
	for _, c := range chains {
		if _, ok := orphan[c[0].Account]; !ok {
			runs[c[0].Account] = append(runs[c[0].Account], stretches(c, late))
		}
		out = append(out, faults(c, late)...)
	}
	for account, all := range runs {
		both := all[0]
		for _, next := range all[1:] {
			both = meet(both, next)
		}
		for _, p := range both {
			out = append(out, access.Proof{Account: account, Interval: p.Interval, Grade: p.Grade})
		}
	}
	slices.SortFunc(out, func(a, b access.Proof) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), a.From.Compare(b.From), a.To.Compare(b.To), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Why, b.Why))
	})
	return out
}

// check grades the digests of one chain, oldest first.
func (v *Verified) check(c []*checked, keys Keys) {
	byName := map[string]*checked{}
	next := map[string]*checked{}
	for _, d := range c {
		byName[d.Object] = d
		if d.Previous.Object != "" && d.Broken == "" {
			next[d.Previous.Object] = d
		}
	}
	for _, d := range c {
		d.grade, d.why = v.own(d, next[d.Object], keys)
	}
	for _, d := range c {
		prev := byName[d.Previous.Object]
		if prev == nil || d.Broken != "" {
			continue
		}
		if d.linked = prev.Hash == d.Previous.Hash; !d.linked && prev.Broken == "" {
			prev.grade, prev.why = unproven, "digest "+name(prev.Object)+" is not the one that its successor names"
		}
	}
}

// own grades a digest by itself: its signature and the files that it lists.
func (v *Verified) own(d, next *checked, keys Keys) (grade int, why string) {
	switch {
	case d.Broken != "":
		return unproven, fmt.Sprintf("digest %s: %s", name(d.Object), d.Broken)
	case d.State == access.FilesMissing, d.State == access.FilesAltered:
		return unproven, d.Detail
	case d.State != access.FilesRead && d.State != access.FilesLossy:
		return unproven, "digest " + name(d.Object) + " was not looked at yet"
	}
	if keys != nil {
		signature := d.Signature
		if signature == "" && next != nil {
			signature = next.Previous.Signature
		}
		switch {
		case keys[d.Key] == nil:
			return unproven, fmt.Sprintf("digest %s is signed with the key %s, which is not among those of keys_file", name(d.Object), d.Key)
		case signature == "":
			return unproven, "digest " + name(d.Object) + " has no signature beside it, and no successor yet"
		case !v.signed(d.Digest, signature, keys):
			return unproven, "the signature of digest " + name(d.Object) + " is not valid"
		}
	}
	if keys == nil || d.State == access.FilesLossy {
		return continuous, ""
	}
	return lossless, ""
}

func (v *Verified) signed(d *access.Digest, signature string, keys Keys) bool {
	k := strings.Join([]string{toSign(d), d.Key, signature}, "\x00")
	if v.good[k] {
		return true
	}
	if !keys.signed(d, signature) {
		return false
	}
	if v.good == nil {
		v.good = map[string]bool{}
	}
	v.good[k] = true
	return true
}

func name(object string) string { return path.Base(object) }

// stretches are what a chain proves: runs of digests without a hole, less the time that the newest delivery of each may
// take. A backfill proves nothing by itself; one that cannot be trusted takes its hour away.
func stretches(c []*checked, late time.Duration) []access.Proof {
	var out []access.Proof
	for _, grade := range []int{lossless, continuous} {
		var run *access.Proof
		end := func() {
			if run != nil {
				if run.To = run.To.Add(-late); run.From.Before(run.To) {
					out = append(out, *run)
				}
			}
			run = nil
		}
		for _, d := range c {
			switch {
			case d.Backfill:
			case d.grade < grade || spoilt(c, d, grade):
				end()
			case run != nil && d.linked && d.From.Equal(run.To):
				run.To = d.To
			default:
				end()
				run = &access.Proof{Account: d.Account, Interval: access.Interval{From: d.From, To: d.To}, Grade: grade}
			}
		}
		end()
	}
	return out
}

// spoilt reports whether a backfill of the same time is worth less than the digest.
func spoilt(c []*checked, d *checked, grade int) bool {
	return slices.ContainsFunc(c, func(b *checked) bool {
		return b.Backfill && b.grade < grade && b.From.Before(d.To) && d.From.Before(b.To)
	})
}

// faults say why digests, and the time between them, prove nothing.
func faults(c []*checked, late time.Duration) []access.Proof {
	var out []access.Proof
	add := func(from, to time.Time, why string) {
		out = append(out, access.Proof{Account: c[0].Account, Region: c[0].Region, Interval: access.Interval{From: from, To: to}, Why: why})
	}
	var before *checked
	for _, d := range c {
		if d.grade == unproven {
			add(d.From.Add(-late), d.To, d.why)
		}
		if d.Backfill || d.Broken != "" {
			continue
		}
		switch {
		case before == nil && d.Previous.Object != "":
			add(time.Time{}, d.From, "digest "+name(d.Previous.Object)+" is missing")
		case before != nil && d.From.After(before.To) && d.Previous.Object == "":
			add(before.To.Add(-late), d.From, "the chain of digests begins anew at "+d.From.Format(time.RFC3339))
		case before != nil && d.From.After(before.To):
			add(before.To.Add(-late), d.From, "digest "+name(d.Previous.Object)+" is missing")
		}
		before = d
	}
	return out
}

// meet is what two chains prove together. Each list has runs of both grades; a run of a lower grade holds those of a
// higher one.
func meet(a, b []access.Proof) []access.Proof {
	var out []access.Proof
	for _, x := range a {
		for _, y := range b {
			if x.Grade != y.Grade {
				continue
			}
			from, to := x.From, x.To
			if y.From.After(from) {
				from = y.From
			}
			if y.To.Before(to) {
				to = y.To
			}
			if from.Before(to) {
				out = append(out, access.Proof{Account: x.Account, Interval: access.Interval{From: from, To: to}, Grade: x.Grade})
			}
		}
	}
	return out
}
