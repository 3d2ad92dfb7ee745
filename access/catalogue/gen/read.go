package main

import (
	"archive/zip"
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/grantwatch/grantwatch/access/catalogue"
)

// readSDK lists every API operation as lower-case prefix:operation, under each name that the SDK has for the service.
func readSDK(file, services string) (map[string]bool, error) {
	z, err := zip.OpenReader(file)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	alias := map[string][]string{}
	for line := range strings.Lines(services) {
		if f := strings.Fields(line); len(f) == 2 && f[0] != "#" {
			alias[f[1]] = append(alias[f[1]], f[0])
		}
	}
	out := map[string]bool{}
	for _, f := range z.File {
		parts := strings.Split(f.Name, "/")
		if len(parts) != 5 || !strings.HasPrefix(parts[4], "service-2.json") {
			continue
		}
		if err := readService(f, append(alias[parts[2]], parts[2]), out); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return out, nil
}

func readService(f *zip.File, names []string, out map[string]bool) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	var body io.Reader = r
	if path.Ext(f.Name) == ".gz" {
		if body, err = gzip.NewReader(r); err != nil {
			return err
		}
	}
	var doc struct {
		Metadata   struct{ EndpointPrefix, SigningName string }
		Operations map[string]json.RawMessage
	}
	if err := json.NewDecoder(body).Decode(&doc); err != nil {
		return err
	}
	for _, n := range append(names, doc.Metadata.EndpointPrefix, doc.Metadata.SigningName) {
		for op := range doc.Operations {
			out[strings.ToLower(n+":"+op)] = true
		}
	}
	return nil
}

func readLines(file string) ([]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var out []string
	s := bufio.NewScanner(z)
	for s.Scan() {
		out = append(out, s.Text())
	}
	return out, s.Err()
}

// ruleSet is curated.tsv: one list of patterns per verdict, in the order of the file.
type ruleSet []struct {
	verdict  string
	patterns []string
}

func parseCurated(text string) (ruleSet, error) {
	var out ruleSet
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 3 {
			return nil, fmt.Errorf("curated.tsv:%d: %d fields, want verdict, patterns, why", n, len(f))
		}
		switch f[0] {
		case "optin", "never", "unknown", "default", "readonly", "admin":
		default:
			return nil, fmt.Errorf("curated.tsv:%d: unknown verdict %q", n, f[0])
		}
		out = append(out, struct {
			verdict  string
			patterns []string
		}{f[0], strings.Fields(f[1])})
	}
	return out, nil
}

// codes is how the action is logged (D default, O opt-in, N never, U unknown) and its flags (R read only, A admin weight).
// An action that no API operation and no list of recorded calls knows is U: there is no evidence that a call of it would show.
func (rs ruleSet) codes(action string, called bool) string {
	logged, flags := "", ""
	for _, r := range rs {
		for _, p := range r.patterns {
			if !catalogue.MatchFold(p, action) {
				continue
			}
			switch r.verdict {
			case "readonly":
				flags += "R"
			case "admin":
				flags += "A"
			case "optin", "never", "unknown", "default":
				if logged == "" {
					logged = map[string]string{"optin": "O", "never": "N", "unknown": "U", "default": "D"}[r.verdict]
				}
			}
		}
	}
	if logged == "" {
		logged = "U"
		if called {
			logged = "D"
		}
	}
	return logged + flags
}
