// Package queries is the list of questions that panels may ask: each has a name, typed parameters, a frame shape and
// described columns. The statements are files of the store. Nobody can send a statement of his own, and which teams'
// rows are seen is decided by the scope that was verified, never by the parameters.
package queries
