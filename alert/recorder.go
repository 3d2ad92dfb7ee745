package alert

import (
	"context"
	"sync"
	"time"
)

const saveTimeout = 10 * time.Second

// recorder puts deliveries on record. Those that come while others are being saved are saved together after them: sixteen
// channels that are served side by side then cost the store about as much as one.
type recorder struct {
	deliveries Deliveries

	lock    sync.Mutex
	waiting []entry
	busy    bool
}

type entry struct {
	d    Delivery
	done chan error // with room for the answer, so that nobody has to be there for it
}

// save returns when the delivery is on record. When ctx ends before, it may or may not be: whoever comes next looks.
func (r *recorder) save(ctx context.Context, d Delivery) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e := entry{d, make(chan error, 1)}
	r.lock.Lock()
	r.waiting = append(r.waiting, e)
	if !r.busy {
		r.busy = true
		go r.run(context.WithoutCancel(ctx))
	}
	r.lock.Unlock()
	select {
	case err := <-e.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run saves until nothing waits.
func (r *recorder) run(ctx context.Context) {
	for {
		r.lock.Lock()
		list := r.waiting
		r.waiting = nil
		r.busy = len(list) > 0
		r.lock.Unlock()
		if len(list) == 0 {
			return
		}
		r.together(ctx, list)
	}
}

func (r *recorder) together(ctx context.Context, list []entry) {
	ctx, stop := context.WithTimeout(ctx, saveTimeout)
	defer stop()
	rows := make([]Delivery, len(list))
	for i := range list {
		rows[i] = list[i].d
	}
	err := r.deliveries.SaveDeliveries(ctx, rows)
	for i := range list {
		list[i].done <- err
	}
}
