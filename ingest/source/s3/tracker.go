package s3

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/zeebo/xxh3"

	"github.com/grantwatch/grantwatch/ingest/source/file"
)

// Checkpoint is that of files: a feed's position is kept in one place.
type Checkpoint = file.Checkpoint

// Checkpoints keeps them.
type Checkpoints = file.Checkpoints

// Read reads one stretch; it returns nil when all of it is durable.
type Read = func(ctx context.Context, w file.Work) error

// intentSource is the checkpoint that says which objects are being read.
const intentSource = "(reading s3)"

// intent is its body; no objects means that nothing is being read.
type intent struct {
	At      time.Time `json:"at,omitzero"`
	Source  string    `json:"source,omitempty"` // its name, also when objects drop out of it
	Objects []Object  `json:"objects,omitempty"`
}

// Tracker follows the objects of one feed. It is not safe for concurrent use.
type Tracker struct {
	// Report hears of objects that cannot be read and of messages that make no sense; nil is silence. It may be called
	// from several goroutines. Set it before the first Step.
	Report func(error)

	cfg    Config
	feed   string
	marks  Checkpoints
	store  *s3.Client
	queue  *sqs.Client
	saying sync.Mutex

	loaded  bool
	intent  intent
	resumed bool // the intent was begun by an earlier attempt, which may have written some of it
	shelves map[string]*shelf
	roots   map[string]*root
	waiting map[uint64]*waiting // objects that are there and are not given to us

	looked, lookedAll time.Time // when the bucket was listed, and when all of it that is open
}

// shelf remembers what was read below one folder: in memory all of it, in checkpoints by portions, of which only the
// last one changes.
type shelf struct {
	read     map[uint64]struct{}
	portions int
	last     []uint64
	newest   string // key that was listed
}

// portion is how many objects one checkpoint remembers.
const portion = 1000

// root is an account and region: all days from the first to the last are done with, are not listed again, and their
// objects are not remembered one by one.
type root struct{ from, through int64 }

func (r *root) closed(n int64) bool { return r != nil && n >= r.from && n <= r.through }

type waiting struct {
	shelf string
	until time.Time
	pause time.Duration
}

// New makes a tracker. It asks nobody for anything before the first Step.
func New(ctx context.Context, cfg Config, feed string, marks Checkpoints) (*Tracker, error) {
	t := &Tracker{cfg: cfg.withDefaults(), feed: feed, marks: marks, shelves: map[string]*shelf{}, roots: map[string]*root{}, waiting: map[uint64]*waiting{}}
	var err error
	t.store, t.queue, err = connect(ctx, &t.cfg)
	return t, err
}

// Step reads what is new: what the queue announces and, when it is time, what a listing shows. A stretch that failed, in
// this process or the one before it, comes first and unchanged.
func (t *Tracker) Step(ctx context.Context, now time.Time, read Read) error {
	if err := t.load(ctx); err != nil {
		return err
	}
	if len(t.intent.Objects) > 0 {
		t.resumed = true
		if err := t.run(ctx, read); err != nil {
			return err
		}
	}
	var errs []error
	if t.queue != nil {
		errs = append(errs, t.announced(ctx, now, read))
	}
	// What is being read, and what was, must be known before anything else is.
	if t.loaded && len(t.intent.Objects) == 0 && ctx.Err() == nil && (t.looked.IsZero() || now.Sub(t.looked) >= t.cfg.Poll) {
		err := t.look(ctx, now, read)
		if err == nil {
			t.looked = now
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (t *Tracker) report(err error) {
	t.saying.Lock()
	defer t.saying.Unlock()
	if t.Report != nil {
		t.Report(err)
	}
}

// sum is what an object is known by. Two of a hundred million that collide would lose one object with a chance of
// 1 in 4000.
func sum(o Object) uint64 { return xxh3.HashString(o.Key + "\x00" + o.ETag) }

func (t *Tracker) has(o Object) bool {
	s := t.shelves[t.cfg.shelf(o.Key)]
	if s == nil {
		return false
	}
	_, ok := s.read[sum(o)]
	return ok
}

func dayNumber(at time.Time) int64 { return at.Unix() / 86400 }

// base comes before the names of this bucket's checkpoints.
func (t *Tracker) base() string { return "s3://" + t.cfg.Bucket + "/" }

// load reads the checkpoints, once.
func (t *Tracker) load(ctx context.Context) error {
	if t.loaded {
		return nil
	}
	list, err := t.marks.Checkpoints(ctx, t.feed)
	if err != nil {
		return fmt.Errorf("s3: checkpoints of feed %s: %w", t.feed, err)
	}
	for _, c := range list {
		name, ours := strings.CutPrefix(c.Source, t.base())
		switch {
		case c.Source == intentSource && c.Identity == t.cfg.Bucket:
			if err := json.Unmarshal([]byte(c.Body), &t.intent); err != nil {
				return fmt.Errorf("s3: checkpoints of feed %s: %w", t.feed, err)
			}
		case !ours:
		case c.Identity == "done":
			var from int64
			if _, err := fmt.Sscan(c.Body, &from); err != nil {
				return fmt.Errorf("s3: checkpoints of feed %s: %s: %w", t.feed, c.Source, err)
			}
			t.roots[name] = &root{from, c.Position}
		case c.Identity == "read" && c.Body != "":
			raw, err := base64.RawStdEncoding.DecodeString(c.Body)
			if err != nil || len(raw)%8 != 0 {
				return fmt.Errorf("s3: checkpoints of feed %s: %s is damaged", t.feed, c.Source)
			}
			s := t.shelf(name[:strings.LastIndexByte(name, '#')])
			n := int(c.Position)
			var got []uint64
			for ; len(raw) > 0; raw = raw[8:] {
				h := binary.LittleEndian.Uint64(raw)
				s.read[h] = struct{}{}
				got = append(got, h)
			}
			if n >= s.portions {
				s.portions, s.last = n, got
			}
		}
	}
	t.loaded = true
	return nil
}

func (t *Tracker) shelf(name string) *shelf {
	s := t.shelves[name]
	if s == nil {
		s = &shelf{read: map[uint64]struct{}{}}
		t.shelves[name] = s
	}
	return s
}

// put remembers that objects were read, and returns what has to be saved.
func (t *Tracker) put(list []Object) []Checkpoint {
	changed := map[string]Checkpoint{}
	var order []string
	for _, o := range list {
		name, h := t.cfg.shelf(o.Key), sum(o)
		s := t.shelf(name)
		delete(t.waiting, h)
		if _, ok := s.read[h]; ok {
			continue
		}
		s.read[h] = struct{}{}
		if len(s.last) >= portion {
			s.portions++
			s.last = nil
		}
		s.last = append(s.last, h)
		c := Checkpoint{Feed: t.feed, Source: fmt.Sprintf("%s%s#%d", t.base(), name, s.portions), Position: int64(s.portions), Identity: "read"}
		if _, ok := changed[c.Source]; !ok {
			order = append(order, c.Source)
		}
		raw := make([]byte, 0, 8*len(s.last))
		for _, h := range s.last {
			raw = binary.LittleEndian.AppendUint64(raw, h)
		}
		c.Body = base64.RawStdEncoding.EncodeToString(raw)
		changed[c.Source] = c
	}
	out := make([]Checkpoint, 0, len(order))
	for _, name := range order {
		out = append(out, changed[name])
	}
	return out
}
