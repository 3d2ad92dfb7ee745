// Package report makes the weekly report for a governance board: one self-contained HTML file that reads on screen as it
// prints on A4, and its figures as CSV and JSON. Every total is the ledger's; the report only groups and words. The same
// view and options give the same bytes.
package report
