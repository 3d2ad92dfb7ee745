package engine

import (
	"fmt"
	"strings"
)

type kind int

const (
	kindOther  kind = iota // runs to its end, then its output is sent
	kindRead               // a SELECT: its output can be streamed
	kindInsert             // an INSERT whose data comes after the statement
)

// statement is what has to be known about a statement before it is run.
type statement struct {
	kind   kind
	text   string // for an insert: without the FORMAT clause and the data
	format string // the FORMAT clause, if there is one
	data   string // for an insert: data that follows in the same text
}

// parseStatement looks at the shape of a statement. It is no parser: the
// engine has one. It only has to find the end of an INSERT's head, the FORMAT
// clause, a second statement, and the two clauses by which the engine's client
// would touch files.
func parseStatement(text string) (statement, error) {
	s := scanner{text: text}
	first, ok := s.next()
	if !ok {
		return statement{}, &Exception{Code: codeSyntax, Message: "Syntax error: empty query (SYNTAX_ERROR)"}
	}
	switch {
	case first.is("INSERT"):
		return parseInsert(text, &s)
	case first.is("SELECT"), first.is("WITH"), first.is("FROM"), first.text == "(":
		s = scanner{text: text}
		return parseRest(kindRead, text, &s)
	}
	s = scanner{text: text}
	return parseRest(kindOther, text, &s)
}

func parseRest(k kind, text string, s *scanner) (statement, error) {
	st := statement{kind: k, text: text}
	var prev token
	ended := false
	for {
		t, ok := s.next()
		if !ok {
			return st, nil
		}
		if ended && t.text != ";" {
			return st, &Exception{Code: codeSyntax, Message: fmt.Sprintf("Syntax error (Multi-statements are not allowed): failed at position %d (SYNTAX_ERROR)", t.start+1)}
		}
		if t.depth == 0 {
			switch {
			case t.text == ";" && t.kind == punctuation:
				ended = true
			case prev.is("FORMAT") && t.kind == word:
				st.format = t.text
			case prev.is("INTO") && t.is("OUTFILE"), prev.is("FROM") && t.is("INFILE"):
				return st, &Exception{Code: codeDisabled, Message: prev.text + " " + t.text + " is not allowed over HTTP (SUPPORT_IS_DISABLED)"}
			}
		}
		prev = t
	}
}

// parseInsert finds where the data of an INSERT begins.
func parseInsert(text string, s *scanner) (statement, error) {
	if !skipTarget(s) {
		return statement{kind: kindOther, text: text}, nil
	}
	for {
		t, ok := s.next()
		if !ok {
			// No FORMAT, no VALUES, no SELECT: the data, if any, is in the
			// default format of the request.
			return statement{kind: kindInsert, text: trimEnd(text)}, nil
		}
		if t.depth > 0 {
			continue
		}
		switch {
		case t.is("VALUES"):
			return statement{kind: kindInsert, text: text[:t.start], format: "Values", data: inlineData(text[t.end:])}, nil
		case t.is("FORMAT"):
			f, ok := s.next()
			if ok && f.kind == word {
				return statement{kind: kindInsert, text: text[:t.start], format: f.text, data: inlineData(text[f.end:])}, nil
			}
		case t.is("SELECT"), t.is("WITH"), t.is("FROM"), t.is("WATCH"), t.is("EXPLAIN"):
			rest := scanner{text: text}
			return parseRest(kindOther, text, &rest)
		case t.text == "(":
			// A bracket is a list of columns, or a SELECT in brackets.
			if in, ok := s.next(); ok && (in.is("SELECT") || in.is("WITH")) {
				rest := scanner{text: text}
				return parseRest(kindOther, text, &rest)
			}
		}
	}
}

// skipTarget passes INTO [TABLE] [FUNCTION] and the name, so that a table may
// be called format or values.
func skipTarget(s *scanner) bool {
	t, ok := s.next()
	for ok && (t.is("INTO") || t.is("TABLE") || t.is("FUNCTION")) {
		t, ok = s.next()
	}
	if !ok {
		return false
	}
	for {
		mark := *s
		dot, ok := s.next()
		if !ok || dot.text != "." {
			*s = mark
			return true
		}
		if _, ok := s.next(); !ok {
			return false
		}
	}
}

// inlineData is what follows the name of a format: blanks up to one line break
// belong to the statement, and so does a lone semicolon.
func inlineData(s string) string {
	if strings.Trim(s, " \t\r\n;") == "" {
		return ""
	}
	t := strings.TrimLeft(s, " \t\r")
	return strings.TrimPrefix(t, "\n")
}

func trimEnd(s string) string { return strings.TrimRight(s, " \t\r\n;") }
