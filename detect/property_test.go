package detect

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/access"
)

// drawWorld makes a world of a few grants, uses and holes.
func drawWorld(t *testing.T, r *rapid.T) *world {
	w := newWorld(t)
	w.Grants = nil
	perms := []string{"ec2:DescribeInstances", "ecr:*", "iam:CreateUser", "s3:GetObject", "iam:PassRole", "*"}
	used := []string{"ec2:DescribeInstances", "ecr:BatchGetImage", "iam:CreateUser"}
	for range rapid.IntRange(1, 6).Draw(r, "grants") {
		g := w.grant(roleName, rapid.SampledFrom(perms).Draw(r, "permission"), "*")
		g.Privileged = rapid.Bool().Draw(r, "privileged")
		g.GrantedAt = daysAgo(float64(rapid.IntRange(1, 300).Draw(r, "age")))
	}
	for range rapid.IntRange(0, 4).Draw(r, "uses") {
		w.use(roleName, rapid.SampledFrom(used).Draw(r, "used"), "", float64(rapid.IntRange(1, 115).Draw(r, "ago")))
	}
	for range rapid.IntRange(0, 2).Draw(r, "holes") {
		at := float64(rapid.IntRange(2, 118).Draw(r, "hole"))
		w.drop(daysAgo(at), daysAgo(at-float64(rapid.IntRange(1, 20).Draw(r, "hours"))/24))
	}
	return w
}

// claims are the findings that say that something is not used.
func claims(res *Result) map[string]bool {
	out := map[string]bool{}
	for _, f := range res.Findings {
		if f.Verdict == access.VerdictUnused || f.Verdict == access.VerdictOverbroad {
			out[f.Fingerprint+string(f.Verdict)] = true
		}
	}
	return out
}

// TestLessEvidenceNeverClaimsMore is the promise that everything else rests on: take a stretch of a log away, and no grant
// becomes UNUSED or OVERBROAD that was not so before.
func TestLessEvidenceNeverClaimsMore(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := drawWorld(t, r)
		before := claims(w.eval())
		at := float64(rapid.IntRange(2, 118).Draw(r, "taken away"))
		w.drop(daysAgo(at), daysAgo(at-float64(rapid.IntRange(1, 40).Draw(r, "half hours"))/48))
		for c := range claims(w.eval()) {
			if !before[c] {
				r.Fatalf("%s is claimed with less evidence", c)
			}
		}
	})
}

// TestMoreUseNeverClaimsMore: a use that is seen as well makes no grant UNUSED that was not so before.
func TestMoreUseNeverClaimsMore(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := drawWorld(t, r)
		before := map[string]bool{}
		for _, f := range w.eval().Findings {
			before[f.Fingerprint] = f.Verdict == access.VerdictUnused
		}
		w.use(roleName, "ec2:DescribeInstances", "", float64(rapid.IntRange(1, 80).Draw(r, "one more")))
		for _, f := range w.eval().Findings {
			if f.Verdict == access.VerdictUnused && !before[f.Fingerprint] {
				// A role that was never assumed answers for its unlogged part; once it was, that part is unverifiable, not unused.
				r.Fatalf("%s of %s became UNUSED by being used", f.Grant.Permission, f.Identity.Name)
			}
		}
	})
}

// TestOrderOfArrivalDoesNotMatter: the same evidence in another order gives the same findings byte for byte.
func TestOrderOfArrivalDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := drawWorld(t, r)
		leaver(w, 10, act(5, "AKIA1"), act(6, "AKIA1"))
		want, err := json.Marshal(w.eval().Findings)
		if err != nil {
			t.Fatal(err)
		}
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "seed"), 1))
		shuffle(rnd, w.Grants)
		shuffle(rnd, w.Usage)
		shuffle(rnd, w.Accounts)
		shuffle(rnd, w.Identities)
		got, err := json.Marshal(w.eval().Findings)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			r.Fatalf("another order gives\n%s\nwant\n%s", got, want)
		}
	})
}

func shuffle[T any](rnd *rand.Rand, s []T) {
	rnd.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
}

// TestLinkerEnds: what the ingester knows of a person at the time of an act.
func TestLinkerEnds(t *testing.T) {
	l := NewLinker([]access.Identity{{UID: "p", Kind: access.Human, Email: "kim@corp.example", Start: daysAgo(100), End: daysAgo(10)}})
	ev := &access.Event{Provider: "okta", Actor: access.Actor{ID: "Kim@corp.example"}}
	link := l.Of(ev)
	if !link.Linked() || link.Kind() != access.Human {
		t.Fatal("not linked by e-mail address in another case")
	}
	if since, ended := link.Ended(daysAgo(9)); !ended || since != 24*time.Hour {
		t.Errorf("ended %v, %s after", ended, since)
	}
	if _, ended := link.Ended(daysAgo(11)); ended {
		t.Error("ended before the end")
	}
}
