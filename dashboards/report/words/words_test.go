package words

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/grantwatch/grantwatch/access"
)

func TestPercentRoundsTowardsTheWorse(t *testing.T) {
	for in, want := range map[float64]string{
		0: "0 %", 1: "100 %", 0.99996: "99.9 %", 0.9999999999: "99.9 %", 0.0003: "<0.1 %", 0.5: "50 %", 0.3339: "33.3 %", 0.29: "29 %", 0.001: "0.1 %",
	} {
		if got := strings.ReplaceAll(Percent(in), thin, " "); got != want {
			t.Errorf("Percent(%v) = %q, want %q", in, got, want)
		}
	}
}

func TestInt(t *testing.T) {
	for in, want := range map[int64]string{0: "0", 1800: "1800", 12430: "12 430", 1234567: "1 234 567", -12430: "−12 430"} {
		if got := strings.ReplaceAll(Int(in), thin, " "); got != want {
			t.Errorf("Int(%d) = %q, want %q", in, got, want)
		}
	}
}

func TestAgo(t *testing.T) {
	now := time.Date(2026, 11, 23, 6, 30, 0, 0, time.UTC)
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{time.Time{}, "never"}, {now, "now"}, {now.Add(-30 * time.Second), "now"}, {now.Add(-90 * time.Minute), "90 min ago"}, {now.Add(-47 * time.Hour), "47 h ago"},
		{now.Add(-10 * 24 * time.Hour), "10 d ago"}, {now.Add(3 * 24 * time.Hour), "in 3 d"}, {now.Add(-1095 * 24 * time.Hour), "3 y ago"},
	} {
		if got := strings.ReplaceAll(Ago(c.at, now), thin, " "); got != c.want {
			t.Errorf("Ago(%v) = %q, want %q", c.at, got, c.want)
		}
	}
}

func TestVisibleWritesOutWhatHides(t *testing.T) {
	for in, want := range map[string]string{
		"plain name": "plain name", "Zoë Łukasz 名前": "Zoë Łukasz 名前", "two\nlines\tand tab": "two\nlines\tand tab",
		"admin\u202egpj.exe": "admin⟨U+202E⟩gpj.exe", "a\x00b\x1b[31m": "a⟨U+0000⟩b⟨U+001B⟩[31m", "zero\u200bwidth\ufeff": "zero⟨U+200B⟩width⟨U+FEFF⟩",
		"line\u2028sep": "line⟨U+2028⟩sep", "bad\xffutf8": "bad\uFFFDutf8", "soft\u00adhyphen": "soft⟨U+00AD⟩hyphen", "crlf\r\n": "crlf⟨U+000D⟩\n",
	} {
		if got := Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCellNeverStartsAFormula(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "ordinary": "ordinary", "a=b": "a=b", "s3:*": "s3:*", "=1+1": "'=1+1", "+1": "'+1", "-2+3": "'-2+3", "@SUM(1)": "'@SUM(1)", "＝1": "'＝1",
		"\t=1": "'\t=1", "  =1": "'  =1", "\u200b=1": "'\u200b=1", "\rtext": "'\rtext", "0.5": "0.5",
	} {
		if got := Cell(in); got != want {
			t.Errorf("Cell(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzCell(f *testing.F) {
	for _, s := range []string{"=cmd|' /C calc'!A0", "\ufeff=1", "\x00@x", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		head := strings.TrimLeftFunc(Cell(s), func(r rune) bool { return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf) })
		if head != "" && strings.ContainsRune("=+-@", rune(head[0])) {
			t.Errorf("Cell(%q) = %q can run as a formula", s, Cell(s))
		}
	})
}

func FuzzVisible(f *testing.F) {
	f.Add("a\u202eb")
	f.Fuzz(func(t *testing.T, s string) {
		got := Visible(s)
		if !utf8.ValidString(got) {
			t.Fatalf("Visible(%q) is no UTF-8", s)
		}
		for _, r := range got {
			if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
				t.Fatalf("Visible(%q) leaves %U", s, r)
			}
		}
		if n := utf8.RuneCountInString(Short(got, 20)); n > 20 {
			t.Fatalf("Short gave %d runes", n)
		}
	})
}

func TestEveryVerdictAndSeverityHasWords(t *testing.T) {
	for _, v := range Verdicts() {
		if VerdictName(v) == string(v) || strings.Contains(VerdictMeaning(v), "does not know") {
			t.Errorf("%s has no words", v)
		}
	}
	if n := len(Verdicts()); n != 10 {
		t.Errorf("%d verdicts have words, access defines 10", n)
	}
	for _, s := range Severities() {
		if SeverityName(s) == "Unrated" {
			t.Errorf("%s has no name", s)
		}
	}
	if VerdictName("\u202eX") != "⟨U+202E⟩X" || VerdictMeaning(access.Verdict("X")) == "" {
		t.Error("an unknown verdict must still be shown")
	}
}

func TestKindWords(t *testing.T) {
	if got := KindTitle("SOMETHING_NEW"); got != "Something new" {
		t.Errorf("an unknown kind reads %q", got)
	}
	if got := KindTitle("\u202eX"); !utf8.ValidString(got) || !strings.HasPrefix(got, "⟨") {
		t.Errorf("a hostile kind reads %q", got)
	}
	for k, w := range kinds {
		if w.title == "" || w.decide == "" {
			t.Errorf("%s lacks words", k)
		}
	}
}

func TestControlOf(t *testing.T) {
	for id, want := range map[string][2]string{
		"PR.AA-05": {"PR.AA-05", "NIST CSF 2.0"}, "PR.AC-4": {"PR.AC-4", "NIST CSF 1.1"}, "NHI10:2025": {"NHI10:2025", "OWASP NHI Top 10 2025"}, "CIS 5.3": {"CIS 5.3", "CIS Controls 8.1"},
		"5.3": {"CIS 5.3", "CIS Controls 8.1"}, "AC-2(3)": {"AC-2(3)", "NIST SP 800-53 r5"}, "SP 800-63B": {"SP 800-63B", "NIST SP 800-63"}, "<b>": {"<b>", "Other"},
	} {
		if c := ControlOf(id); c.ID != want[0] || c.Framework != want[1] {
			t.Errorf("ControlOf(%q) = %+v, want %v", id, c, want)
		}
	}
	if ControlOf("NHI10:2025").Label != "Human use of NHI" {
		t.Error("the label of NHI10 is lost behind its year")
	}
}
