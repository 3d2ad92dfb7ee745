package detect

import "github.com/grantwatch/grantwatch/access"

// Hits judges what event rules matched and nothing else: for what cannot wait for the next evaluation. in needs the hits,
// the identities, accounts, exceptions and rules. A finding has the fingerprint that the next evaluation gives it; its
// evidence is that of these hits alone.
func Hits(in *Input) []access.Finding {
	e := &evaluation{in: in, out: &Result{Now: in.Now}, tally: map[[2]string]*Evaluation{}, blinds: map[string]int{}, known: map[[2]string]map[string]float64{}}
	e.dir = newDirectory(in.Identities, in.Accounts)
	e.hitFindings()
	e.except()
	e.finish()
	return e.out.Findings
}
