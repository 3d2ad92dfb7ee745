package slack

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	requestTimeout = 30 * time.Second
	maxAnswer      = 4 << 20
	maxForm        = 1 << 20
)

// courier carries the requests of the Slack library. The library itself never knows the token, so it cannot print it: the
// courier puts it into the header and takes the library's empty one out of the form. It follows no redirects, which would
// take the token elsewhere, and reads no endless answers.
type courier struct {
	client *http.Client
	token  string
}

func newCourier(c *http.Client, token string) *courier {
	own := http.Client{Timeout: requestTimeout}
	if c != nil {
		own = *c
		if own.Timeout == 0 {
			own.Timeout = requestTimeout
		}
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &courier{&own, token}
}

// Do sends a request of the library.
func (c *courier) Do(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(io.LimitReader(req.Body, maxForm))
	if err != nil {
		return nil, fmt.Errorf("slack: request body: %w", err)
	}
	kind := "application/json; charset=utf-8"
	if !strings.HasPrefix(req.Header.Get("Content-Type"), "application/json") {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, fmt.Errorf("slack: request body is not a form")
		}
		form.Del("token")
		body, kind = []byte(form.Encode()), "application/x-www-form-urlencoded; charset=utf-8"
	}
	out, err := http.NewRequestWithContext(req.Context(), http.MethodPost, req.URL.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("slack: the address of the API is not one")
	}
	out.Header.Set("Content-Type", kind)
	out.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := c.client.Do(out)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		// The library reads whole seconds only and takes anything else for a broken answer.
		if s, err := strconv.ParseInt(resp.Header.Get("Retry-After"), 10, 32); err != nil || s < 1 {
			resp.Header.Set("Retry-After", "1")
		}
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}
