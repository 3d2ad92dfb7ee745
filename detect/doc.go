// Package detect turns evidence into facts and lets rules decide over them.
//
// The way through it, one evaluation at one moment:
//
//	Input ─► coverage ─► identities ─► attribution ─► facts ─► rules.Judge ─► findings
//	         what we     who is who     which grant     typed    verdict, why    fingerprint, window,
//	         could see                  was used                                 gaps, proposal
//
// Evaluate is a pure function of its Input: no clock, no store, no order of arrival. The same input gives the same
// findings byte for byte, which is what makes replay, backtest and audit trustworthy. docs/verdicts.md defines the words.
package detect
