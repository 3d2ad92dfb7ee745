package alert

import "strconv"

// EventID names what a message says at one point of its life, for messengers that can't be asked what they have: a receiver
// that has seen an id can leave the second one out. prev is what Send was given. An attempt that is repeated has the id of
// the first attempt; two reminders that say the same have two.
func EventID(m *Message, prev *Delivery) string {
	since := ""
	if prev != nil && prev.TS != "" {
		since = strconv.FormatInt(prev.At.UnixNano(), 10)
	}
	return digest("event", m.Record.Post, string(m.Reason), m.Digest, since)
}
