// Package store is the only door to ClickHouse. It owns the tables (migrations/), writes batches of events and what was
// folded from them, and answers every question that the rest of Grantwatch has, each from one file in sql/.
//
//	ingest ──► WriteBatch ──► events, usage, coverage, sessions, dead_letters, hits, batches
//	entitlements, identities ──► SaveSnapshot, SaveIdentities ──► grants, accounts, identities as intervals of time
//	detect ◄── Usage, CoverageEach, Changes, Grants, Identities, … ; ──► SaveFindings, SaveEvaluations
//
// Everything written can be written again without changing what is read: inserts carry a deduplication token, and every
// table is a set, a replacing log, or an aggregate of min, max and union. Every query takes its values as server-side
// parameters; no statement is put together from values.
//
// The same code speaks to the embedded engine and to a server. Over plain HTTP blocks are encoded here, one column at a
// time as they are sent; the driver encodes for the native protocol and where a DSN asks for compression.
package store
