// Package ocsf prints findings as events of the Open Cybersecurity Schema Framework: https://schema.ocsf.io. Whatever
// hands findings to another system speaks it through here, so that a finding looks the same on every way out.
package ocsf

import (
	"github.com/grantwatch/grantwatch/access"
)

// Version is the version of the schema.
const Version = "1.6.0"

// The classes that findings are printed as.
const (
	classIAMAnalysis = 2008 // IAM Analysis Finding: what a grant is or is not used for
	classDetection   = 2004 // Detection Finding: everything else
	categoryFindings = 2
	activityCreate   = 1
	activityClose    = 3
	statusNew        = 1
	statusSuppressed = 3
	statusResolved   = 4
	confidenceMedium = 2
	confidenceHigh   = 3
)

var severityID = map[access.Severity]int{access.SeverityInfo: 1, access.SeverityLow: 2, access.SeverityMedium: 3, access.SeverityHigh: 4, access.SeverityCritical: 5}

var severityName = map[access.Severity]string{access.SeverityInfo: "Informational", access.SeverityLow: "Low", access.SeverityMedium: "Medium", access.SeverityHigh: "High", access.SeverityCritical: "Critical"}

// Finding is a finding as an OCSF event. What OCSF has no place for (window, gaps, coverage) stands under unmapped.
func Finding(f *access.Finding) map[string]any {
	class, name := classDetection, "Detection Finding"
	switch f.Kind {
	case "UNUSED_GRANT", "UNUSED_CREDENTIAL", "UNUSED_IDENTITY":
		class, name = classIAMAnalysis, "IAM Analysis Finding"
	}
	activity, status := activityCreate, statusNew
	switch f.State {
	case "resolved":
		activity, status = activityClose, statusResolved
	case "excepted":
		status = statusSuppressed
	}
	confidence := confidenceHigh
	if f.Verdict == access.VerdictUnverifiable || f.Attribution == "action" {
		confidence = confidenceMedium
	}
	info := map[string]any{
		"uid": f.Fingerprint, "title": f.Title, "desc": f.Why, "types": []string{f.Kind, string(f.Verdict)},
		"first_seen_time": f.FirstSeen.UnixMilli(), "last_seen_time": f.LastSeen.UnixMilli(),
		"analytic": map[string]any{"uid": f.Rule, "name": f.Rule, "type_id": 1, "type": "Rule"},
	}
	out := map[string]any{
		"category_uid": categoryFindings, "category_name": "Findings", "class_uid": class, "class_name": name,
		"activity_id": activity, "type_uid": class*100 + activity, "status_id": status,
		"severity_id": severityID[f.Severity], "severity": severityName[f.Severity], "confidence_id": confidence,
		"time": f.LastSeen.UnixMilli(), "message": f.Why, "finding_info": info,
		"metadata": map[string]any{"version": Version, "product": map[string]any{"name": "Grantwatch", "vendor_name": "Grantwatch"}},
	}
	if f.Proposal != "" {
		out["remediation"] = map[string]any{"desc": f.Proposal}
	}
	if f.Identity != nil {
		user := map[string]any{"uid": f.Identity.UID, "name": f.Identity.Name, "type": string(f.Identity.Kind)}
		if class == classIAMAnalysis {
			out["user"] = user
		} else {
			out["evidences"] = []any{map[string]any{"actor": map[string]any{"user": user}}}
		}
	}
	if f.Grant != nil {
		out["resources"] = []any{map[string]any{"uid": f.Grant.Resource, "name": f.Grant.Resource}}
		if class == classIAMAnalysis {
			out["permission_analysis_results"] = []any{map[string]any{"policy": map[string]any{"uid": f.Grant.ID, "name": f.Grant.Path}, "granted_privileges": []string{f.Grant.Permission}}}
		}
	}
	out["unmapped"] = unmapped(f)
	return out
}

func unmapped(f *access.Finding) map[string]any {
	u := map[string]any{"kind": f.Kind, "verdict": f.Verdict, "team": f.Team, "feeds": f.Feeds, "gaps": f.Gaps, "controls": f.Controls, "owasp": f.OWASP, "blind_spots": f.BlindSpots, "evidence": f.Evidence, "state": f.State}
	if f.Window != nil {
		u["window"] = f.Window
	}
	if f.Coverage != nil {
		u["coverage"], u["coverage_grade"] = *f.Coverage, f.CoverageGrade
	}
	if !f.DecidableAt.IsZero() {
		u["decidable_at"] = f.DecidableAt
	}
	if f.Grant != nil {
		u["grant"] = f.Grant
	}
	if !f.LastUsed.IsZero() {
		u["last_used"] = f.LastUsed
	}
	return u
}
