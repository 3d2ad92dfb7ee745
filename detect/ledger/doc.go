// Package ledger keeps the life of findings and computes every number that others print. The page, the report, Slack and
// the command line take their figures from a View and compute none themselves: one number, one place.
package ledger
