package policy

import (
	"strings"

	"github.com/grantwatch/grantwatch/access"
)

type baselineFile struct {
	ApprovedBy string        `yaml:"approved_by"`
	ApprovedAt Time          `yaml:"approved_at"`
	ReviewBy   Time          `yaml:"review_by"`
	Team       string        `yaml:"team"`
	Accounts   []string      `yaml:"accounts"`
	Grants     []At[bgGrant] `yaml:"grants"`
}

type bgGrant struct {
	Subject    string `yaml:"subject"`
	Permission string `yaml:"permission"`
	Resource   string `yaml:"resource"`
	Ticket     string `yaml:"ticket"`
}

// ReadBaseline reads one baseline: what was approved, by whom, until when.
func ReadBaseline(file string, data []byte) (*access.Baseline, error) {
	var f baselineFile
	if err := LoadYAML(file, data, &f); err != nil {
		return nil, err
	}
	src := source{file, data}
	if missing := absent(field{"approved_by", f.ApprovedBy == ""}, field{"approved_at", f.ApprovedAt.IsZero()}, field{"review_by", f.ReviewBy.IsZero()}); missing != "" {
		return nil, src.place(1, 1, "the baseline has no "+missing)
	}
	if !f.ReviewBy.After(f.ApprovedAt.Time) {
		return nil, src.place(1, 1, "review_by is not after approved_at")
	}
	out := &access.Baseline{Source: file, Team: f.Team, Accounts: f.Accounts, ApprovedBy: f.ApprovedBy,
		ApprovedAt: f.ApprovedAt.Time, ReviewBy: f.ReviewBy.Time, Grants: make([]access.BaselineGrant, 0, len(f.Grants))}
	for _, g := range f.Grants {
		if missing := absent(field{"subject", g.Value.Subject == ""}, field{"permission", g.Value.Permission == ""}); missing != "" {
			return nil, src.place(g.Line, g.Column, "this grant has no "+missing)
		}
		out.Grants = append(out.Grants, access.BaselineGrant(g.Value))
	}
	return out, nil
}

type field struct {
	name   string
	absent bool
}

// absent names the fields that are not there, in words.
func absent(fields ...field) string {
	var out []string
	for _, f := range fields {
		if f.absent {
			out = append(out, f.name)
		}
	}
	switch len(out) {
	case 0:
		return ""
	case 1:
		return out[0]
	}
	return strings.Join(out[:len(out)-1], ", ") + " and " + out[len(out)-1]
}
