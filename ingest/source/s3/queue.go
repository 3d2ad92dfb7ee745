package s3

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const (
	mostAtOnce = 10  // messages of one request, SQS's limit
	mostHeld   = 200 // messages that are held while their objects are read
)

// letter is a message and the objects that it tells of.
type letter struct {
	id, receipt string
	objects     []Object
}

// announced reads the objects that the queue tells of, until it is empty.
func (t *Tracker) announced(ctx context.Context, now time.Time, read Read) error {
	for ctx.Err() == nil {
		more, err := t.deliver(ctx, now, read)
		if err != nil || !more {
			return err
		}
	}
	return ctx.Err()
}

// deliver reads what some messages tell of, and deletes those of which all objects are durable. A message of which one
// is not comes again, and after some times goes where the queue's redrive policy sends it.
func (t *Tracker) deliver(ctx context.Context, now time.Time, read Read) (more bool, err error) {
	held := &held{t: t}
	defer held.release()
	g := t.group(now, read)
	var letters []letter
	wait := t.cfg.Wait
	for len(letters) < mostHeld {
		got, n, err := t.receive(ctx, wait)
		if err != nil {
			return false, err
		}
		if n == 0 {
			break
		}
		wait, more = 0, true
		held.add(ctx, got)
		letters = append(letters, got...)
	}
	for i := range letters {
		l := &letters[i]
		for j := range l.objects {
			o := &l.objects[j]
			if o.ETag == "" || o.Size == 0 {
				full, err := t.head(ctx, o.Key)
				if err != nil {
					t.report(err)
					continue // not read, so the message stays
				}
				*o = full
			}
			if o.Size == 0 {
				continue
			}
			if err := g.add(ctx, *o); err != nil {
				return false, err
			}
		}
	}
	if err := g.flush(ctx); err != nil {
		return false, err
	}
	durable := slices.DeleteFunc(letters, func(l letter) bool {
		return slices.ContainsFunc(l.objects, func(o Object) bool { return !(o.Size == 0 && o.ETag != "") && !t.has(o) })
	})
	held.release()
	return more && len(durable) > 0, t.remove(ctx, durable)
}

// receive takes messages from the queue. n is how many came, also those that make no sense; they stay in the queue.
func (t *Tracker) receive(ctx context.Context, wait time.Duration) (out []letter, n int, err error) {
	got, err := t.queue.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &t.cfg.Queue, MaxNumberOfMessages: mostAtOnce,
		VisibilityTimeout: t.visibility(), WaitTimeSeconds: int32(wait / time.Second),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameApproximateReceiveCount}})
	if err != nil {
		return nil, 0, explain(err, "sqs:ReceiveMessage", t.cfg.Queue)
	}
	for i := range got.Messages {
		m := &got.Messages[i]
		objects, err := parseNotice(aws.ToString(m.Body), t.cfg.Bucket)
		if err != nil {
			times, _ := strconv.Atoi(m.Attributes["ApproximateReceiveCount"]) // 0 when it is not said
			t.report(fmt.Errorf("%s: message %s, received %d times, is left to the queue's redrive policy: %w", t.cfg.Queue, aws.ToString(m.MessageId), times, err))
			continue
		}
		objects = slices.DeleteFunc(objects, func(o Object) bool { return !t.cfg.wants(o.Key) })
		out = append(out, letter{aws.ToString(m.MessageId), aws.ToString(m.ReceiptHandle), objects})
	}
	return out, len(got.Messages), nil
}

func (t *Tracker) visibility() int32 { return max(1, int32(t.cfg.Visibility/time.Second)) }

// remove deletes messages. One that cannot be deleted comes again and is found to have been read.
func (t *Tracker) remove(ctx context.Context, list []letter) error {
	var errs []error
	for some := range slices.Chunk(list, mostAtOnce) {
		in := &sqs.DeleteMessageBatchInput{QueueUrl: &t.cfg.Queue}
		for i, l := range some {
			in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: aws.String(l.receipt)})
		}
		out, err := t.queue.DeleteMessageBatch(ctx, in)
		if err != nil {
			errs = append(errs, explain(err, "sqs:DeleteMessage", t.cfg.Queue))
			continue
		}
		for _, f := range out.Failed {
			errs = append(errs, fmt.Errorf("%s: a message was not deleted: %s: %s", t.cfg.Queue, aws.ToString(f.Code), aws.ToString(f.Message)))
		}
	}
	return errors.Join(errs...)
}
