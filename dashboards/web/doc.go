// Package web is the page of the embedded default: what the last evaluation found, rendered on the server from a
// ledger.View. It changes nothing and computes no figure of its own; it needs no build step, no cookie and no request to
// anywhere else, and it reads without scripts.
package web
