package datasource

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"github.com/grafana/grafana-plugin-sdk-go/backend/resource/httpadapter"

	"github.com/grantwatch/grantwatch/dashboards/queries"
	"github.com/grantwatch/grantwatch/store"
)

// Instance is one data source with its settings. When they change, Grafana's manager makes another one and disposes of
// this.
type Instance struct {
	backend.CallResourceHandler

	uid      string
	settings *Settings // nil when they cannot be used
	problem  error     // why not
	tokens   *tokens
	log      log.Logger

	mu       sync.Mutex
	store    *store.Store
	closed   bool
	failure  error // of the last attempt to connect
	failedAt time.Time
	ended    context.Context // over when the instance is
	end      context.CancelFunc
}

// New makes an instance. It does not connect, and settings that cannot be used are no error yet: what is wrong with them
// is the answer to every request, so that the health check can say it.
func New(_ context.Context, in backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
	i := &Instance{uid: in.UID, log: log.DefaultLogger.With("datasource", in.Name)}
	i.ended, i.end = context.WithCancel(context.Background())
	if i.settings, i.problem = readSettings(in); i.problem == nil {
		i.tokens = newTokens(i.settings.IdentityToken)
	}
	i.CallResourceHandler = httpadapter.New(i.routes())
	return i, nil
}

// Dispose ends streams and connections.
func (i *Instance) Dispose() {
	i.end()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed = true
	if i.store != nil {
		if err := i.store.Close(); err != nil {
			i.log.Warn("closing", "error", i.safe(err))
		}
		i.store = nil
	}
}

var errDisposed = errors.New("the data source was changed or removed meanwhile")

// soon is for how long a failure to connect answers for the next requests too: a dashboard has a dozen panels, and they
// would wait for each other.
const soon = time.Second

// connect returns the store, opening it first if need be.
func (i *Instance) connect(ctx context.Context) (*store.Store, error) {
	if i.problem != nil {
		return nil, i.problem
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case i.closed:
		return nil, errDisposed
	case i.store != nil:
		return i.store, nil
	}
	if i.failure != nil && time.Since(i.failedAt) < soon {
		return nil, i.failure
	}
	s, err := store.Open(ctx, i.settings.options())
	if err != nil {
		if ctx.Err() == nil {
			i.failure, i.failedAt = err, time.Now()
		}
		return nil, err
	}
	i.store, i.failure = s, nil
	return s, nil
}

// Panel makes the instance what queries ask.
func (i *Instance) Panel(ctx context.Context, q store.Panel) ([]store.PanelColumn, error) {
	s, err := i.connect(ctx)
	if err != nil {
		return nil, err
	}
	return s.Panel(ctx, q)
}

// run answers one query for a scope.
func (i *Instance) run(ctx context.Context, scope queries.Scope, name string, params queries.Params, r queries.Range) (*queries.Result, error) {
	r.Timeout = i.settings.timeout()
	return queries.Run(ctx, i, scope, name, params, r)
}

// who is the scope of whoever asks: header gives the value of a request's header.
func (i *Instance) who(ctx context.Context, p backend.PluginContext, header func(string) string) (queries.Scope, error) {
	if i.problem != nil {
		return queries.Scope{}, i.problem
	}
	user := p.User
	if i.tokens != nil && user != nil {
		var err error
		if user, err = i.tokens.user(ctx, header(i.tokens.header), user); err != nil {
			return queries.Scope{}, &refused{err}
		}
	}
	return i.settings.scopeOf(user), nil
}

// refused is an error about who somebody is.
type refused struct{ error }

// safe is what may be written of an error: the password is never in it.
func (i *Instance) safe(err error) string {
	text := err.Error()
	if i.settings != nil && len(i.settings.password) > 2 {
		text = strings.ReplaceAll(text, i.settings.password, "***")
	}
	return text
}

// answer turns an error into words for whoever asked, the status, and whose fault it is. What the store said goes to
// the log only.
func (i *Instance) answer(err error) (string, backend.Status, backend.ErrorSource) {
	var no *refused
	if errors.As(err, &no) {
		return no.Error(), backend.StatusUnauthorized, backend.ErrorSourceDownstream
	}
	switch queries.ReasonOf(err) {
	case queries.UnknownQuery, queries.BadParameter:
		return err.Error(), backend.StatusBadRequest, backend.ErrorSourceDownstream
	case queries.OutOfScope:
		return err.Error(), backend.StatusForbidden, backend.ErrorSourceDownstream
	case queries.TimedOut:
		return err.Error(), backend.StatusTimeout, backend.ErrorSourceDownstream
	case queries.Cancelled:
		return err.Error(), 499, backend.ErrorSourceDownstream
	case queries.StoreFailed:
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error(), backend.StatusInternal, backend.ErrorSourcePlugin
		}
		i.log.Warn("a query failed", "error", i.safe(err), "cause", i.safe(inner))
		if i.problem != nil {
			return fmt.Sprintf("the data source is not set up: %v", i.problem), backend.StatusBadRequest, backend.ErrorSourceDownstream
		}
		if errors.Is(inner, errDisposed) {
			return inner.Error(), backend.StatusBadGateway, backend.ErrorSourceDownstream
		}
		fault := store.FaultOf(inner)
		if fault == store.FaultStatement || errors.Is(inner, queries.ErrForm) {
			return err.Error(), backend.StatusInternal, backend.ErrorSourcePlugin
		}
		return fmt.Sprintf("%v: %s", err, fault), backend.StatusBadGateway, backend.ErrorSourceDownstream
	}
	if i.problem != nil && errors.Is(err, i.problem) {
		return fmt.Sprintf("the data source is not set up: %v", i.problem), backend.StatusBadRequest, backend.ErrorSourceDownstream
	}
	i.log.Error("an unexpected error", "error", i.safe(err))
	return "the plugin failed; its log says why", backend.StatusInternal, backend.ErrorSourcePlugin
}
