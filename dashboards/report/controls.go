package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/report/words"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// ControlCount is how many findings bear on one control.
type ControlCount struct {
	words.Control
	Open         int `json:"open"`
	Unverifiable int `json:"unverifiable"`
	Excepted     int `json:"excepted"`
}

// Framework is the controls of one framework that findings bear on.
type Framework struct {
	Name     string         `json:"name"`
	Controls []ControlCount `json:"controls"`
}

// ControlCounts files findings under the controls that they name. The alias that CSF 1.1 had for a control is a note on
// that control, not a line of its own, unless it stands alone.
func ControlCounts(findings []*access.Finding) []Framework {
	at := map[string]*ControlCount{}
	for _, f := range findings {
		ids := slices.Concat(f.Controls, f.OWASP)
		slices.Sort(ids)
		for _, id := range slices.Compact(ids) {
			c := words.ControlOf(id)
			if c.ID == "PR.AC-4" && slices.Contains(f.Controls, "PR.AA-05") {
				continue
			}
			n := at[c.ID]
			if n == nil {
				n = &ControlCount{Control: c}
				at[c.ID] = n
			}
			switch {
			case f.State == ledger.StateExcepted:
				n.Excepted++
			case f.Verdict == access.VerdictUnverifiable:
				n.Unverifiable++
			default:
				n.Open++
			}
		}
	}
	var out []Framework
	for _, name := range words.Frameworks() {
		fw := Framework{Name: name}
		for _, c := range at {
			if c.Framework == name {
				fw.Controls = append(fw.Controls, *c)
			}
		}
		if len(fw.Controls) > 0 {
			slices.SortFunc(fw.Controls, func(a, b ControlCount) int { return cmp.Or(natural(a.ID, b.ID), cmp.Compare(a.ID, b.ID)) })
			out = append(out, fw)
		}
	}
	return out
}

// natural orders ids as people do: NHI2 before NHI10, CIS 5.3 before CIS 15.1.
func natural(a, b string) int {
	for a != "" && b != "" {
		na, ra := leadingNumber(a)
		nb, rb := leadingNumber(b)
		if na >= 0 && nb >= 0 {
			if na != nb {
				return cmp.Compare(na, nb)
			}
			a, b = ra, rb
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func leadingNumber(s string) (int, string) {
	i := len(s) - len(strings.TrimLeft(s, "0123456789"))
	n, err := strconv.Atoi(s[:i])
	if err != nil { // none, or longer than any id's
		return -1, s
	}
	return n, s[i:]
}
