package alerttest

import (
	"strings"
	"testing"
)

func TestHostile(t *testing.T) {
	list := Hostile()
	seen := map[string]bool{}
	longest := 0
	for _, s := range list {
		if seen[s] {
			t.Errorf("%.60q stands there twice", s)
		}
		seen[s] = true
		longest = max(longest, len(s))
	}
	if len(list) < 300 || longest < 100_000 {
		t.Errorf("%d strings, the longest has %d bytes", len(list), longest)
	}
	for _, want := range []string{"<!channel>", "\u202egnp.exe", "=1+1", "<script>alert(1)</script>", strings.Repeat("A", 100_000), "\xff\xfe", ""} {
		if !seen[want] {
			t.Errorf("%.40q is missing", want)
		}
	}
	t.Logf("%d strings", len(list))
	for _, bad := range []string{"x", "3 * x", "y * \"x\"", "\"x"} {
		if _, err := parse(bad); err == nil {
			t.Errorf("%q is a string", bad)
		}
	}
}
