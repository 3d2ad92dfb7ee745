package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// Entry is what is put on record of an action.
type Entry struct {
	alert.Action
	Team     string // whose findings
	Identity string // uid of who asked; empty when nobody is linked to the user
	Outcome  alert.Outcome
}

// Exception is an exception of one finding.
type Exception struct {
	access.Exception
	Team, Fingerprint string
	Title             string
	Requester         string // uid
	At                time.Time
	Action            string
}

// Book keeps what was said and done. Each of its methods may be called again with the same.
type Book interface {
	// Done looks up an action by its id.
	Done(ctx context.Context, id string) (alert.Outcome, bool, error)
	Say(ctx context.Context, said []ledger.Handling) error
	Except(ctx context.Context, list []Exception) error
	Tell(ctx context.Context, steps []ledger.Change) error
	Keep(ctx context.Context, e Entry) error
}

// Config is what a Desk decides by. Its functions give what holds now.
type Config struct {
	Book         Book
	View         func() *ledger.View
	Routes       func() alert.Routes
	People       func() *alert.People
	Owners       map[string][]string // of each team, uids or addresses; a team that is not here does not exist
	Central      []string            // uids or addresses of those who act for every team
	TwoPeople    []access.Severity   // of these, nobody approves an exception for themselves
	MaxException time.Duration
	MaxSnooze    time.Duration
	Answer       time.Duration // how long a request for an exception waits for its approver
	Now          func() time.Time
	After        func() // called when something was done; nil is nothing
}

// The bounds of what is written into a message's form *.
const (
	DefaultMaxException = 180 * 24 * time.Hour
	DefaultMaxSnooze    = 30 * 24 * time.Hour
	DefaultAnswer       = 3 * 24 * time.Hour
	maxReason           = 1000
	maxAge              = time.Hour // an action that arrives later is about a message that may say something else
	skew                = 5 * time.Minute
)

// Desk takes actions, one after the other.
type Desk struct {
	cfg  Config
	lock sync.Mutex
}

var _ alert.Desk = (*Desk)(nil)

// New makes a Desk.
func New(c Config) *Desk {
	if c.MaxException == 0 {
		c.MaxException = DefaultMaxException
	}
	if c.MaxSnooze == 0 {
		c.MaxSnooze = DefaultMaxSnooze
	}
	if c.Answer == 0 {
		c.Answer = DefaultAnswer
	}
	return &Desk{cfg: c}
}

var errNoID = errors.New("desk: an action without an id cannot be told from itself")

// Act does what an action asks for, or says why not.
func (d *Desk) Act(ctx context.Context, a alert.Action) (alert.Outcome, error) {
	if a.ID == "" {
		return alert.Outcome{}, errNoID
	}
	d.lock.Lock()
	defer d.lock.Unlock()
	if out, ok, err := d.cfg.Book.Done(ctx, a.ID); err != nil || ok {
		return out, err
	}
	c := &claim{Action: a, cfg: &d.cfg, now: d.cfg.Now()}
	out, err := c.act(ctx)
	if err != nil {
		return alert.Outcome{}, err
	}
	if err := d.cfg.Book.Keep(ctx, Entry{Action: c.Action, Team: c.team, Identity: c.by.UID, Outcome: out}); err != nil {
		return alert.Outcome{}, fmt.Errorf("desk: the action could not be put on record: %w", err)
	}
	if out.Done && d.cfg.After != nil {
		d.cfg.After()
	}
	return out, nil
}

// claim is one action on its way.
type claim struct {
	alert.Action
	cfg      *Config
	now      time.Time
	by       alert.Person
	approver alert.Person
	team     string // of the first finding
	list     []access.Finding
}

func refuse(r alert.Refusal, format string, args ...any) alert.Outcome {
	return alert.Outcome{Refused: r, Text: fmt.Sprintf(format, args...)}
}

func (c *claim) act(ctx context.Context) (alert.Outcome, error) {
	if !c.who() {
		return refuse(alert.RefusedUnknown, "No active person on record has this account or address, so nothing was done."), nil
	}
	if c.At.After(c.now.Add(skew)) || c.now.Sub(c.At) > maxAge {
		return refuse(alert.RefusedStale, "The request is dated %s and is too old to act on, or not yet due.", c.At.UTC().Format(time.RFC3339)), nil
	}
	c.findings()
	if len(c.list) == 0 {
		return refuse(alert.RefusedStale, "Nothing that this message told is open any more."), nil
	}
	for i := range c.list {
		if f := &c.list[i]; !c.may(c.by, f) {
			return refuse(alert.RefusedRight, "%s may not act for team %s: that takes an owner of the team, the accountable owner, an owner's manager, or the central desk.", name(c.by), team(f)), nil
		}
	}
	if out := c.check(); out.Refused != alert.RefusedNone {
		return out, nil
	}
	switch c.Verb {
	case alert.VerbExcept:
		return c.except(ctx)
	case alert.VerbApprove, alert.VerbDecline:
		return c.answer(ctx)
	}
	return c.say(ctx)
}

// findings are those that the action is about and that are still open.
func (c *claim) findings() {
	view := c.cfg.View()
	if view == nil {
		return
	}
	routes := c.cfg.Routes()
	told := alert.Members(view, &routes, c.Key, c.now)
	switch {
	case len(c.Fingerprints) == 0:
		c.list = told
	default:
		for i := range view.Findings {
			if slices.Contains(c.Fingerprints, view.Findings[i].Fingerprint) {
				c.list = append(c.list, view.Findings[i])
			}
		}
	}
	c.list = slices.DeleteFunc(c.list, func(f access.Finding) bool {
		return f.State != ledger.StateOpen && f.State != ledger.StateReopened
	})
	c.Fingerprints = nil
	for i := range c.list {
		c.Fingerprints = append(c.Fingerprints, c.list[i].Fingerprint)
	}
	if len(c.list) > 0 {
		c.team = team(&c.list[0])
	}
}

func team(f *access.Finding) string {
	if f.Handling != nil && f.Handling.Team != "" {
		return f.Handling.Team
	}
	return f.Team
}

func name(p alert.Person) string {
	if p.Name != "" {
		return p.Name
	}
	return p.UID
}
