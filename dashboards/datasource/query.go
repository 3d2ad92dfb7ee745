package datasource

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"golang.org/x/sync/errgroup"

	"github.com/grantwatch/grantwatch/dashboards/queries"
)

// model is a query as a panel keeps it.
type model struct {
	Query     string                     `json:"query"`
	Params    map[string]json.RawMessage `json:"params"`
	Format    string                     `json:"format"`    // "table" leaves series as rows
	Column    string                     `json:"column"`    // the one column of numbers that is wanted; all when empty
	Streaming bool                       `json:"streaming"` // asks for a channel on which changes follow
}

// sideBySide is how many queries of one request run at once.
const sideBySide = 4

// QueryData answers the queries of a dashboard's panel side by side.
func (i *Instance) QueryData(ctx context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	res := backend.NewQueryDataResponse()
	alerting := req.Headers[backend.FromAlertHeaderName] == "true" || req.GetHTTPHeader(backend.FromAlertHeaderName) == "true"
	from := req.PluginContext
	if alerting && i.tokens != nil && req.GetHTTPHeader(i.tokens.header) == "" {
		from.User = nil // alert rules have no token: they see the default teams, as anybody does whom no rule names
	}
	scope, err := i.who(ctx, from, req.GetHTTPHeader)
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(sideBySide)
	for _, q := range req.Queries {
		group.Go(func() error {
			var one backend.DataResponse
			if err != nil {
				one = i.failed(err)
			} else {
				one = i.queryOne(ctx, scope, q, alerting)
			}
			mu.Lock()
			defer mu.Unlock()
			res.Responses[q.RefID] = one
			return nil
		})
	}
	_ = group.Wait() // each answer has its own error
	return res, nil
}

func (i *Instance) failed(err error) backend.DataResponse {
	text, status, source := i.answer(err)
	return backend.ErrDataResponseWithSource(status, source, text)
}

func (i *Instance) queryOne(ctx context.Context, scope queries.Scope, q backend.DataQuery, alerting bool) backend.DataResponse {
	m, params, err := readModel(q.JSON)
	if err != nil {
		return backend.ErrDataResponseWithSource(backend.StatusBadRequest, backend.ErrorSourceDownstream, err.Error())
	}
	r := queries.Range{From: q.TimeRange.From, To: q.TimeRange.To, Interval: q.Interval, MaxPoints: int(min(q.MaxDataPoints, 5000))}
	got, err := i.run(ctx, scope, m.Query, params, r)
	if err != nil {
		return i.failed(err)
	}
	if alerting {
		frames, err := alertFrames(got, r.To)
		if err != nil {
			return backend.ErrDataResponseWithSource(backend.StatusBadRequest, backend.ErrorSourceDownstream, err.Error())
		}
		if err := only(frames[0], got.Query, m.Column); err != nil {
			return backend.ErrDataResponseWithSource(backend.StatusBadRequest, backend.ErrorSourceDownstream, err.Error())
		}
		tellApart(frames[0])
		return backend.DataResponse{Frames: frames}
	}
	frames, err := frames(got, m.Format == "table")
	if err != nil {
		i.log.Error("a frame could not be made", "query", m.Query, "error", err.Error())
		return backend.ErrDataResponseWithSource(backend.StatusInternal, backend.ErrorSourcePlugin, "the plugin failed; its log says why")
	}
	if err := only(frames[0], got.Query, m.Column); err != nil {
		return backend.ErrDataResponseWithSource(backend.StatusBadRequest, backend.ErrorSourceDownstream, err.Error())
	}
	if m.Streaming {
		i.follow(frames[0], got, scope, params)
	}
	return backend.DataResponse{Frames: frames}
}

// readModel reads a query. Keys that Grafana adds are passed over; parameters are not, and their values are text,
// numbers or lists of these.
func readModel(text []byte) (*model, queries.Params, error) {
	m := &model{}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, nil, errors.New("the query cannot be read: it is no JSON object with query and params")
	}
	if m.Query == "" {
		return nil, nil, errors.New("no query is chosen")
	}
	params := queries.Params{}
	for name, raw := range m.Params {
		values, err := readValues(raw)
		if err != nil {
			return nil, nil, fmt.Errorf("parameter %.60q: %w", name, err)
		}
		params[name] = values
	}
	return m, params, nil
}

func readValues(raw json.RawMessage) ([]string, error) {
	var v any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.New("it cannot be read")
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	out := make([]string, 0, len(list))
	for _, x := range list {
		switch x := x.(type) {
		case nil:
		case string:
			out = append(out, x)
		case json.Number:
			out = append(out, x.String())
		default:
			return nil, errors.New("it is neither text nor a number nor a list of these")
		}
	}
	return out, nil
}
