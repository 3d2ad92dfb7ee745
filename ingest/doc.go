// Package ingest turns streams of raw records into batches of events and hands them to a sink, which is the store.
//
//	part ─► frame ─► decode ─► tidy ─► seen? ─► rules on events ─► columns ┐
//	                   │                 │                                 ├─► batch ─► Sink.WriteBatch ─► position saved
//	                   └ dead letter     └ filtered         fold ─► usage ─┘
//
// One goroutine reads a stream and fills a batch while another writes the batch before it. Nothing is saved of a
// position before the sink has accepted the rows, and a stretch of a source that is read again makes the same batches
// with the same tokens: what a batch holds depends on the bytes from the stream's beginning and on now, nothing else.
package ingest
