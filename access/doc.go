// Package access holds the nouns of Grantwatch: what happened (Event), who did it (Actor, Identity, Person),
// what they may do (Grant), what they used (Usage), where the evidence comes from (Feed) and what follows
// from it (Finding, Verdict). It has no behaviour that needs a library, so that every other room can import it.
//
// Words follow the field: event classes are OCSF class names, non-human identities are sorted by the OWASP NHI
// Top 10 (2025), controls are NIST CSF 2.0 subcategories. docs/verdicts.md defines each verdict.
package access
