// Package signin says who reads the page: sessions, local tokens, OpenID Connect, and where a request really comes from.
// It draws nothing and knows no finding; it turns a proof of identity into a Reader with a ledger.Scope.
package signin
