package alert

import (
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// Members are the findings that a message tells now.
func Members(view *ledger.View, r *Routes, k Key, now time.Time) []access.Finding {
	feeds := feedTeams(view)
	var out []access.Finding
	var room []place
	names := map[groupKey]string{} // few groups hold many findings
	is := func(g groupKey) bool {
		if g.channel != k.Channel {
			return false
		}
		if names[g] == "" {
			names[g] = g.fingerprint()
		}
		return names[g] == k.Fingerprint
	}
	for i := range view.Findings {
		f := &view.Findings[i]
		if !detect.Open(f.Verdict) || f.State == ledger.StateResolved || f.State == ledger.StateExcepted {
			continue
		}
		room = r.places(f, feeds, now, room)
		for _, p := range room {
			if is(key(f, p, false)) {
				out = append(out, *f)
			}
		}
		for _, e := range r.resolve(r.Escalate.To, f, feeds, nil) { // an escalation tells the findings of the team that did not answer
			for _, p := range room {
				e.team = p.team
				if is(key(f, e, true)) {
					out = append(out, *f)
					break
				}
			}
		}
	}
	return out
}

// FeedTeam is the team whose feed lacks the evidence for a finding.
func FeedTeam(view *ledger.View, f *access.Finding) string {
	feed := blindFeed(f)
	for i := range view.Feeds {
		if view.Feeds[i].Name == feed {
			return view.Feeds[i].Team
		}
	}
	return ""
}
