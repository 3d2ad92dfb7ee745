package alert

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

const (
	expiresSoon = 14 * 24 * time.Hour
	oldestShown = 5
)

// Period is the week that a digest is about.
type Period struct {
	Name     string // 2026-W47
	From, To time.Time
}

// Weekly is what a team's digest says of a week. changes are the steps of the week, of any team.
func Weekly(view *ledger.View, changes []ledger.Change, name string, p Period) Week {
	w := Week{Name: p.Name, From: p.From, To: p.To}
	for i := range view.Teams {
		if t := &view.Teams[i]; t.Name == name {
			w.Unverifiable = t.Unverifiable
			for _, s := range []access.Severity{access.SeverityCritical, access.SeverityHigh, access.SeverityMedium, access.SeverityLow, access.SeverityInfo} {
				if n := t.Severity[s]; n > 0 {
					w.Open = append(w.Open, Count{s, n})
				}
			}
		}
	}
	blind := Message{}
	var soon []Expiring
	for i := range view.Findings {
		f := &view.Findings[i]
		switch {
		case f.Team != name:
		case f.State == ledger.StateExcepted:
			if x := f.Exception; x != nil && x.Expires.After(view.AsOf) && x.Expires.Sub(view.AsOf) <= expiresSoon {
				soon = append(soon, Expiring{What: subject(f), Reason: x.Reason, Approver: x.Approver, Expires: x.Expires})
			}
		case f.Verdict == access.VerdictUnverifiable:
			blind.Unverifiable = append(blind.Unverifiable, *f)
		case f.Handling == nil || !handled(f):
			w.Oldest = append(w.Oldest, *f)
		}
	}
	w.Blinds = blind.Blinds()
	slices.SortFunc(soon, func(a, b Expiring) int {
		return cmp.Or(a.Expires.Compare(b.Expires), cmp.Compare(a.What, b.What), cmp.Compare(a.Approver, b.Approver), cmp.Compare(a.Reason, b.Reason))
	})
	w.Expiring = slices.Compact(soon)
	slices.SortStableFunc(w.Oldest, func(a, b access.Finding) int {
		return cmp.Or(a.FirstSeen.Compare(b.FirstSeen), ledger.Compare(&a, &b))
	})
	w.Oldest = w.Oldest[:min(len(w.Oldest), oldestShown)]
	began, how := map[string]bool{}, map[string]int{}
	for _, c := range changes {
		if c.Team != name || c.At.Before(p.From) || !c.At.Before(p.To) {
			continue
		}
		switch {
		case c.To == ledger.StateResolved:
			how[ledger.HowOf(c)]++
		case c.To == ledger.StateReopened || c.To == ledger.StateOpen && c.Why == ledger.WhyFirst && c.Verdict != access.VerdictUnverifiable:
			began[c.Fingerprint] = true
		}
	}
	w.New = len(began)
	for _, h := range slices.Sorted(maps.Keys(how)) {
		w.Resolved = append(w.Resolved, Resolved{h, how[h]})
	}
	return w
}

// subject is what a finding is about, in a few words.
func subject(f *access.Finding) string {
	s := strings.ToLower(strings.ReplaceAll(f.Kind, "_", " "))
	if f.Identity != nil && f.Identity.Name != "" {
		s += " of " + f.Identity.Name
	} else if f.Feed != "" {
		s += " of feed " + f.Feed
	}
	if f.Grant != nil {
		s += ": " + f.Grant.Permission
	}
	return s
}

// Digest sends every team that has a channel the digest of a week, once. Asked again it sends what is missing.
func (a *Alerter) Digest(ctx context.Context, view *ledger.View, changes []ledger.Change, p Period) (Summary, error) {
	a.weekly.Lock()
	defer a.weekly.Unlock()
	a.mu.Lock()
	routes := a.routes
	a.mu.Unlock()
	sum := Summary{Suppressed: map[Reason]int{}}
	r := &round{Alerter: a, sum: &sum, at: a.now()}
	teams := map[string]bool{}
	for i := range view.Teams {
		teams[view.Teams[i].Name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(teams)) {
		channel := routes.Channel(name)
		switch {
		case name == "":
			continue
		case channel == "":
			sum.Suppressed[ReasonNoChannel]++
			continue
		case a.opts.Owns != nil && !a.opts.Owns(name):
			sum.Suppressed[ReasonOtherSender]++
			continue
		case a.rests(channel, r.at):
			sum.Suppressed[ReasonUndeliverable]++
			continue
		}
		m := Message{Key: Key{channel, "digest:" + name + ":" + p.Name}, Reason: ReasonDigest, Audience: AudienceOwner, Team: name, AsOf: view.AsOf, At: r.at, Digest: p.Name}
		if routes.Teams[name] == "" {
			m.Audience = AudienceFallback
		}
		prev, err := a.standing(ctx, m.Key)
		if err != nil {
			sum.Failed++
			r.fail(err)
			continue
		}
		if prev != nil && prev.TS != "" {
			sum.Suppressed[ReasonUnchanged]++
			continue
		}
		week := Weekly(view, changes, name, p)
		m.Week, m.Record = &week, Record{Post: postID(Key{Channel: channel, Fingerprint: m.Fingerprint}, p.To), Team: name, Kind: "digest", Told: r.at}
		m.Link = routes.link(&m)
		_, err = a.deliver(ctx, m, prev)
		r.note(&m, false, err)
		r.judge(ctx, channel, name, err)
	}
	return sum, errors.Join(r.errs...)
}

// standing is what is on record of one message: nil when nothing stands and nothing may.
func (a *Alerter) standing(ctx context.Context, k Key) (*Delivery, error) {
	list, err := a.deliveries.Deliveries(ctx, []string{k.Channel}, false)
	if err != nil {
		return nil, fmt.Errorf("alert: what was sent to %q: %w", k.Channel, err)
	}
	for _, d := range list {
		if d.Fingerprint == k.Fingerprint && d.Status != StatusFailed {
			return &d, nil
		}
	}
	return nil, nil
}

// Share puts a file into a channel once. name tells it from others there. It reports whether the file was shared now.
func (a *Alerter) Share(ctx context.Context, f FileNotifier, channel, name string, body []byte, comment string) (bool, error) {
	a.weekly.Lock()
	defer a.weekly.Unlock()
	k := Key{channel, "file:" + name}
	prev, err := a.standing(ctx, k)
	if err != nil || prev != nil && prev.TS != "" {
		return false, err
	}
	d := Delivery{Channel: channel, Fingerprint: k.Fingerprint, At: a.now(), Status: StatusPending, Digest: digest(string(body))}
	d.Body = Record{Post: digest("file", channel, name), Kind: "file"}.Encode()
	if prev == nil {
		if err := a.pending(ctx, d); err != nil {
			return false, fmt.Errorf("not shared, since it could not be put on record: %w", err)
		}
	}
	got, err := f.SendFile(ctx, channel, name, body, comment, digest("file", channel, name), prev)
	r := &round{Alerter: a, sum: &Summary{}}
	r.judge(ctx, channel, "", err)
	switch {
	case err == nil:
		d.TS, d.Status = cmp.Or(got.TS, "shared"), StatusSent
		return true, a.save(ctx, d)
	case errors.Is(err, ErrUnsure) || prev != nil:
		return false, err // pending it stays, and the next attempt looks for it
	}
	d.Status = StatusFailed
	return false, errors.Join(err, a.save(ctx, d))
}
