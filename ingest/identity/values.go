package identity

import (
	"strings"
	"time"
	_ "time/tzdata" // a person's zone must mean the same on every machine

	"github.com/grantwatch/grantwatch/access"
)

// zone finds the person's time zone; none means UTC. "Local" is refused, because it would mean this machine's.
func (t *table) zone(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, t.wrong(t.index["zone"], "zone %q is not known (write Europe/Berlin)", name)
	}
	return loc, nil
}

// interval reads start and end. An end that is only a date includes that whole day where the person is: it ends when the next
// day begins, for the revocation clock and for activity alike.
func (t *table) interval(id *access.Identity, zone *time.Location, start, end string) error {
	var err error
	if id.Start, _, err = t.time("start", start, zone); err != nil {
		return err
	}
	if id.End, id.EndDateOnly, err = t.time("end", end, zone); err != nil {
		return err
	}
	if id.EndDateOnly {
		local := id.End.In(zone)
		id.End = midnight(local.Year(), local.Month(), local.Day()+1, zone).UTC()
	}
	id.EndActivity = id.End
	if !id.End.IsZero() && !id.Start.IsZero() && id.End.Before(id.Start) {
		return t.wrong(t.index["end"], "end %s is before start %s", end, start)
	}
	return nil
}

// time reads RFC 3339, or a date, which is its midnight in the person's zone.
func (t *table) time(column, s string, zone *time.Location) (v time.Time, dateOnly bool, err error) {
	if s == "" {
		return time.Time{}, false, nil
	}
	if v, err := time.Parse(time.DateOnly, s); err == nil {
		return midnight(v.Year(), v.Month(), v.Day(), zone).UTC(), true, nil
	}
	if v, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return v.UTC(), false, nil
	}
	return time.Time{}, false, t.wrong(t.index[column], "%s %q is no time (write 2026-09-01 or 2026-09-01T08:00:00Z)", column, s)
}

// midnight is the first moment of a day. Some zones skip midnight when summer time begins (São Paulo until 2019, Beirut), and
// then time.Date gives an hour of the day before.
func midnight(year int, month time.Month, day int, zone *time.Location) time.Time {
	t := time.Date(year, month, day, 0, 0, 0, 0, zone)
	want := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	if wall := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC); wall.Before(want) {
		if _, next := t.ZoneBounds(); !next.IsZero() {
			return next
		}
	}
	return t
}

// prefixes narrow an alias to one provider. Names that happen to have colons (arn:aws:…, system:serviceaccount:…) begin with
// none of them.
var prefixes = []string{"github", "okta", "k8s", "aws", "gcp", "entra", "vault", "slack"}

func (t *table) aliases(s string) ([]access.Alias, error) {
	var out []access.Alias
	for part := range strings.SplitSeq(s, ";") {
		a := access.Alias{Name: strings.TrimSpace(part)}
		if a.Name == "" {
			continue
		}
		for _, p := range prefixes {
			if rest, ok := strings.CutPrefix(a.Name, p+":"); ok {
				a = access.Alias{Provider: p, Name: strings.TrimSpace(rest)}
				break
			}
		}
		if a.Name == "" {
			return nil, t.wrong(t.index["aliases"], "alias %q names nobody", strings.TrimSpace(part))
		}
		out = append(out, a)
	}
	return out, nil
}
