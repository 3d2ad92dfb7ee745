package slack

import (
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/grantwatch/grantwatch/alert/slack/slacktest"
)

// TestManifestHasTheScopes: the scopes of the manifest are those that the called methods need, no more and no fewer.
func TestManifestHasTheScopes(t *testing.T) {
	raw, err := os.ReadFile("../../deploy/slack/manifest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		OAuth struct {
			Scopes struct {
				Bot []string `yaml:"bot"`
			} `yaml:"scopes"`
		} `yaml:"oauth_config"`
	}
	if err := yaml.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	called := regexp.MustCompile(`"((?:chat|users|conversations|files|auth|bots|views)\.[A-Za-z]+(?:\.[A-Za-z]+)?)"`)
	need := map[string]bool{}
	var methods []string
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !regexp.MustCompile(`^[a-z]+\.go$`).MatchString(f.Name()) {
			continue
		}
		src, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range called.FindAllSubmatch(src, -1) {
			methods = append(methods, string(c[1]))
			for _, s := range slacktest.Scopes(string(c[1])) {
				need[s] = true
			}
		}
	}
	if len(methods) < 12 {
		t.Fatalf("only %q are called; this test would check nothing", methods)
	}
	for s := range need {
		if !slices.Contains(m.OAuth.Scopes.Bot, s) {
			t.Errorf("the manifest lacks %s", s)
		}
	}
	for _, s := range m.OAuth.Scopes.Bot {
		if !need[s] {
			t.Errorf("nothing needs %s", s)
		}
	}
}
