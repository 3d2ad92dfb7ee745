package detect

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/rules"
)

// Result is what one evaluation found.
type Result struct {
	Now         time.Time
	Findings    []access.Finding // every verdict, also USED and the like; in a fixed order
	Evaluations []Evaluation
	Feeds       []FeedReport
	Registers   []RegisterNote // exceptions and idle entries that expire soon, have expired or match nothing
	Notes       []string       // what the operator should know: tripped rules, ambiguous names
	FeedDays    []FeedDay
	Answers     []CredentialAnswer
	Revocations []Revocation
	Census      map[string]Census // by team; CensusAll for everybody. nil when nobody counted
}

// Evaluation says of one rule and team what was judged, so that no window is skipped in silence.
type Evaluation struct {
	Rule     string    `json:"rule"`
	Team     string    `json:"team"`
	At       time.Time `json:"at"`
	Status   string    `json:"status"` // evaluated, or partial when some of it was unverifiable
	Judged   int       `json:"judged"`
	Findings int       `json:"findings"`
	Blind    int       `json:"unverifiable,omitempty"` // verdicts that the evidence does not allow: why it is partial
}

// Why says in words why an evaluation is partial; empty when it is not.
func (e *Evaluation) Why() string {
	if e.Blind == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d verdicts could not be given: evidence is missing", e.Blind, e.Judged)
}

// FeedReport is what one feed could answer for, as the page and the report show it.
type FeedReport struct {
	Name, Team, Provider string
	First, Newest        time.Time
	Watermark            time.Time
	Received, Rejected   int64
	Gaps                 []access.Gap
	Silent               bool
	Coverage             float64 // covered share of the 90 days before Watermark
	Grade                int     // the weakest of what is covered in these days, 1 to 3
	Blinds               int     // verdicts that it made UNVERIFIABLE
}

// RegisterNote is one remark on a register of exceptions or declared-idle entries.
type RegisterNote struct {
	Source string `json:"source"`
	Line   int    `json:"line"`
	What   string `json:"what"`
}

// evaluation is the state of one run of Evaluate.
type evaluation struct {
	in           *Input
	feeds        []*ledgerFeed
	dir          *directory
	holdings     *holdings
	changes      *changeLog
	sights       map[string]*accountSight
	windowStart  map[*holding]time.Time
	baselines    []scopedBaseline
	idleMatched  map[*access.Idle][]*grantCase
	groupMembers map[string][]*record
	snapshots    map[string]*SnapshotState
	worker       *rules.Worker
	known        map[[2]string]map[string]float64 // rule, team → parameters
	out          *Result
	tally        map[[2]string]*Evaluation
	blinds       map[string]int // feed → verdicts it made unverifiable
}

// Evaluate judges everything in the input at in.Now.
func Evaluate(in *Input) (*Result, error) {
	e := &evaluation{
		in: in, sights: map[string]*accountSight{}, windowStart: map[*holding]time.Time{}, idleMatched: map[*access.Idle][]*grantCase{},
		snapshots: map[string]*SnapshotState{}, tally: map[[2]string]*Evaluation{}, blinds: map[string]int{},
		out: &Result{Now: in.Now}, worker: in.Rules.NewWorker(), known: map[[2]string]map[string]float64{},
	}
	byFeed := map[string][]TeamEvent{}
	for _, te := range in.Changes {
		if te.Event.Change != nil && te.Event.Change.Kind == access.ChangeLogging {
			byFeed[te.Feed] = append(byFeed[te.Feed], te)
		}
	}
	for _, f := range in.Feeds {
		e.feeds = append(e.feeds, newLedgerFeed(f, byFeed[f.Name], in.Now))
	}
	slices.SortFunc(e.feeds, func(a, b *ledgerFeed) int { return cmp.Compare(a.Name, b.Name) })
	for i := range in.Snapshots {
		s := &in.Snapshots[i]
		e.snapshots[s.Entitlement+"\x00"+s.Provider+"\x00"+s.Account] = s
	}
	e.dir = newDirectory(in.Identities, in.Accounts)
	e.groupMembers = e.dir.membersByGroup()
	e.changes = newChangeLog(in.Changes)
	e.holdings = newHoldings(in.Grants, e.dir)
	e.holdings.credit(in.Usage, in.Sessions)
	e.baselineScopes()

	e.grants()
	accounts, err := e.judgeAccounts()
	if err != nil {
		return nil, fmt.Errorf("looking up what was done after people left: %w", err)
	}
	for _, c := range accounts {
		e.accountFindings(c)
	}
	for _, c := range e.judgeNHIs() {
		e.nhiFindings(c)
	}
	e.unseenGrants()
	e.idleFindings()
	e.hitFindings()
	e.loosenFindings()
	e.feedFindings()
	e.refusalFindings()
	e.except()
	e.finish()
	e.feedDays()
	e.out.Answers = newAnswerer(in, e.dir, e.out.Findings).all()
	e.revocations()
	e.census()
	return e.out, nil
}

func (e *evaluation) snapshot(entitlement, provider, account string) *SnapshotState {
	return e.snapshots[entitlement+"\x00"+provider+"\x00"+account]
}

// params are the numbers that a rule is judged with for a team; team "" asks for the central floor.
func (e *evaluation) params(rule, team string) map[string]float64 {
	k := [2]string{rule, team}
	p, ok := e.known[k]
	if !ok {
		p = e.in.Rules.Params(rule, team)
		e.known[k] = p
	}
	return p
}

// newestTaken is the time of the newest accepted snapshot of a provider's account, whichever entry it was read from.
func (e *evaluation) newestTaken(provider, account string) time.Time {
	var t time.Time
	for i := range e.in.Snapshots {
		if s := &e.in.Snapshots[i]; s.Provider == provider && s.Account == account {
			t = later(t, s.TakenAt)
		}
	}
	return t
}

// add books a finding and the evaluation that it belongs to.
func (e *evaluation) add(f access.Finding) {
	f.FirstSeen, f.LastSeen, f.State = e.in.Now, e.in.Now, "open"
	f.Fingerprint = fingerprint(&f)
	if f.Weight == 0 && f.Grant == nil {
		f.Weight = severityWeight(f.Severity)
	}
	if f.Controls == nil {
		f.Controls = e.controls(&f)
	}
	if f.Feeds == nil {
		f.Feeds = []string{}
	}
	if f.Gaps == nil {
		f.Gaps = []access.Gap{}
	}
	if f.Evidence == nil {
		f.Evidence = []string{}
	}
	if f.BlindSpots == nil {
		f.BlindSpots = []string{}
	}
	if f.Verdict == access.VerdictUnverifiable {
		seen := map[string]bool{}
		for _, g := range f.Gaps {
			if !seen[g.Feed] {
				seen[g.Feed] = true
				e.blinds[g.Feed]++
			}
		}
	}
	e.out.Findings = append(e.out.Findings, f)
}

// controls are the rule's control ids; SP 800-63 speaks of people, so it is attached to findings on humans only.
func (e *evaluation) controls(f *access.Finding) []string {
	if r := e.in.Rules.Rule(f.Rule); r != nil {
		if ids := r.ControlIDs(f.Identity != nil && f.Identity.Kind == access.Human); ids != nil {
			return ids
		}
	}
	return []string{}
}

// count books that a rule judged one thing of a team.
func (e *evaluation) count(rule, team string, v access.Verdict) {
	t := e.tally[[2]string{rule, team}]
	if t == nil {
		t = &Evaluation{Rule: rule, Team: team, At: e.in.Now, Status: "evaluated"}
		e.tally[[2]string{rule, team}] = t
	}
	t.Judged++
	if Open(v) {
		t.Findings++
	}
	if v == access.VerdictUnverifiable {
		t.Status = "partial"
		t.Blind++
	}
}

// Open reports whether a verdict is a finding that somebody should act on or know of; the others are listed by --all only.
func Open(v access.Verdict) bool {
	switch v {
	case access.VerdictUnused, access.VerdictOverbroad, access.VerdictViolation, access.VerdictUnverifiable:
		return true
	}
	return false
}

// finish puts everything in its fixed order and merges findings of one fingerprint.
func (e *evaluation) finish() {
	slices.SortStableFunc(e.out.Findings, func(a, b access.Finding) int {
		return cmp.Or(
			-cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(a.Team, b.Team), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Verdict, b.Verdict), cmp.Compare(identityName(&a), identityName(&b)), cmp.Compare(grantName(&a), grantName(&b)),
			cmp.Compare(a.Feed, b.Feed), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
	at := map[string]int{}
	kept := e.out.Findings[:0]
	for _, f := range e.out.Findings {
		if i, ok := at[f.Fingerprint]; ok { // the same problem seen by two rules: the graver one tells it, with both's evidence
			for _, ev := range f.Evidence {
				if !slices.Contains(kept[i].Evidence, ev) {
					kept[i].Evidence = append(kept[i].Evidence, ev)
				}
			}
			continue
		}
		at[f.Fingerprint] = len(kept)
		kept = append(kept, f)
	}
	e.out.Findings = kept
	for _, t := range e.tally {
		e.out.Evaluations = append(e.out.Evaluations, *t)
	}
	slices.SortFunc(e.out.Evaluations, func(a, b Evaluation) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Team, b.Team))
	})
	slices.SortStableFunc(e.out.Registers, func(a, b RegisterNote) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Line, b.Line), cmp.Compare(a.What, b.What))
	})
	for _, h := range e.in.Rules.Health() {
		switch {
		case h.Tripped:
			e.out.Notes = append(e.out.Notes, "rule "+h.Rule+" no longer runs: "+h.Reason)
		case h.Failures > 0:
			e.out.Notes = append(e.out.Notes, fmt.Sprintf("rule %s failed %d times: %s", h.Rule, h.Failures, h.LastErr))
		}
	}
}

func identityName(f *access.Finding) string {
	if f.Identity == nil {
		return ""
	}
	return f.Identity.Name
}

func grantName(f *access.Finding) string {
	if f.Grant == nil {
		return ""
	}
	return f.Grant.Permission + " " + f.Grant.Resource + " " + f.Grant.Path
}
