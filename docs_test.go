package grantwatch_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// page is one Markdown file. code is what stands in fences and backticks, a piece each; prose is everything else.
type page struct {
	file  string
	text  string
	code  []string
	prose string
}

var (
	fence    = regexp.MustCompile("(?ms)^```[a-z]*\n(.*?)^```")
	codeSpan = regexp.MustCompile("`([^`\n]+)`")
)

func readPage(t *testing.T, file string) page {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p := page{file: file, text: string(data)}
	p.prose = fence.ReplaceAllStringFunc(p.text, func(s string) string {
		p.code = append(p.code, fence.FindStringSubmatch(s)[1])
		return "\n"
	})
	p.prose = codeSpan.ReplaceAllStringFunc(p.prose, func(s string) string {
		p.code = append(p.code, s[1:len(s)-1])
		return ""
	})
	return p
}

// pages are all Markdown files of the repository.
func pages(t *testing.T) []page {
	t.Helper()
	var out []page
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && file != "." && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" || name == "bin") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(file, ".md") {
			out = append(out, readPage(t, file))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 20 {
		t.Fatalf("%d pages only; this test would check nothing", len(out))
	}
	return out
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	unslug  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors are the names by which a page's headings can be linked to.
func anchors(text string) []string {
	var out []string
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		out = append(out, strings.ReplaceAll(unslug.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return out
}

func TestLinksResolve(t *testing.T) {
	links := 0
	for _, p := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(p.prose, -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			links++
			file, anchor, _ := strings.Cut(m[1], "#")
			target := p.file
			if file != "" {
				target = filepath.Join(filepath.Dir(p.file), filepath.FromSlash(file))
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s, which is not there", p.file, m[1])
				continue
			}
			if anchor != "" && !slices.Contains(anchors(readPage(t, target).text), anchor) {
				t.Errorf("%s links to %s, and %s has no such heading", p.file, m[1], target)
			}
		}
	}
	if links < 50 {
		t.Errorf("%d links only; is the pattern still right?", links)
	}
}

func TestMakeTargetsExist(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	targets := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^([a-z][a-z-]*):`).FindAllStringSubmatch(string(makefile), -1) {
		targets[m[1]] = true
	}
	named := regexp.MustCompile(`(?m)(?:^|[\s(])make ([a-z][a-z-]*)`)
	found := 0
	for _, p := range pages(t) {
		for _, c := range p.code {
			for _, m := range named.FindAllStringSubmatch(c, -1) {
				if found++; !targets[m[1]] {
					t.Errorf("%s names make %s, which the Makefile does not have", p.file, m[1])
				}
			}
		}
	}
	if found < 5 {
		t.Errorf("%d targets named only; is the pattern still right?", found)
	}
}

// commands reads the tree of commands out of the source: every function that builds one names it in Use, and its
// subcommands in AddCommand. Flags are those of all commands together.
func commands(t *testing.T) (tree map[string][]string, flags map[string]bool) {
	t.Helper()
	files, err := filepath.Glob("cmd/grantwatch/*.go")
	if err != nil {
		t.Fatal(err)
	}
	use, children := map[string]string{}, map[string][]string{}
	flags = map[string]bool{}
	flag := regexp.MustCompile(`Var(?:P)?\([^,]+, "([a-z-]+)"`)
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range flag.FindAllStringSubmatch(string(src), -1) {
			flags[m[1]] = true
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, src, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range tree.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				ast.Inspect(f, func(n ast.Node) bool { return commandOf(n, f.Name.Name, use, children) })
			}
		}
	}
	tree = map[string][]string{}
	for _, f := range children["root"] {
		tree[use[f]] = nil
		for _, sub := range children[f] {
			tree[use[f]] = append(tree[use[f]], use[sub])
		}
	}
	if len(tree) < 10 || len(tree["rules"]) < 3 || len(flags) < 10 {
		t.Fatalf("commands %v, flags %v: is the reading still right?", tree, flags)
	}
	return tree, flags
}

func commandOf(n ast.Node, in string, use map[string]string, children map[string][]string) bool {
	switch x := n.(type) {
	case *ast.KeyValueExpr:
		key, _ := x.Key.(*ast.Ident)
		if value, ok := x.Value.(*ast.BasicLit); ok && key != nil && key.Name == "Use" {
			text, _ := strconv.Unquote(value.Value)
			use[in], _, _ = strings.Cut(text, " ")
		}
	case *ast.CallExpr:
		if s, ok := x.Fun.(*ast.SelectorExpr); !ok || s.Sel.Name != "AddCommand" {
			return true
		}
		for _, a := range x.Args {
			if call, ok := a.(*ast.CallExpr); ok {
				if f, ok := call.Fun.(*ast.Ident); ok {
					children[in] = append(children[in], f.Name)
				}
			}
		}
	}
	return true
}

func TestCommandsExist(t *testing.T) {
	tree, flags := commands(t)
	named := regexp.MustCompile(`(?m)(?:^|[\s(])(?:bin/)?grantwatch +([a-z]+)(?: +([a-z]+))?([^\n#]*)`)
	flag := regexp.MustCompile(` --([a-z][a-z-]*)`)
	found := 0
	for _, p := range pages(t) {
		for _, c := range append(p.code, p.prose) {
			for _, m := range named.FindAllStringSubmatch(c, -1) {
				found++
				subs, ok := tree[m[1]]
				if !ok {
					t.Errorf("%s names grantwatch %s, which is no command", p.file, m[1])
				}
				if len(subs) > 0 && m[2] != "" && !slices.Contains(subs, m[2]) {
					t.Errorf("%s names grantwatch %s %s, which is no command", p.file, m[1], m[2])
				}
				if c == p.prose {
					continue // a sentence may go on with anything
				}
				for _, fl := range flag.FindAllStringSubmatch(m[0], -1) {
					if !flags[fl[1]] {
						t.Errorf("%s names %q: no command has the flag --%s", p.file, strings.TrimSpace(m[0]), fl[1])
					}
				}
			}
		}
	}
	if found < 15 {
		t.Errorf("%d commands named only; is the pattern still right?", found)
	}
}
