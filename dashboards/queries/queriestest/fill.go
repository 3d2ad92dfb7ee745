// Package queriestest has a small organisation for tests of whoever shows something, and a way to put it into an engine.
package queriestest

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

//go:embed organisation.sql
var organisation string

// AsOf is the moment at which the organisation was judged last.
var AsOf = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)

// Teams are those of the organisation; the last has a name that statements and shells trip over.
var Teams = []string{"payments", "platform", `it's \ odd`}

// Engine is an engine that answers over HTTP.
type Engine struct {
	Client   *http.Client
	URL      string // http://host:port
	Password string
	Database string
}

// Organisation writes the organisation into a database whose migrations were applied.
func (e Engine) Organisation(ctx context.Context) error { return e.Statements(ctx, organisation, nil) }

// Statements runs the statements of a text, each ended by a semicolon at the end of a line.
func (e Engine) Statements(ctx context.Context, text string, params map[string]string) error {
	for _, q := range strings.Split(text, ";\n") {
		if q = strings.TrimSpace(q); q == "" {
			continue
		}
		if _, err := e.Ask(ctx, q, params); err != nil {
			return err
		}
	}
	return nil
}

// Ask runs one statement and returns what it printed.
func (e Engine) Ask(ctx context.Context, statement string, params map[string]string) (string, error) {
	v := url.Values{"database": {e.Database}}
	for name, value := range params {
		v.Set(name, value)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL+"/?"+v.Encode(), strings.NewReader(statement))
	if err != nil {
		return "", err
	}
	if e.Password != "" {
		req.Header.Set("X-ClickHouse-User", "default")
		req.Header.Set("X-ClickHouse-Key", e.Password)
	}
	res, err := e.Client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", strings.SplitN(statement, "\n", 2)[0], body)
	}
	return string(body), nil
}
