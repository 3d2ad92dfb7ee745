package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// WriteExceptions writes exceptions as the file that ReadExceptions reads them from: one key a line, so that a review sees
// what changed. Values are quoted as JSON, which YAML reads as what it is whatever a name holds.
func WriteExceptions(list []access.Exception) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("exceptions:")
	if len(list) == 0 {
		b.WriteString(" []")
	}
	b.WriteString("\n")
	for _, x := range list {
		match, err := quoted(x.Match)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "  - match: %s\n", match)
		for _, f := range [][2]string{{"reason", x.Reason}, {"approver", x.Approver}, {"expires", x.Expires.UTC().Format(time.RFC3339Nano)}} {
			value, err := quoted(f[1])
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(&b, "    %s: %s\n", f[0], value)
		}
	}
	return b.Bytes(), nil
}

// quoted is JSON that a YAML reader and a person can read.
func quoted(v any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	return strings.TrimSpace(b.String()), nil
}
