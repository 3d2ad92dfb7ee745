package file

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func names(list []File) string {
	var out []string
	for _, f := range list {
		out = append(out, f.Name)
	}
	return strings.Join(out, " ")
}

func TestScan(t *testing.T) {
	fsys := fstest.MapFS{}
	for _, n := range []string{"logs/b-10.json", "logs/b-9.json", "logs/b-09.json", "logs/a.log", "logs/a.log.1", "logs/a.log.10", "logs/a.log.2", "other.log",
		"cloud/2026/03/01/x.json.gz", "cloud/2026/03/02/y.json.gz", "cloud/2026/10/01/z.json.gz", "cloud/top.json.gz"} {
		fsys[n] = &fstest.MapFile{Data: []byte("x")}
	}
	for name, c := range map[string]struct {
		globs string
		want  string
	}{
		"digits are numbers":        {"logs/b-*.json", "logs/b-09.json logs/b-9.json logs/b-10.json"},
		"rotation":                  {"logs/a.log*", "logs/a.log logs/a.log.1 logs/a.log.2 logs/a.log.10"},
		"a name":                    {"other.log", "other.log"},
		"each once":                 {"other.log *.log", "other.log"},
		"folders":                   {"cloud/*/*/*/*.gz", "cloud/2026/03/01/x.json.gz cloud/2026/03/02/y.json.gz cloud/2026/10/01/z.json.gz"},
		"any depth":                 {"cloud/**/*.gz", "cloud/2026/03/01/x.json.gz cloud/2026/03/02/y.json.gz cloud/2026/10/01/z.json.gz cloud/top.json.gz"},
		"everything below":          {"cloud/2026/10/**", "cloud/2026/10/01/z.json.gz"},
		"a folder is no file":       {"cloud", ""},
		"nothing":                   {"absent/*.log absent.log logs/b-9.json/x", ""},
		"a glob with dots in front": {"./logs/a.log", "logs/a.log"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Scan(t.Context(), fsys, strings.Split(c.globs, " "))
			if err != nil || names(got) != c.want {
				t.Errorf("got %q, %v\nwant %q", names(got), err, c.want)
			}
		})
	}
	if _, err := Scan(t.Context(), fsys, []string{"logs/[a"}); err == nil {
		t.Error("a broken glob was taken")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Scan(ctx, fsys, []string{"**"}); err == nil {
		t.Error("it went on after its context had ended")
	}
}

func TestGroups(t *testing.T) {
	list := []File{{Name: "a", Size: 5}, {Name: "b", Size: 5}, {Name: "c", Size: 50}, {Name: "d"}, {Name: "e"}, {Name: "f"}, {Name: "g", Size: 11}}
	var got []string
	for _, g := range Groups(list, 10, 3) {
		got = append(got, names(g))
	}
	if want := []string{"a b", "c", "d e f", "g"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if s := Group(list[:3]).Source(); s != "a … c (3 files)" {
		t.Error(s)
	}
	if Groups(nil, 10, 3) != nil {
		t.Error("a group of nothing")
	}
}

func TestIsDocument(t *testing.T) {
	for text, want := range map[string]bool{
		"\x1f\x8b\x08": true, "\x28\xb5\x2f\xfd": true, "[{": true, " \n[": true, "{\n  \"a\": 1": true, `{"Records":[{"a":1}]}`: true, `{ "Records" : [ {`: true,
		"\xef\xbb\xbf[": true, `{"a":1}` + "\n": false, `{"a":[1,2]}`: false, `{"a":["x"]}`: false, "plain text": false, "": false, `{"a`: false, `{`: false, `{"a":{"b":[{}]}}`: false,
	} {
		if got := isDocument([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
