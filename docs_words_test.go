package grantwatch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/rules"
)

// unshown are keys that the page names and its examples leave out: load refuses them today, nothing uses them, or they are
// for tests, or stand instead of another.
var unshown = []string{"entitlements.from.kafka", "entitlements.from.kafka.topic", "entitlements.from.http", "entitlements.from.http.token_file", "entitlements.from.http.client_names",
	"identities.from.kafka", "identities.from.kafka.topic", "identities.from.http", "identities.from.http.token_file", "identities.from.http.client_names", "alert.slack.app_token_env", "alert.slack.signing_secret_env", "alert.slack.listen",
	"alert.slack.signing_secret_file", "alert.slack.api_url", "alert.slack.token_env", "report.channel"}

// structKeys lists every key of the structs in a file as a path: feeds.from.file.
func structKeys(t *testing.T, file, root string) map[string]bool {
	t.Helper()
	tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	structs := map[string]*ast.StructType{}
	ast.Inspect(tree, func(n ast.Node) bool {
		if s, ok := n.(*ast.TypeSpec); ok {
			if st, ok := s.Type.(*ast.StructType); ok {
				structs[s.Name.Name] = st
			}
		}
		return true
	})
	out := map[string]bool{}
	var walk func(name, prefix string)
	walk = func(name, prefix string) {
		for _, f := range structs[name].Fields.List {
			if f.Tag == nil {
				continue
			}
			key := reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("yaml")
			if key == "" || key == "-" {
				continue
			}
			out[prefix+key] = true
			if inner := elementName(f.Type); structs[inner] != nil {
				walk(inner, prefix+key+".")
			}
		}
	}
	walk(root, "")
	return out
}

// elementName is the named type behind pointers and lists. The keys of a map are the user's own.
func elementName(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.StarExpr:
		return elementName(x.X)
	case *ast.ArrayType:
		return elementName(x.Elt)
	}
	return ""
}

// named are keys below which stand names of the reader's own.
var named = []string{"rules.teams", "page.oidc.groups", "alert.escalate.after", "alert.webhooks.headers", "alert.webhooks.header_files"}

// yamlKeys adds the paths of all keys of a document.
func yamlKeys(v any, prefix string, out map[string]bool) {
	switch x := v.(type) {
	case map[string]any:
		for k, inner := range x {
			out[prefix+k] = true
			if !slices.Contains(named, prefix+k) {
				yamlKeys(inner, prefix+k+".", out)
			}
		}
	case []any:
		for _, inner := range x {
			yamlKeys(inner, prefix, out)
		}
	}
}

func TestConfigKeysAreDocumented(t *testing.T) {
	known := structKeys(t, "cmd/grantwatch/internal/config/config.go", "Config")
	if len(known) < 40 {
		t.Fatalf("%d keys only: %v", len(known), known)
	}
	doc := readPage(t, "docs/config.md")
	shown := map[string]bool{}
	for _, m := range regexp.MustCompile("(?ms)^```yaml\n(.*?)^```").FindAllStringSubmatch(doc.text, -1) {
		for _, part := range strings.Split(m[1], "\n---\n") {
			var v any
			if err := yaml.Unmarshal([]byte(part), &v); err != nil {
				t.Fatalf("docs/config.md: %v", err)
			}
			yamlKeys(v, "", shown)
		}
	}
	for k := range shown {
		if !known[k] {
			t.Errorf("docs/config.md shows the key %s, which grantwatch.yaml does not have", k)
		}
	}
	for k := range known {
		if strings.HasPrefix(k, "entitlements.from.s3") || strings.HasPrefix(k, "identities.from.s3") || k == "entitlements.from.stdin" || k == "identities.from.stdin" {
			continue // load refuses them: only logs come that way
		}
		aside := slices.ContainsFunc(unshown, func(u string) bool { return k == u || strings.HasSuffix(k, "."+u) })
		leaf := k[strings.LastIndex(k, ".")+1:]
		switch {
		case !shown[k] && !aside:
			t.Errorf("no example in docs/config.md shows the key %s", k)
		case shown[k] && aside:
			t.Errorf("docs/config.md shows %s, which is on the list of those that it only names", k)
		case !slices.Contains(doc.code, leaf):
			t.Errorf("docs/config.md does not name the key %s in a table or sentence", k)
		}
	}
}

// TestRegisterKeysAreDocumented holds the files beside grantwatch.yaml to the same page.
func TestRegisterKeysAreDocumented(t *testing.T) {
	doc := readPage(t, "docs/config.md")
	spans := strings.Join(doc.code, "\n")
	tag := regexp.MustCompile("`yaml:\"([a-z_]+)\"`")
	found := 0
	for _, file := range []string{"ingest/policy/baseline.go", "ingest/policy/register.go"} {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range tag.FindAllStringSubmatch(string(src), -1) {
			if found++; !regexp.MustCompile(`\b` + m[1] + `\b`).MatchString(spans) {
				t.Errorf("docs/config.md does not name the key %s of %s", m[1], file)
			}
		}
	}
	for _, file := range []string{"ingest/identity/identity.go", "ingest/entitlement/csvgrants/read.go"} {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, list, _ := strings.Cut(string(src), "var columns = []string{")
		list, _, _ = strings.Cut(list, "}")
		for _, m := range regexp.MustCompile(`"([a-z_]+)"`).FindAllStringSubmatch(list, -1) {
			if found++; !regexp.MustCompile(`\b` + m[1] + `\b`).MatchString(spans) {
				t.Errorf("docs/config.md does not name the column %s of %s", m[1], file)
			}
		}
	}
	if found < 40 {
		t.Errorf("%d keys and columns only; is the pattern still right?", found)
	}
}

// verdictWords are the verdicts as access/finding.go declares them.
func verdictWords(t *testing.T) []string {
	t.Helper()
	src, err := os.ReadFile("access/finding.go")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range regexp.MustCompile(`Verdict\w+ +Verdict = "([A-Z_]+)"`).FindAllStringSubmatch(string(src), -1) {
		out = append(out, m[1])
	}
	if len(out) < 8 {
		t.Fatalf("%d verdicts only: %v", len(out), out)
	}
	return out
}

func TestKindsAndVerdictsAreDefined(t *testing.T) {
	set, problems := rules.Load(rules.Options{Library: true})
	if rules.HasErrors(problems) {
		t.Fatal(problems[0])
	}
	// Raised while rules are loaded, and while alerts are sent: by no rule.
	ruled := map[string]bool{"LOOSEN_ATTEMPT": true, "ALERT_UNDELIVERABLE": true}
	for _, r := range set.Rules() {
		ruled[r.Kind] = true
	}
	verdicts, kinds := verdictWords(t), rules.Kinds()
	doc := readPage(t, "docs/verdicts.md")
	rows := map[string]string{} // word in the first column → the rest of its row
	for _, m := range regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\|(.*)$").FindAllStringSubmatch(doc.text, -1) {
		rows[m[1]] = m[2]
	}
	for _, w := range verdicts {
		if rows[w] == "" {
			t.Errorf("docs/verdicts.md does not define the verdict %s", w)
		}
	}
	limits := readPage(t, "docs/limits.md")
	_, unbuilt, _ := strings.Cut(limits.text, "**Kinds without a rule:**")
	unbuilt, _, _ = strings.Cut(unbuilt, "\n* ")
	for _, k := range kinds {
		row, ok := rows[k]
		if !ok {
			t.Errorf("docs/verdicts.md does not define the kind %s", k)
		}
		if said := strings.Contains(row, "No rule yet"); said == ruled[k] {
			t.Errorf("docs/verdicts.md says of %s that it has no rule: %v; it has one: %v", k, said, ruled[k])
		}
		if said := strings.Contains(unbuilt, "`"+k+"`"); said == ruled[k] {
			t.Errorf("docs/limits.md lists %s as without a rule: %v; it has one: %v", k, said, ruled[k])
		}
	}
	word := regexp.MustCompile(`^[A-Z]{3,}(_[A-Z]+)*$`)
	for _, p := range pages(t) {
		if strings.HasPrefix(p.file, "docs/rules/") || p.file == "examples/demo/README.md" {
			continue
		}
		for _, c := range p.code {
			if word.MatchString(c) && strings.Contains(c, "_") && !slices.Contains(verdicts, c) && !slices.Contains(kinds, c) && c != rules.ModelAbstain && !strings.HasPrefix(c, "GRANTWATCH_") {
				t.Errorf("%s names %s, which is neither kind nor verdict", p.file, c)
			}
		}
	}
}

func TestParametersAreAsDocumented(t *testing.T) {
	set, _ := rules.Load(rules.Options{Library: true})
	shown := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\| `([a-z0-9_]+)` \\| ([0-9.]+) \\| ([a-z]+) \\|$").FindAllStringSubmatch(readPage(t, "docs/verdicts.md").text, -1) {
		shown[m[1]+" "+m[2]] = m[3] + " " + m[4]
	}
	for _, r := range set.Rules() {
		for _, p := range r.Params {
			if p.Default.IsList {
				continue
			}
			k, want := r.ID+" "+p.Name, p.Default.String()+" "+string(p.Tighter)
			if shown[k] != want {
				t.Errorf("docs/verdicts.md says of %s: %q, the rule says %q", k, shown[k], want)
			}
			delete(shown, k)
		}
	}
	for k := range shown {
		t.Errorf("docs/verdicts.md has a parameter that no rule has: %s", k)
	}
}

// jsonKeys adds the names of all fields that a type prints.
func jsonKeys(typ reflect.Type, out map[string]bool) {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct || typ.PkgPath() == "time" {
		return
	}
	for i := range typ.NumField() {
		f := typ.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		out[name] = true
		jsonKeys(f.Type, out)
	}
}

func TestOutputFieldsAreDocumented(t *testing.T) {
	doc := readPage(t, "docs/output.md")
	keys := map[string]bool{}
	jsonKeys(reflect.TypeFor[access.Event](), keys)
	jsonKeys(reflect.TypeFor[access.Finding](), keys)
	jsonKeys(reflect.TypeFor[access.Rejection](), keys)
	if len(keys) < 60 {
		t.Fatalf("%d fields only", len(keys))
	}
	for k := range keys {
		if !slices.Contains(doc.code, k) {
			t.Errorf("docs/output.md does not name the field %s", k)
		}
	}
	src, err := os.ReadFile("cmd/grantwatch/internal/output/output.go")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(src), "var csvHeader = []string{")
	list, _, _ = strings.Cut(list, "}")
	var columns []string
	for _, m := range regexp.MustCompile(`"([a-z_]+)"`).FindAllStringSubmatch(list, -1) {
		columns = append(columns, m[1])
	}
	if header := strings.Join(columns, ","); len(columns) < 20 || !strings.Contains(doc.text, "\n"+header+"\n") {
		t.Errorf("docs/output.md does not have the header of the CSV: %s", header)
	}
}

// TestRoomsAreDrawn keeps ARCHITECTURE.md equal to the import test, and the README's drawing to its rooms.
func TestRoomsAreDrawn(t *testing.T) {
	text := readPage(t, "ARCHITECTURE.md").text
	said := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z/]+)` \\|.*\\| ([^|]+) \\|$").FindAllStringSubmatch(text, -1) {
		said[m[1]] = m[2]
	}
	for _, room := range rooms {
		want := "nobody"
		if len(room.may) > 0 {
			want = "`" + strings.Join(room.may, "`, `") + "`"
		}
		if said[room.path] != want {
			t.Errorf("ARCHITECTURE.md says that %s may import %s; the import test says %s", room.path, said[room.path], want)
		}
	}
	drawing := fence.FindString(readPage(t, "README.md").text)
	for _, room := range []string{"ingest", "rules", "store", "detect", "alert", "dashboards"} {
		if !strings.Contains(drawing, room) {
			t.Errorf("the README's drawing lacks %s", room)
		}
	}
}

func TestReadmeIsOneScreen(t *testing.T) {
	text := readPage(t, "README.md").text
	if n := strings.Count(text, "\n"); n > 80 {
		t.Errorf("the README has %d lines", n)
	}
	for _, mark := range []string{"<!-- bench:begin -->", "<!-- bench:end -->"} {
		if strings.Count(text, mark) != 1 {
			t.Errorf("the README needs %s once: the figures are written between the marks", mark)
		}
	}
}

// TestDocumentedFilesExist checks the paths of the tree that documents name in backticks. Words in capitals stand for a
// name of the reader's choice.
func TestDocumentedFilesExist(t *testing.T) {
	pathWord := regexp.MustCompile(`^(access|alert|cmd|dashboards|detect|docs|examples|ingest|rules|store)/[a-z0-9_./-]+$`)
	found := 0
	for _, name := range []string{"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/limits.md", "docs/verdicts.md"} {
		for _, c := range readPage(t, name).code {
			if !pathWord.MatchString(c) {
				continue
			}
			found++
			if _, err := os.Stat(c); err != nil && !strings.HasPrefix(c, "docs/rules/") {
				t.Errorf("%s names %s, which is not there", name, c)
			}
		}
	}
	if found < 40 {
		t.Errorf("%d paths only; is the pattern still right?", found)
	}
}
