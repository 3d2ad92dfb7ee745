// Package engine is the embedded default: the ClickHouse engine (libchdb) in a
// child process of the same binary that speaks ClickHouse's HTTP interface on
// a unix socket or a loopback port.
//
// Three things live here. Fetch and Find keep the engine library in the user's
// cache, pinned by version and checksum. Serve is the child: it loads the
// library without cgo and answers HTTP. Process is the parent's side: it starts
// the child, waits until it answers, starts it again when it dies.
//
// The library runs in a process of its own because a fault in it must not take
// the ingester down, and because it wants the whole process for itself: one
// storage path, its own allocator, its own threads.
//
// Every request gets a connection of its own which is closed afterwards. A
// connection costs a quarter of a millisecond, and nothing that a request sets,
// uses or creates for its session can then reach the next one.
package engine
