package grantwatch_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/grantwatch/grantwatch"

// rooms are the folders of the module in the order in which data flows. A room may import the rooms that are named
// beside it and itself, nothing else of ours: imports point back along the way of a record, so that a part can be read,
// tested and replaced without what comes after it.
var rooms = []struct {
	path string
	may  []string
	why  string
}{
	{"access", nil, "the nouns know nobody"},
	{"store/engine", nil, "the engine is a ClickHouse like any other; it knows nothing of grants"},
	{"rules", []string{"access"}, "a rule sees facts, not tables or logs"},
	{"ingest", []string{"access"}, "an ingester declares the sink that it needs; it does not know the store"},
	{"store", []string{"access"}, "the only door to ClickHouse decides nothing"},
	{"detect", []string{"access", "store", "rules"}, "verdicts rest on what is stored, never on how it came in"},
	{"alert", []string{"access", "detect"}, "who is told is no concern of what is shown"},
	{"dashboards", []string{"access", "detect", "store"}, "what is shown is no concern of who is told"},
	{"examples", []string{"access"}, "examples are input; they know no machinery"},
}

// banned are libraries that only some rooms may import.
var banned = []struct {
	library string
	only    []string
	why     string
}{
	{"github.com/ClickHouse/", []string{"store"}, "the store is the only door to ClickHouse"},
	{"github.com/expr-lang/", []string{"rules"}, "expressions are compiled behind the fences of the rules room only"},
	{"github.com/aws/", []string{"ingest"}, "objects come from a bucket through one source, which knows what was read"},
	{"github.com/twmb/franz-go/pkg/", []string{"ingest", "alert/kafka", "cmd/grantwatch/internal/app"}, "records come from Kafka through one source, which knows when to commit; findings go there through one notifier, with a client that cmd makes"},
	{"github.com/twmb/franz-go/plugin/kprom", []string{"cmd/grantwatch/internal/metrics"}, "it hooks into the client and hands the source nothing but a hook"},
	{"github.com/prometheus/", []string{"cmd/grantwatch/internal/metrics"}, "the parts that are counted declare observers, and know nothing of who counts"},
	{"github.com/slack-go/", []string{"alert"}, "only alerts speak Slack"},
	{"github.com/wneessen/", []string{"alert/email"}, "only one notifier writes mail"},
	{"codeberg.org/go-pdf/", []string{"dashboards/report"}, "one report is put on paper, by the canvas that charts are drawn on"},
	{"golang.org/x/image/", []string{"dashboards/report"}, "only what is embedded in the PDF needs fonts"},
	{"github.com/coreos/go-oidc/", []string{"dashboards/web/signin"}, "who somebody is, is decided in one place"},
	{"golang.org/x/oauth2", []string{"dashboards/web/signin"}, "who somebody is, is decided in one place"},
	{"github.com/spf13/cobra", []string{"cmd"}, "only commands have flags"},
}

type pkg struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Standard", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []pkg
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	if len(list) < 15 {
		t.Fatalf("go list names %d packages only; this test would check nothing", len(list))
	}
	return list
}

func inside(path, room string) bool { return path == room || strings.HasPrefix(path, room+"/") }

func TestImportsPointBack(t *testing.T) {
	for _, p := range packages(t) {
		path := strings.TrimPrefix(p.ImportPath, module+"/")
		for _, room := range rooms {
			if !inside(path, room.path) {
				continue
			}
			for _, imp := range p.Imports {
				ours, ok := strings.CutPrefix(imp, module+"/")
				if !ok || inside(ours, room.path) {
					continue
				}
				allowed := false
				for _, m := range room.may {
					allowed = allowed || inside(ours, m)
				}
				if !allowed {
					t.Errorf("%s imports %s: %s", path, ours, room.why)
				}
			}
			break // the first room that holds the package is its room: store/engine before store
		}
	}
}

func TestLibrariesStayInTheirRooms(t *testing.T) {
	used := map[string]bool{}
	for _, p := range packages(t) {
		path := strings.TrimPrefix(p.ImportPath, module+"/")
		for _, b := range banned {
			for _, imp := range p.Imports {
				if !strings.HasPrefix(imp, b.library) {
					continue
				}
				used[b.library] = true
				allowed := false
				for _, room := range b.only {
					allowed = allowed || inside(path, room)
				}
				if !allowed {
					t.Errorf("%s imports %s: %s", path, imp, b.why)
				}
			}
		}
	}
	for _, b := range banned {
		if !used[b.library] {
			t.Errorf("nothing imports %s; is the rule still right?", b.library)
		}
	}
}

// TestAccessNeedsNoLibrary keeps the nouns importable by everything: the standard library only.
func TestAccessNeedsNoLibrary(t *testing.T) {
	for _, p := range packages(t) {
		path := strings.TrimPrefix(p.ImportPath, module+"/")
		if !inside(path, "access") {
			continue
		}
		for _, imp := range p.Imports {
			if first, _, _ := strings.Cut(imp, "/"); strings.Contains(first, ".") && !strings.HasPrefix(imp, module) {
				t.Errorf("%s imports %s", path, imp)
			}
		}
	}
}
