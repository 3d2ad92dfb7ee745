package policy

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/grantwatch/grantwatch/access"
)

// ReadApprovals reads approved requests: subject,permission,resource,approved_by,approved_at,ticket. Only resource and ticket may
// be missing; the order of the columns is free, others are left alone.
func ReadApprovals(file string, data []byte) ([]access.Approval, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	src := source{file, data}
	r := csv.NewReader(bytes.NewReader(data))
	broken := func(err error) error {
		var p *csv.ParseError
		if errors.As(err, &p) {
			return src.placeByte(p.Line, p.Column, p.Err.Error())
		}
		return &SourceError{File: file, Msg: err.Error()}
	}
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, broken(err)
	}
	index := map[string]int{}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := index[name]; twice && name != "" {
			line, column := r.FieldPos(i)
			return nil, src.placeByte(line, column, fmt.Sprintf("column %q is there twice", name))
		}
		index[name] = i
	}
	for _, must := range []string{"subject", "permission", "approved_by", "approved_at"} {
		if _, ok := index[must]; !ok {
			return nil, src.place(1, 1, fmt.Sprintf("the header has no column %q (it needs subject, permission, approved_by, approved_at)", must))
		}
	}
	var out []access.Approval
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, broken(err)
		}
		get := func(name string) string {
			if i, ok := index[name]; ok {
				return strings.TrimSpace(record[i])
			}
			return ""
		}
		a := access.Approval{Subject: get("subject"), Permission: get("permission"), Resource: get("resource"), ApprovedBy: get("approved_by"), Ticket: get("ticket")}
		for _, must := range []string{"subject", "permission", "approved_by", "approved_at"} {
			if get(must) == "" {
				line, column := r.FieldPos(index[must])
				return nil, src.placeByte(line, column, must+" is empty")
			}
		}
		at, ok := parseTime(get("approved_at"))
		if !ok {
			line, column := r.FieldPos(index["approved_at"])
			return nil, src.placeByte(line, column, fmt.Sprintf("approved_at %q is no time (write 2026-09-01 or 2026-09-01T08:00:00Z)", get("approved_at")))
		}
		a.ApprovedAt = at
		out = append(out, a)
	}
}
