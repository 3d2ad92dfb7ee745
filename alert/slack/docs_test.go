package slack

import (
	"os"
	"strings"
	"testing"
)

// TestEveryHintIsDocumented keeps docs/slack.md complete.
func TestEveryHintIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/slack.md")
	if err != nil {
		t.Fatal(err)
	}
	for code, hint := range hints {
		if !strings.Contains(string(doc), "| `"+code+"` | "+hint+" |") {
			t.Errorf("docs/slack.md lacks %s: %s", code, hint)
		}
	}
}
