package words

import (
	"regexp"
	"strings"
)

// Control is one control id with the framework that it belongs to and, where known, a short label of our own.
type Control struct {
	ID        string `json:"id"`
	Framework string `json:"framework"`
	Label     string `json:"label,omitempty"`
	Alias     string `json:"alias,omitempty"`
}

// Frameworks lists the frameworks in the order in which they are shown.
func Frameworks() []string {
	return []string{"NIST CSF 2.0", "OWASP NHI Top 10 2025", "CIS Controls 8.1", "NIST SP 800-53 r5", "NIST SP 800-63", "NIST CSF 1.1", "Other"}
}

var (
	csf11  = regexp.MustCompile(`^PR\.(AC|IP|MA|PT)-\d+$`) // categories that version 2.0 no longer has
	csf    = regexp.MustCompile(`^(GV|ID|PR|DE|RS|RC)\.[A-Z]{2}-\d+$`)
	owasp  = regexp.MustCompile(`^NHI\d+\b`)
	cis    = regexp.MustCompile(`^(CIS\s*)?\d+\.\d+$`)
	sp53   = regexp.MustCompile(`^[A-Z]{2}-\d+(\(\d+\))?$`)
	sp63   = regexp.MustCompile(`^(SP\s*)?800-63`)
	labels = map[string]string{
		"NHI1": "Improper offboarding", "NHI2": "Secret leakage", "NHI3": "Vulnerable third-party NHI",
		"NHI4": "Insecure authentication", "NHI5": "Overprivileged NHI", "NHI6": "Insecure cloud deployment",
		"NHI7": "Long-lived secrets", "NHI8": "Environment isolation", "NHI9": "NHI reuse", "NHI10": "Human use of NHI",

		"RS.CO-02": "Stakeholders told of incidents", "GV.OV-01": "Strategy outcomes reviewed", "GV.OV-02": "Strategy adjusted", "GV.OV-03": "Performance measured",
		"GV.PO-01": "Policy set and enforced", "GV.PO-02": "Policy kept up to date", "GV.RR-02": "Roles and responsibilities",
		"GV.RR-04": "Security in joining and leaving", "GV.SC-10": "End of supplier relations", "ID.AM-04": "Inventory of supplier services",
		"ID.AM-08": "Life cycle of assets", "ID.RA-07": "Changes and exceptions tracked", "PR.AA-01": "Identities and credentials managed",
		"PR.AA-03": "Users, services, hardware authenticated", "PR.AA-05": "Access permissions managed", "PR.AA-02": "Identities proofed and bound", "PR.DS-01": "Data at rest protected", "PR.AC-4": "Access permissions managed (now PR.AA-05)",
		"ID.IM-02": "Improvements from tests", "PR.IR-01": "Environments protected from each other",
		"PR.PS-04": "Log records made available", "DE.AE-02": "Events analysed", "DE.CM-03": "Personnel activity watched",
		"DE.CM-06": "Supplier activity watched", "DE.CM-09": "Computing and its data watched",

		"CIS 3.3": "Data access lists", "CIS 3.12": "Data segmented by sensitivity", "CIS 3.14": "Access to sensitive data logged",
		"CIS 5.1": "Inventory of accounts", "CIS 5.3": "Dormant accounts disabled", "CIS 5.4": "Administrator rights kept apart",
		"CIS 5.5": "Inventory of service accounts", "CIS 6.2": "Access revoked on leaving", "CIS 6.8": "Role-based access",
		"CIS 8.2": "Audit logs collected", "CIS 8.5": "Detailed audit logs", "CIS 8.9": "Audit logs centralised", "CIS 8.11": "Audit logs reviewed",
		"CIS 8.12": "Supplier logs collected", "CIS 15.1": "Inventory of suppliers", "CIS 15.6": "Suppliers watched", "CIS 15.7": "Suppliers offboarded",

		"CIS 6.1": "Access granting process", "CIS 6.3": "MFA for exposed applications", "CIS 6.5": "MFA for administrators", "CIS 6.7": "Central access control",
		"CIS 13.1": "Alerting centralised", "CIS 17.7": "Incident exercises",

		"AC-2": "Account management", "AC-2(3)": "Disable accounts", "AC-6": "Least privilege", "AC-6(5)": "Privileged accounts",
		"AC-6(7)": "Review of privileges", "AU-5": "Response to logging failures", "AU-6": "Audit review", "AU-12": "Audit record generation",
		"IA-4": "Identifier management", "IA-5": "Authenticator management", "IA-9": "Service authentication", "PS-4": "Personnel termination", "PS-5": "Personnel transfer",
	}
)

// ControlOf places a control id as findings carry it.
func ControlOf(id string) Control {
	id = strings.TrimSpace(id)
	c := Control{ID: id, Framework: "Other"}
	switch {
	case csf11.MatchString(id):
		c.Framework = "NIST CSF 1.1"
	case csf.MatchString(id):
		c.Framework = "NIST CSF 2.0"
		if id == "PR.AA-05" {
			c.Alias = "PR.AC-4 in CSF 1.1"
		}
	case owasp.MatchString(id):
		c.Framework = "OWASP NHI Top 10 2025"
		c.Label = labels[owasp.FindString(id)]
		return c
	case cis.MatchString(id):
		c.Framework = "CIS Controls 8.1"
		c.ID = "CIS " + strings.TrimSpace(strings.TrimPrefix(id, "CIS"))
	case sp53.MatchString(id):
		c.Framework = "NIST SP 800-53 r5"
	case sp63.MatchString(id):
		c.Framework = "NIST SP 800-63"
	}
	c.Label = labels[c.ID]
	return c
}
