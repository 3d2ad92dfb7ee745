package demo

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/grantwatch/grantwatch/access"
)

// Line is how well one verdict of one kind was found.
type Line struct {
	Kind      string
	Verdict   access.Verdict
	Planted   int     // truths
	Found     int     // what the detector said
	Correct   int     // of these, true
	Precision float64 // correct / found; 1 when nothing was found
	Recall    float64 // correct / planted; 1 when nothing was planted
	Missed    []Truth
	Wrong     []Wrong
}

// Wrong is a finding that the truth does not have.
type Wrong struct {
	Finding access.Finding
	Want    access.Verdict // what the truth has instead; empty when it has nothing
	Trap    string
}

// Report is the score of a detector.
type Report struct {
	Lines    []Line
	Unscored map[string]int // findings of kinds about which nothing was planted
}

type lineKey struct {
	kind    string
	verdict access.Verdict
}

// perGrant are the kinds that are about one grant; the others are about an identity or a feed.
func perGrant(kind string) bool {
	return kind == "UNUSED_GRANT" || kind == "OUT_OF_BAND" || kind == "BASELINE_DRIFT"
}

// Score compares findings with the truth, by kind and verdict. Of USED, CLOSED and DECLARED_IDLE a detector may say
// nothing: no finding is right then, and so is a finding with that verdict. For kinds other than unused grants the
// verdict's word does not count. A finding that is given twice counts once.
func Score(truth []Truth, findings []access.Finding) Report {
	index := make(map[string]int, 2*len(truth))
	kinds := map[string]bool{}
	for i, t := range truth {
		kinds[t.Kind] = true
		for _, k := range t.keys() {
			index[k] = i
		}
	}
	lines := map[lineKey]*Line{}
	line := func(kind string, v access.Verdict) *Line {
		k := lineKey{kind, v}
		if lines[k] == nil {
			lines[k] = &Line{Kind: kind, Verdict: v}
		}
		return lines[k]
	}
	for _, t := range truth {
		line(t.Kind, t.Verdict).Planted++
	}
	report := Report{Unscored: map[string]int{}}
	said := make([]bool, len(truth)) // a finding was given
	right := make([]bool, len(truth))
	seen := map[string]bool{}
	for _, f := range findings {
		if !kinds[f.Kind] {
			report.Unscored[f.Kind]++
			continue
		}
		i, found := -1, false
		for _, k := range findingKeys(f) {
			if i, found = index[k]; found {
				break
			}
		}
		verdict := f.Verdict
		if found && f.Kind != "UNUSED_GRANT" {
			verdict = truth[i].Verdict
		}
		if id := fmt.Sprint(i, found, verdict, f.Fingerprint); !found && f.Fingerprint == "" {
			// Nothing to tell it apart by: it counts.
		} else if found && right[i] && truth[i].Verdict == verdict || seen[id] {
			continue
		} else {
			seen[id] = true
		}
		l := line(f.Kind, verdict)
		l.Found++
		if !found {
			l.Wrong = append(l.Wrong, Wrong{Finding: f})
			continue
		}
		said[i] = true
		if truth[i].Verdict != verdict {
			l.Wrong = append(l.Wrong, Wrong{Finding: f, Want: truth[i].Verdict, Trap: truth[i].Trap})
			continue
		}
		right[i] = true
		l.Correct++
	}
	for i, t := range truth {
		if right[i] {
			continue
		}
		l := line(t.Kind, t.Verdict)
		if silentVerdict(t.Verdict) && !said[i] {
			l.Found++
			l.Correct++
			continue
		}
		l.Missed = append(l.Missed, t)
	}
	for _, l := range lines {
		l.Precision, l.Recall = share(l.Correct, l.Found), share(l.Correct, l.Planted)
		report.Lines = append(report.Lines, *l)
	}
	slices.SortFunc(report.Lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Verdict, b.Verdict))
	})
	return report
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

func key(parts ...string) string {
	b := make([]byte, 0, 200)
	for _, p := range parts {
		b = append(append(b, p...), 0)
	}
	return string(b)
}

// keys are the names under which a finding may refer to a truth.
func (t Truth) keys() []string {
	switch {
	case t.Feed != "":
		return []string{key(t.Kind, "feed", t.Feed)}
	case perGrant(t.Kind):
		return []string{key(t.Kind, t.Subject, t.Permission, t.Resource)}
	case t.person != "":
		return []string{key(t.Kind, t.Subject), key(t.Kind, "person", t.person)}
	}
	return []string{key(t.Kind, t.Subject)}
}

func findingKeys(f access.Finding) []string {
	var keys []string
	if f.Identity != nil {
		id := f.Identity
		if f.Grant != nil && perGrant(f.Kind) {
			return []string{key(f.Kind, id.Name, f.Grant.Permission, f.Grant.Resource)}
		}
		keys = append(keys, key(f.Kind, id.Name), key(f.Kind, id.UID), key(f.Kind, id.Record), key(f.Kind, "person", id.Person), key(f.Kind, "person", id.Record))
	}
	return append(keys, key(f.Kind, "feed", f.Feed))
}

// All reports whether everything that was planted was found and nothing else.
func (r Report) All() bool {
	for _, l := range r.Lines {
		if len(l.Missed) > 0 || len(l.Wrong) > 0 {
			return false
		}
	}
	return true
}

// WriteTable prints the score, one line for each kind and verdict.
func (r Report) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "KIND\tVERDICT\tPLANTED\tFOUND\tCORRECT\tPRECISION\tRECALL")
	for _, l := range r.Lines {
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\t%.3f\t%.3f\n", l.Kind, l.Verdict, l.Planted, l.Found, l.Correct, l.Precision, l.Recall)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	names := make([]string, 0, len(r.Unscored))
	for k := range r.Unscored {
		names = append(names, k)
	}
	slices.Sort(names)
	for _, k := range names {
		if _, err := fmt.Fprintf(w, "not scored, since nothing was planted: %s %d\n", k, r.Unscored[k]); err != nil {
			return err
		}
	}
	return nil
}
