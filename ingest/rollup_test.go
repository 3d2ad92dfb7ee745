package ingest_test

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest"
)

// rollUps keeps what each batch carries.
type rollUps struct {
	usage   []access.Usage
	cover   []access.CoverMinute
	carried []bool
}

func (r *rollUps) WriteBatch(_ context.Context, b *access.Batch) error {
	all := b.Usage.All()
	for i := range all {
		all[i].Days, all[i].Groups = slices.Clone(all[i].Days), slices.Clone(all[i].Groups)
	}
	r.usage, r.cover = append(r.usage, all...), append(r.cover, b.Coverage...)
	r.carried = append(r.carried, b.Usage.Len() > 0)
	return nil
}

// whole is what all roll-ups together say: the first, the last and the days of each actor.
func (r *rollUps) whole() map[string]string {
	out := map[string]access.Usage{}
	for _, u := range r.usage {
		have, ok := out[u.Actor]
		if !ok {
			out[u.Actor] = u
			continue
		}
		if u.First.Before(have.First) {
			have.First = u.First
		}
		if u.Last.After(have.Last) {
			have.Last, have.LastID = u.Last, u.LastID
		}
		for _, d := range u.Days {
			if !slices.Contains(have.Days, d) {
				have.Days = append(have.Days, d)
			}
		}
		out[u.Actor] = have
	}
	text := map[string]string{}
	for actor, u := range out {
		slices.Sort(u.Days)
		text[actor] = fmt.Sprint(u.First, u.Last, u.LastID, u.Days)
	}
	for _, c := range r.cover {
		text[c.Minute.String()] = "covered"
	}
	return text
}

// Roll-ups of a stream say the same however many batches they span, and the last batch leaves none behind.
func TestRollUpsSpanBatches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, size := rapid.IntRange(1, 60).Draw(t, "records"), rapid.IntRange(1, 20).Draw(t, "batch")
		var log strings.Builder
		for i := range n {
			line := record(fmt.Sprintf("id-%03d", i), start.Add(time.Duration(i)*7*time.Hour))
			who := rapid.SampledFrom([]string{"cart", "till", "desk"}).Draw(t, "who")
			fmt.Fprintln(&log, strings.Replace(line, "shop:cart", "shop:"+who, 1))
		}
		run := func(rows int, stream bool) *rollUps {
			sink := &rollUps{}
			p, err := ingest.New(sink, ingest.Config{BatchRecords: size, RollUpRows: rows, Workers: 1})
			if err != nil {
				t.Fatal(err)
			}
			if stream {
				_, err = p.RunStream(context.Background(), k8sFeed, "log", strings.NewReader(log.String()), start.AddDate(1, 0, 0), nil)
			} else {
				part := ingest.Part{Name: "log", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(log.String())), nil }}
				_, err = p.RunParts(context.Background(), k8sFeed, "log", 0, []ingest.Part{part}, start.AddDate(1, 0, 0), nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			return sink
		}
		each, some, one, stream := run(1, false), run(rapid.IntRange(2, 9).Draw(t, "rows"), false), run(0, false), run(0, true)
		want := each.whole()
		for name, got := range map[string]*rollUps{"some": some, "one": one, "stream": stream} {
			if !reflect.DeepEqual(got.whole(), want) {
				t.Fatalf("%s: %v\nwant %v", name, got.whole(), want)
			}
		}
		if slices.Contains(each.carried, false) || slices.Contains(stream.carried, false) {
			t.Fatalf("each batch carries its own: %v, %v", each.carried, stream.carried)
		}
		if last := len(one.carried) - 1; slices.Index(one.carried, true) != last {
			t.Fatalf("the last batch carries those of all: %v", one.carried)
		}
		if !some.carried[len(some.carried)-1] {
			t.Fatalf("the last batch leaves none behind: %v", some.carried)
		}
	})
}

func TestRollUpRowsAreChecked(t *testing.T) {
	if _, err := ingest.New(&rollUps{}, ingest.Config{RollUpRows: -1}); err == nil || !strings.Contains(err.Error(), "-1 rows of roll-ups") {
		t.Errorf("%v", err)
	}
}
