package alert

import "context"

// FileNotifier shares files. post identifies the file inside the channel, also in its metadata. prev is what is on record:
// nil when it was never tried, pending when an earlier attempt may have gone through, so that the notifier looks before it
// shares the file again. Errors mean what Notifier's mean. The delivery that it returns needs no more than TS.
type FileNotifier interface {
	SendFile(ctx context.Context, channel, name string, body []byte, comment, post string, prev *Delivery) (Delivery, error)
}
