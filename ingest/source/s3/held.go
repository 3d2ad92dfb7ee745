package s3

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// held keeps messages from being delivered to anybody else while their objects are read, however long that takes.
type held struct {
	t      *Tracker
	mu     sync.Mutex
	list   []letter
	cancel context.CancelFunc
	wait   sync.WaitGroup
}

func (h *held) add(ctx context.Context, list []letter) {
	h.mu.Lock()
	h.list = append(h.list, list...)
	h.mu.Unlock()
	if h.cancel != nil {
		return
	}
	ctx, h.cancel = context.WithCancel(ctx)
	h.wait.Go(func() {
		tick := time.NewTicker(h.t.cfg.Visibility / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				h.extend(ctx)
			}
		}
	})
}

// extend asks for more time. What goes wrong is told: the messages may be delivered again, and are found to be read.
func (h *held) extend(ctx context.Context) {
	h.mu.Lock()
	list := slices.Clone(h.list)
	h.mu.Unlock()
	for some := range slices.Chunk(list, mostAtOnce) {
		in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &h.t.cfg.Queue}
		for i, l := range some {
			in.Entries = append(in.Entries, types.ChangeMessageVisibilityBatchRequestEntry{Id: aws.String(strconv.Itoa(i)),
				ReceiptHandle: aws.String(l.receipt), VisibilityTimeout: h.t.visibility()})
		}
		if _, err := h.t.queue.ChangeMessageVisibilityBatch(ctx, in); err != nil && ctx.Err() == nil {
			h.t.report(explain(err, "sqs:ChangeMessageVisibility", h.t.cfg.Queue))
		}
	}
}

// release ends that.
func (h *held) release() {
	if h.cancel != nil {
		h.cancel()
		h.wait.Wait()
	}
}
