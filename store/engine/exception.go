package engine

import (
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// Codes of ClickHouse that this package raises itself or looks at.
const (
	codeBadArguments   = 36
	codeCannotRead     = 33
	codeUnknownCodec   = 89
	codeLogical        = 49
	codeNotImplemented = 48
	codeSyntax         = 62
	codeNoData         = 108
	codeUnknownSetting = 115
	codeDisabled       = 344
	codeCancelled      = 394
	codeAuth           = 516
	codeTooMany        = 202
)

// Exception is an error of the engine, with ClickHouse's code.
type Exception struct {
	Code    int
	Message string // without "Code: N. DB::Exception: "
}

func (e *Exception) Error() string {
	return "Code: " + strconv.Itoa(e.Code) + ". DB::Exception: " + e.Message
}

var exceptionHead = regexp.MustCompile(`^Code: (\d+)\. (?:DB::(?:\w+::)*\w*Exception: )?`)

// parseException reads the text that the engine prints. What the engine says
// about an error raised in a nested place repeats the head; the innermost text
// is the one that a reader wants.
func parseException(text string) *Exception {
	e := &Exception{Code: codeLogical, Message: strings.TrimSpace(text)}
	for {
		m := exceptionHead.FindStringSubmatch(e.Message)
		if m == nil {
			return e
		}
		if n, err := strconv.Atoi(m[1]); err == nil && n > 0 {
			e.Code = n
		}
		e.Message = e.Message[len(m[0]):]
	}
}

func asException(err error) *Exception {
	var e *Exception
	if errors.As(err, &e) {
		return e
	}
	return &Exception{Code: codeLogical, Message: err.Error()}
}

// status is the HTTP status for an exception, as a ClickHouse server chooses
// it for the cases that callers tell apart.
func (e *Exception) status() int {
	switch e.Code {
	case codeAuth, 497: // ACCESS_DENIED
		return http.StatusForbidden
	case 46, 47, 60, 81, codeUnknownSetting, 73: // unknown function, identifier, table, database, setting, format
		return http.StatusNotFound
	case codeSyntax, codeBadArguments, codeCannotRead, codeNoData, 6, 26, 27, 38, 41, 53, 72, 117, 456, 457:
		return http.StatusBadRequest
	case codeNotImplemented:
		return http.StatusNotImplemented
	case codeTooMany:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
