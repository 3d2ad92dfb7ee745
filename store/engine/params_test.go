package engine

import (
	"errors"
	"sync"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"pgregory.net/rapid"
)

func named(name string, v any) driver.NamedValue { return driver.NamedValue{Name: name, Value: v} }

var hostile = []string{
	"", "plain", "it's", `back\slash`, `\`, `\\`, `\'`, "'; DROP TABLE victims; --", "`; DROP TABLE victims", `"`,
	"{x:String}", "new\nline", "tab\ttab", "\r\n", "nul\x00inside", "\x00", "ü 🙂 \u202e", "--", "/* */", "%", "$$", "\\N", "NULL", "\x01\x7f",
}

// Parameters arrive as the bytes they are, whatever they look like.
func TestHostileParameters(t *testing.T) {
	c := database(t)
	mustExec(t, c, "CREATE TABLE victims (a String) ENGINE = MergeTree ORDER BY a")
	for _, v := range hostile {
		if got := scalar[string](t, c, "SELECT {v:String}", named("v", v)); got != v {
			t.Errorf("sent %q, got %q", v, got)
		}
		mustExec(t, c, "INSERT INTO victims SELECT {v:String}", named("v", v))
	}
	if n := scalar[uint64](t, c, "SELECT count() FROM victims"); n != uint64(len(hostile)) {
		t.Errorf("%d rows, want %d", n, len(hostile))
	}
	if got := scalar[[]string](t, c, "SELECT {v:Array(String)}", named("v", hostile)); len(got) != len(hostile) || got[7] != hostile[7] {
		t.Errorf("array: %q", got)
	}
}

func TestParametersProperty(t *testing.T) {
	c := database(t)
	rapid.Check(t, func(rt *rapid.T) {
		v := string(rapid.SliceOfN(rapid.Byte(), 0, 64).Draw(rt, "v"))
		var got string
		if err := c.QueryRow(t.Context(), "SELECT {v:String}", named("v", v)).Scan(&got); err != nil || got != v {
			rt.Fatalf("sent %q, got %q, %v", v, got, err)
		}
	})
}

// What one request sets does not reach another, on however few connections.
func TestSettingsDoNotLeak(t *testing.T) {
	p := start(t, Config{Args: []string{"--connections", "2"}})
	const q = "SELECT getSetting('max_block_size')"
	want := ask(t, p, "POST", "", q).body
	if got := ask(t, p, "POST", "?max_block_size=77", q).body; got != "77\n" || want == got {
		t.Fatalf("the setting of a request is %q, the default %q", got, want)
	}
	for range 20 {
		ask(t, p, "POST", "", "SET max_block_size = 78")
		ask(t, p, "POST", "", "SELECT 1 SETTINGS max_block_size = 79")
		ask(t, p, "POST", "", "CREATE TEMPORARY TABLE mine (a UInt8)")
		ask(t, p, "POST", "?database=system", "SELECT 1")
		ask(t, p, "POST", "", "USE system")
		if got := ask(t, p, "POST", "", q).body; got != want {
			t.Fatalf("setting leaked: %q, want %q", got, want)
		}
		if got := ask(t, p, "POST", "", "SELECT currentDatabase()").body; got != "default\n" {
			t.Fatalf("database leaked: %q", got)
		}
		if got := ask(t, p, "POST", "", "SELECT * FROM mine"); got.status == 200 {
			t.Fatal("temporary table leaked")
		}
		if got := ask(t, p, "GET", "?query=SELECT+{x:UInt8}", ""); got.status == 200 {
			t.Fatal("parameter leaked")
		}
		if got := ask(t, p, "GET", "?query=SELECT+{x:UInt8}&param_x=1", ""); got.body != "1\n" {
			t.Fatalf("parameter: %q", got.body)
		}
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 25 {
				if i%2 == 0 {
					if got := ask(t, p, "POST", "?max_block_size=77", q).body; got != "77\n" {
						t.Errorf("got %q beside others", got)
					}
				} else if got := ask(t, p, "POST", "", q).body; got != want {
					t.Errorf("got %q beside others, want %q", got, want)
				}
			}
		})
	}
	wg.Wait()
}

func TestErrorsHaveCodes(t *testing.T) {
	c := database(t)
	for query, code := range map[string]int32{
		"SELECT * FROM nowhere":                   60,
		"SELECT nothing":                          47,
		"SELEC":                                   62,
		"SELECT throwIf(1, 'a message of mine')":  395,
		"INSERT INTO nowhere VALUES (1)":          60,
		"CREATE TABLE a (a UInt8) ENGINE = Nope":  56,
		"SELECT toUInt8('x')":                     6,
		"SELECT 1 SETTINGS no_such_setting_x = 1": 115,
	} {
		err := c.Exec(t.Context(), query)
		var e *clickhouse.Exception
		if !errors.As(err, &e) || e.Code != code {
			t.Errorf("%s: %v, want code %d", query, err, code)
		}
	}
	_, err := c.PrepareBatch(t.Context(), "INSERT INTO nowhere (a)")
	var e *clickhouse.Exception
	if !errors.As(err, &e) || e.Code != 60 {
		t.Errorf("batch: %v", err)
	}
}
