package output

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/report/viewtest"
)

// nasty are findings in which every outside text carries something that a terminal would obey or a reader would be fooled by.
func nasty() []access.Finding {
	list := viewtest.Hostile().Findings
	for _, bad := range []string{"\x1b]0;title\x07", "\x1b[2J", "\u009b31m", "\u009d52;c;\u009c", "\x7f\x08\x08", "a\r\nb", "\u202egnp.exe", "\u2066x\u2069", "=HYPERLINK(\"http://evil\")", "@SUM(1)", "\t=1", "\xff\xfe", "\u200b\ufeff", "\U000e0041"} {
		list = append(list, access.Finding{Kind: "UNUSED_GRANT", Verdict: access.VerdictUnused, Severity: access.SeverityLow, Team: bad, Feed: bad, Why: bad, Proposal: bad, State: "open", Fingerprint: "f",
			Identity: &access.FindingIdentity{UID: bad, Name: bad, Owner: bad}, Grant: &access.FindingGrant{ID: bad, Permission: bad, Resource: bad, Path: bad}})
	}
	return list
}

func printed(t *testing.T, format string, list []access.Finding) string {
	t.Helper()
	var b bytes.Buffer
	if err := Findings(&b, format, list); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestNothingIsObeyedByATerminal prints hostile findings in every format: what comes out has line breaks and tabs between
// values, and no other character that controls, hides or reorders.
func TestNothingIsObeyedByATerminal(t *testing.T) {
	list := nasty()
	for _, format := range Formats {
		t.Run(format, func(t *testing.T) {
			text := printed(t, format, list)
			for _, r := range text {
				if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
					t.Fatalf("it prints %U", r)
				}
			}
			if strings.Contains(text, "\xff") {
				t.Error("it is not valid UTF-8")
			}
			if format == "table" && strings.Count(text, "\n") != len(list)+1 {
				t.Errorf("%d lines for %d findings", strings.Count(text, "\n"), len(list))
			}
		})
	}
}

func TestJSONKeepsWhatItEscapes(t *testing.T) {
	list := nasty()
	lines := strings.Split(strings.TrimSuffix(printed(t, "json", list), "\n"), "\n")
	if len(lines) != len(list) {
		t.Fatalf("%d lines for %d findings", len(lines), len(list))
	}
	for i, line := range lines {
		var back access.Finding
		if err := json.Unmarshal([]byte(line), &back); err != nil {
			t.Fatal(err)
		}
		if want := string([]rune(list[i].Why)); back.Why != want {
			t.Errorf("%q came back as %q", want, back.Why)
		}
	}
	for _, line := range strings.Split(strings.TrimSuffix(printed(t, "ocsf", list), "\n"), "\n") {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
}

func TestCSVRunsNothing(t *testing.T) {
	list := nasty()
	rows, err := csv.NewReader(strings.NewReader(printed(t, "csv", list))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(list)+1 {
		t.Fatalf("%d rows for %d findings", len(rows)-1, len(list))
	}
	for _, row := range rows {
		for i, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("the cell %s can run: %q", rows[0][i], cell)
			}
		}
	}
}

func TestNoFindings(t *testing.T) {
	for _, format := range Formats {
		if text := printed(t, format, nil); format == "json" && text != "" || format == "csv" && strings.Count(text, "\n") != 1 {
			t.Errorf("%s: %q", format, text)
		}
	}
	if err := Findings(&bytes.Buffer{}, "xml", nil); err == nil || !strings.Contains(err.Error(), "table, json, ocsf, csv") {
		t.Errorf("%v", err)
	}
}
