package engine

import (
	"strings"
	"testing"
)

func TestParseStatement(t *testing.T) {
	for _, tc := range []struct {
		text, format, rest, data string
		kind                     kind
		bad                      int
	}{
		{text: "SELECT 1", kind: kindRead},
		{text: " -- note\n/* x */ select 1 format JSON", kind: kindRead, format: "JSON"},
		{text: "(SELECT 1) UNION ALL (SELECT 2) FORMAT TSV;", kind: kindRead, format: "TSV"},
		{text: "WITH 'FORMAT CSV' AS x SELECT x", kind: kindRead},
		{text: "SELECT format(a, 'FORMAT b') FROM t", kind: kindRead},
		{text: "SELECT $a$ ; FORMAT CSV $a$, $b", kind: kindRead},
		{text: "SELECT 1 FORMAT JSON SETTINGS max_threads = 1", kind: kindRead, format: "JSON"},
		{text: "SHOW TABLES FORMAT CSV", kind: kindOther, format: "CSV"},
		{text: "INSERT INTO t (a, b) FORMAT Native", kind: kindInsert, rest: "INSERT INTO t (a, b)", format: "Native"},
		{text: "insert into db.`format` format CSV 1,2", kind: kindInsert, rest: "insert into db.`format`", format: "CSV", data: "1,2"},
		{text: "INSERT INTO format FORMAT CSV\n1\n", kind: kindInsert, rest: "INSERT INTO format", format: "CSV", data: "1\n"},
		{text: "INSERT INTO values VALUES (1)", kind: kindInsert, rest: "INSERT INTO values", format: "Values", data: "(1)"},
		{text: "INSERT INTO TABLE t SETTINGS a = 'FORMAT x' VALUES ('; VALUES')", kind: kindInsert, rest: "INSERT INTO TABLE t SETTINGS a = 'FORMAT x'", format: "Values", data: "('; VALUES')"},
		{text: "INSERT INTO t (values, format) SELECT 1, 2 FORMAT Null", kind: kindOther, format: "Null"},
		{text: "INSERT INTO t (SELECT 1)", kind: kindOther},
		{text: "INSERT INTO t (a)", kind: kindInsert, rest: "INSERT INTO t (a)"},
		{text: "INSERT INTO t FORMAT JSONEachRow {\"a\":\"; DROP\"}", kind: kindInsert, rest: "INSERT INTO t", format: "JSONEachRow", data: "{\"a\":\"; DROP\"}"},
		{text: "SELECT ';' ; ;", kind: kindRead},
		{text: "SELECT 1; SELECT 2", bad: codeSyntax},
		{text: "SELECT 'a\\'; SELECT 2'; DROP TABLE x", bad: codeSyntax},
		{text: "SELECT 'a''; '; DROP TABLE x", bad: codeSyntax},
		{text: "SELECT 1 /* ; */; -- x\nDROP TABLE x", bad: codeSyntax},
		{text: "INSERT INTO t SELECT 1; DROP TABLE x", bad: codeSyntax},
		{text: "INSERT INTO t FROM INFILE 'x' FORMAT CSV", bad: codeDisabled},
		{text: "SELECT 1 INTO /* */ OUTFILE 'x'", bad: codeDisabled},
		{text: " ; ", kind: kindOther},
		{text: "-- nothing", bad: codeSyntax},
	} {
		st, err := parseStatement(tc.text)
		if tc.bad != 0 {
			if err == nil || asException(err).Code != tc.bad {
				t.Errorf("%q: %v, want code %d", tc.text, err, tc.bad)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", tc.text, err)
			continue
		}
		rest := tc.rest
		if rest == "" {
			rest = tc.text
		}
		if st.kind != tc.kind || st.format != tc.format || strings.TrimSpace(st.text) != strings.TrimSpace(rest) || st.data != tc.data {
			t.Errorf("%q: %+v", tc.text, st)
		}
	}
}

// Whatever comes in: no panic, the parts are parts of the text, and tokens do
// not overlap.
func FuzzParseStatement(f *testing.F) {
	for _, s := range []string{"SELECT 1", "INSERT INTO t FORMAT CSV 1", "'", "$$", "/*", "INSERT", "INSERT INTO t.", "$a$b", "((", "))", "\\", "--", "INSERT INTO t FORMAT"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		st, err := parseStatement(text)
		if err == nil && (!strings.HasPrefix(text, st.text) || !strings.HasSuffix(text, st.data)) {
			t.Fatalf("%q: %+v", text, st)
		}
		s := scanner{text: text}
		for at := 0; ; {
			tok, ok := s.next()
			if !ok {
				break
			}
			if tok.start < at || tok.end <= tok.start || tok.end > len(text) {
				t.Fatalf("%q: token %+v after %d", text, tok, at)
			}
			at = tok.end
		}
	})
}

func TestParseException(t *testing.T) {
	for text, want := range map[string]Exception{
		"Code: 60. DB::Exception: No table. (UNKNOWN_TABLE)":                                 {60, "No table. (UNKNOWN_TABLE)"},
		"Code: 452. DB::Exception: Code: 452. DB::Exception: Not that. (X) (version 1). (X)": {452, "Not that. (X) (version 1). (X)"},
		"Code: 49. DB::NetException: odd":                                                    {49, "odd"},
		"something else":                                                                     {codeLogical, "something else"},
		"Code: 241. DB::Exception: a\nb (MEMORY_LIMIT_EXCEEDED)":                             {241, "a\nb (MEMORY_LIMIT_EXCEEDED)"},
	} {
		if got := parseException(text); *got != want {
			t.Errorf("%q: %+v", text, *got)
		}
	}
}
