package engine

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
)

// A value of every type that the store uses, in by a columnar batch and out
// again through the same client, with and without compression.
func TestTypesRoundTrip(t *testing.T) {
	c := database(t)
	mustExec(t, c, `CREATE TABLE every (
		id UInt64, small Int8, wide Int64, ratio Float64, flag Bool,
		name String, code LowCardinality(String), maybe Nullable(String), digest FixedString(4),
		at DateTime64(9, 'UTC'), sec DateTime('UTC'), day Date,
		tags Array(LowCardinality(String)), attrs Map(LowCardinality(String), String), nested Array(Array(UInt32)),
		uid UUID, state Enum8('open' = 1, 'closed' = 2), ip IPv6,
		first SimpleAggregateFunction(min, DateTime64(9, 'UTC')), most SimpleAggregateFunction(max, UInt64),
		seen SimpleAggregateFunction(groupUniqArrayArray, Array(String)),
		pair Tuple(a UInt8, b String)
	) ENGINE = MergeTree ORDER BY id`)
	at := time.Date(2026, 11, 23, 10, 11, 12, 123456789, time.UTC)
	rows := []row{
		{ID: 1, Small: -5, Wide: -1 << 62, Ratio: 0.1, Flag: true, Name: "it's \"x\" \\ \x00 ü 🙂", Code: "a", Maybe: new("set"), Digest: "abcd",
			At: at, Sec: at.Truncate(time.Second), Day: at.Truncate(24 * time.Hour),
			Tags: []string{"a", "b", "a"}, Attrs: map[string]string{"k": "v", "": "empty"}, Nested: [][]uint32{{1, 2}, {}, {3}},
			UID: uuid.MustParse("6f2c3f0a-1f4e-4d5e-9a53-0123456789ab"), State: "closed", IP: "2001:db8::1",
			First: at, Most: 1 << 63, Seen: []string{"x", "y"}, Pair: map[string]any{"a": uint8(3), "b": "t"}},
		{ID: 2, Code: "", Digest: "\x00\x01\x02\x03", At: time.Unix(0, 1).UTC(), Sec: time.Unix(0, 0).UTC(), Day: time.Unix(0, 0).UTC(),
			Tags: []string{}, Attrs: map[string]string{}, Nested: [][]uint32{}, State: "open", IP: "2001:db8::ffff:7",
			First: time.Unix(0, 0).UTC(), Seen: []string{}, Pair: map[string]any{"a": uint8(0), "b": ""}},
	}
	b, err := c.PrepareBatch(t.Context(), "INSERT INTO every (id, small, wide, ratio, flag, name, code, maybe, digest, at, sec, day, tags, attrs, nested, uid, state, ip, first, most, seen, pair)")
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		if err := b.AppendStruct(&rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Send(); err != nil {
		t.Fatal(err)
	}
	var got []row
	if err := c.Select(t.Context(), &got, "SELECT * FROM every ORDER BY id"); err != nil {
		t.Fatal(err)
	}
	if len(got) != len(rows) {
		t.Fatalf("%d rows", len(got))
	}
	for i := range rows {
		if !reflect.DeepEqual(got[i], rows[i]) {
			t.Errorf("row %d\n got %+v\nwant %+v", i, got[i], rows[i])
		}
	}
}

type row struct {
	ID     uint64            `ch:"id"`
	Small  int8              `ch:"small"`
	Wide   int64             `ch:"wide"`
	Ratio  float64           `ch:"ratio"`
	Flag   bool              `ch:"flag"`
	Name   string            `ch:"name"`
	Code   string            `ch:"code"`
	Maybe  *string           `ch:"maybe"`
	Digest string            `ch:"digest"`
	At     time.Time         `ch:"at"`
	Sec    time.Time         `ch:"sec"`
	Day    time.Time         `ch:"day"`
	Tags   []string          `ch:"tags"`
	Attrs  map[string]string `ch:"attrs"`
	Nested [][]uint32        `ch:"nested"`
	UID    uuid.UUID         `ch:"uid"`
	State  string            `ch:"state"`
	IP     string            `ch:"ip"`
	First  time.Time         `ch:"first"`
	Most   uint64            `ch:"most"`
	Seen   []string          `ch:"seen"`
	Pair   map[string]any    `ch:"pair"`
}

// Sets of values are what roll-ups are built from; they must survive merging.
func TestAggregateStates(t *testing.T) {
	c := database(t)
	mustExec(t, c, `CREATE TABLE raw (actor String, ip String, at DateTime64(9, 'UTC')) ENGINE = MergeTree ORDER BY actor`)
	mustExec(t, c, `CREATE TABLE rolled (actor String, ips SimpleAggregateFunction(groupUniqArrayArray, Array(String)), last SimpleAggregateFunction(max, DateTime64(9, 'UTC')))
		ENGINE = AggregatingMergeTree ORDER BY actor`)
	mustExec(t, c, `CREATE MATERIALIZED VIEW roll TO rolled AS SELECT actor, groupUniqArray(ip) AS ips, max(at) AS last FROM raw GROUP BY actor`)
	for i := range 3 {
		mustExec(t, c, "INSERT INTO raw SELECT 'ana', concat('192.0.2.', toString(number % 2 + {i:UInt8})), toDateTime64(number, 9) FROM numbers(10)", named("i", i))
	}
	mustExec(t, c, "OPTIMIZE TABLE rolled FINAL")
	got := scalar[[]string](t, c, "SELECT arraySort(ips) FROM rolled")
	if want := []string{"192.0.2.0", "192.0.2.1", "192.0.2.2", "192.0.2.3"}; !reflect.DeepEqual(got, want) {
		t.Fatalf("ips %v, want %v", got, want)
	}
}

func TestEmptyResult(t *testing.T) {
	c := database(t)
	rows, err := c.Query(t.Context(), "SELECT number, toString(number) AS s FROM numbers(3) WHERE number > 5")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if rows.Next() || rows.Err() != nil {
		t.Fatalf("a row where there is none, or %v", rows.Err())
	}
}
