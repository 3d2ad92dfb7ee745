package reader

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/access"
)

func TestLimit(t *testing.T) {
	if _, err := readAll(strings.NewReader("12345"), "f", 4); err == nil || !strings.Contains(err.Error(), "larger than 4 bytes") {
		t.Errorf("over the limit: %v", err)
	}
	if data, err := readAll(strings.NewReader("1234"), "f", 4); err != nil || string(data) != "1234" {
		t.Errorf("at the limit: %q %v", data, err)
	}
}

func TestBrokenCompression(t *testing.T) {
	for name, data := range map[string]string{"gzip": "\x1f\x8bxxxxxxxxxxxxxxxxxxx", "zstd": "\x28\xb5\x2f\xfdxxxxxxxxxxxx", "half a gzip header": "\x1f\x8b\x08"} {
		_, err := ReadAll(strings.NewReader(data), "f.json")
		var where *SyntaxError
		if !errors.As(err, &where) || where.File != "f.json" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPosition(t *testing.T) {
	data := []byte("ab\ncäd\n")
	for offset, want := range map[int][2]int{0: {1, 1}, 2: {1, 3}, 3: {2, 1}, 6: {2, 3}, 8: {3, 1}, 99: {3, 1}, -1: {1, 1}} {
		if l, c := Position(data, offset); l != want[0] || c != want[1] {
			t.Errorf("offset %d is %d:%d, want %v", offset, l, c, want)
		}
	}
}

// Two grants that differ in any part that counts have two ids, and times, teams and paths do not count.
func TestGrantID(t *testing.T) {
	part := rapid.StringMatching(`[a:1#]{0,3}`)
	list := rapid.SliceOfN(part, 0, 2)
	gen := rapid.Custom(func(t *rapid.T) access.Grant {
		return access.Grant{Provider: part.Draw(t, "p"), Account: part.Draw(t, "a"), Subject: part.Draw(t, "s"), Permission: part.Draw(t, "perm"),
			Except: list.Draw(t, "except"), Resource: part.Draw(t, "r"), NotResource: list.Draw(t, "nr"), Via: part.Draw(t, "v"), Conditions: part.Draw(t, "c")}
	})
	key := func(g access.Grant) string {
		return strings.Join([]string{g.Provider, g.Account, g.Subject, g.Permission, strings.Join(g.Except, "\x01"), string(rune(len(g.Except))),
			g.Resource, strings.Join(g.NotResource, "\x01"), string(rune(len(g.NotResource))), g.Via, g.Conditions}, "\x00")
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := gen.Draw(t, "a"), gen.Draw(t, "b")
		if (key(a) == key(b)) != (GrantID(&a) == GrantID(&b)) {
			t.Fatalf("%+v and %+v", a, b)
		}
		c := a
		c.Team, c.Entitlement, c.Path, c.GrantedBy, c.Privileged = "x", "y", "z", "w", true
		if GrantID(&a) != GrantID(&c) {
			t.Fatal("the id depends on something that is not the grant's")
		}
	})
}
