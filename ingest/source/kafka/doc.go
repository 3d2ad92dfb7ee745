// Package kafka reads topics as a member of a consumer group, exactly once in effect.
//
// A partition is read in ranges of offsets. Before a range is written, the group's offset is committed where it is, at
// the beginning of the range, and its metadata says where the range ends, when it was first read and how it is cut into
// batches. After the range is durable, the offset is committed at its end. Whoever takes the partition over in between,
// this process after a crash or another member, finds the note, reads exactly the same range and makes exactly the same
// batches with the same tokens, which the sink knows. Kafka is thus the only place where positions are kept.
//
// Rebalances wait while ranges are written, so that a member never writes what another one owns. The heartbeats go on, so
// that a slow sink is no reason to be put out of the group; only when the group wants to rebalance and the sink takes
// longer than the group would wait is the write broken off, and tried again when the partition is still ours.
package kafka
