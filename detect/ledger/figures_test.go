package ledger

import (
	"os"
	"strings"
	"testing"
)

// TestEveryFigureIsDocumented holds docs/report.md to the list.
func TestEveryFigureIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/report.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range FigureNames() {
		unit := f.Unit
		if f.Label != "" {
			unit += ", by " + f.Label
		}
		if row := "| `" + f.Name + "` | " + unit + " | " + f.Help + " |"; !strings.Contains(string(page), row) {
			t.Errorf("docs/report.md has no line %s", row)
		}
	}
}
