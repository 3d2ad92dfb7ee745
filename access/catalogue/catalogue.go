// Package catalogue knows what permissions exist, how heavy they are, which log records their use, and which permission
// a logged call exercises. An action that it does not know is never called unused; an action of which it does not know
// how it is logged (LoggedUnknown) is not called unused either.
package catalogue

import (
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// Logged says whether the use of an action leaves a record.
type Logged int

// The closed set of answers.
const (
	LoggedDefault Logged = iota // recorded unless somebody turned it off
	LoggedOptIn                 // recorded only if somebody turned it on (data events)
	LoggedNever                 // known to leave no record of its own
	LoggedUnknown               // no evidence either way, or the record cannot be told from another action's
)

var loggedNames = [...]string{"default", "opt-in", "never", "unknown"}

func (l Logged) String() string {
	if l < 0 || int(l) >= len(loggedNames) {
		return "unknown"
	}
	return loggedNames[l]
}

// Privilege weights *: our choice, so that one unused administrator's action outweighs many unused reads.
const (
	WeightRead    = 1
	WeightTagging = 2
	WeightWrite   = 3
	WeightAdmin   = 10
)

// Action is one permission of a provider.
type Action struct {
	Name       string       // s3:GetObject, in the provider's own spelling
	Access     access.Level // read, list, write or admin
	Weight     int          // privilege weight, 1 to 10
	Class      string       // log class that carries it: management-read, management-write, data:s3 …
	Logged     Logged
	Introduced time.Time // zero: unknown (the public lists carry no dates)
}

// Privileged reports whether holding the action makes a grant privileged.
func (a *Action) Privileged() bool { return a.Weight >= WeightAdmin }

// Catalogue is one provider's list of actions. It is safe for use by several goroutines.
type Catalogue struct {
	actions []Action          // sorted by lower-case name
	names   []string          // their names, for results that are lists of names
	ranges  map[string][2]int // lower-case service prefix → its stretch of actions
	events  eventMap

	mu    sync.RWMutex
	cache map[string][]Action
}

// Len is the number of actions known.
func (c *Catalogue) Len() int { return len(c.actions) }

// Lookup finds one action by name, whatever its case. It allocates nothing.
func (c *Catalogue) Lookup(action string) (Action, bool) {
	if i, ok := c.index(action); ok {
		return c.actions[i], true
	}
	return Action{}, false
}

// index finds the place of an action by binary search.
func (c *Catalogue) index(action string) (int, bool) {
	i := sort.Search(len(c.actions), func(i int) bool { return compareFold(c.actions[i].Name, action) >= 0 })
	return i, i < len(c.actions) && compareFold(c.actions[i].Name, action) == 0
}

// cacheLimit bounds the memory of expansions: patterns come from policies, which strangers write.
const cacheLimit = 4096

// Expand lists every known action that an IAM action pattern matches, sorted by name. The result is shared: do not change it.
func (c *Catalogue) Expand(pattern string) []Action {
	if pattern == "*" || pattern == "*:*" {
		return c.actions
	}
	if !hasGlob(pattern) {
		if i, ok := c.index(pattern); ok {
			return c.actions[i : i+1 : i+1]
		}
		return nil
	}
	key := strings.ToLower(pattern)
	c.mu.RLock()
	got, ok := c.cache[key]
	c.mu.RUnlock()
	if ok {
		return got
	}
	got = c.expand(key)
	c.mu.Lock()
	if len(c.cache) >= cacheLimit {
		clear(c.cache)
	}
	c.cache[key] = got
	c.mu.Unlock()
	return got
}

// expand matches within one service where the pattern names one, else over everything.
func (c *Catalogue) expand(pattern string) []Action {
	list := c.actions
	if prefix, rest, ok := strings.Cut(pattern, ":"); ok && !hasGlob(prefix) {
		r, known := c.ranges[prefix]
		if !known {
			return nil
		}
		list = c.actions[r[0]:r[1]:r[1]]
		if rest == "*" {
			return list
		}
	}
	var out []Action
	for i := range list {
		if MatchFold(pattern, list[i].Name) {
			out = append(out, list[i])
		}
	}
	return out
}

// Weight is the heaviest weight among the actions that a pattern matches, 0 if it matches none.
func (c *Catalogue) Weight(pattern string) int {
	heaviest := 0
	for _, a := range c.Expand(pattern) {
		heaviest = max(heaviest, a.Weight)
	}
	return heaviest
}

// compareFold orders a and b as their ASCII lower-case forms.
func compareFold(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if x, y := lower(a[i]), lower(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}
