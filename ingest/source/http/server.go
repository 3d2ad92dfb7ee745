package push

import (
	"context"
	"crypto/tls"
	"fmt"
	"mime"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"
)

// Server is the http.Handler that takes logs. Close it after its http.Server has been shut down.
type Server struct {
	cfg      Config
	limits   Limits
	feeds    map[string]*feed
	order    []*feed
	teams    map[string]*allowance
	budget   *budget
	decoders chan struct{}
	mux      *http.ServeMux
	closed   atomic.Bool
	stop     context.CancelFunc
}

type feed struct {
	Feed
	c *committer
}

// New makes a server.
func New(cfg Config) (*Server, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	limits := cfg.Limits.withDefaults()
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{cfg: cfg, limits: limits, feeds: map[string]*feed{}, teams: map[string]*allowance{}, mux: http.NewServeMux(), stop: stop,
		budget: newBudget(limits.InFlight, limits.Team), decoders: make(chan struct{}, 2*runtime.GOMAXPROCS(0))}
	for _, f := range cfg.Feeds {
		own := &feed{Feed: f, c: newCommitter(ctx, f.Feed, &s.cfg, &s.limits)}
		s.feeds[f.Name] = own
		s.order = append(s.order, own)
		if s.teams[f.Team] == nil {
			r, named := cfg.Rates[f.Team]
			if !named {
				r = cfg.Rate
			}
			s.teams[f.Team] = newAllowance(r)
		}
	}
	s.routes()
	return s, nil
}

func (s *Server) routes() {
	post := func(path string, d func(*http.Request) dialect, h func(*http.Request) kind) {
		s.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost {
				w.Header().Set("Allow", http.MethodPost)
				d(r).fail(w, &problem{status: http.StatusMethodNotAllowed, reason: "method", detail: "only POST is taken here", hec: hecInvalidFormat})
				return
			}
			s.take(w, r, d(r), h(r))
		})
	}
	always := func(d dialect) func(*http.Request) dialect { return func(*http.Request) dialect { return d } }
	post("/v1/logs", otlpDialect, otlpKind)
	post("/v1/logs/{feed}", func(r *http.Request) dialect {
		if isProtobuf(r) {
			return otlpDialect(r)
		}
		return plain
	}, func(r *http.Request) kind {
		if isProtobuf(r) {
			return otlpKind(r)
		}
		return kind{route: "logs", types: logTypes}
	})
	for _, path := range []string{"/services/collector", "/services/collector/event", "/services/collector/event/1.0"} {
		post(path, always(hec), func(*http.Request) kind { return kind{route: "hec_event", unpack: unpackEvents, some: true} })
	}
	for _, path := range []string{"/services/collector/raw", "/services/collector/raw/1.0"} {
		post(path, always(hec), func(*http.Request) kind { return kind{route: "hec_raw", some: true} })
	}
	s.mux.HandleFunc("/services/collector/ack", func(w http.ResponseWriter, _ *http.Request) {
		hec.fail(w, &problem{status: http.StatusBadRequest, hec: hecNoAck})
	})
	for _, path := range []string{"/services/collector/health", "/services/collector/health/1.0"} {
		s.mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { hecHealth(w, !s.closed.Load() && !s.budget.full()) })
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		plain.fail(w, &problem{status: http.StatusNotFound, reason: "unknown_path", detail: "logs are taken at /v1/logs/{feed}, /v1/logs (OTLP) and /services/collector (HEC)"})
	})
}

// ServeHTTP takes one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// HTTP makes an http.Server around s whose time-outs leave slow clients no way to hold on to a connection: ten seconds
// for the headers, Limits.Read for the body, and Limits.Answer for the sink.
func (s *Server) HTTP(tlsConfig *tls.Config) *http.Server {
	return &http.Server{Handler: s, TLSConfig: tlsConfig, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		WriteTimeout: s.limits.Read + s.limits.Answer + 30*time.Second, MaxHeaderBytes: 64 << 10}
}

// Close takes nothing more, writes what was taken and waits for it. When ctx ends first, the writing is given up: those
// who wait for it hear 503.
func (s *Server) Close(ctx context.Context) error {
	s.closed.Store(true)
	done := make(chan struct{})
	go func() {
		for _, f := range s.order {
			f.c.close()
		}
		close(done)
	}()
	defer s.stop()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		s.stop()
		<-done
		return fmt.Errorf("push: close: %w", ctx.Err())
	}
}

// InFlight is the memory that requests hold now.
func (s *Server) InFlight() int64 { return s.budget.inFlight() }

// kind is a kind of request.
type kind struct {
	route  string
	types  map[string]bool // media types that are taken; nil is any
	unpack func(in []byte, out *packer) *problem
	some   bool // an empty one is an error
}

// logTypes are the media types of logs as they are. curl says the form's, unless it is told otherwise.
var logTypes = map[string]bool{
	"": true, "application/json": true, "application/x-ndjson": true, "application/ndjson": true, "application/jsonl": true,
	"application/x-jsonlines": true, "application/json-lines": true, "application/stream+json": true, "text/plain": true, "text/json": true,
	"application/octet-stream": true, "application/gzip": true, "application/x-gzip": true, "application/zstd": true,
	"application/x-www-form-urlencoded": true,
}

// take is the way of a request.
func (s *Server) take(w http.ResponseWriter, r *http.Request, d dialect, k kind) {
	seen := Seen{Route: k.route, Status: http.StatusOK}
	o, p := s.store(w, r, k, &seen)
	if p != nil {
		seen.Status, seen.Reason = p.status, p.reason
	}
	if s.cfg.Observe != nil {
		s.cfg.Observe(seen)
	}
	switch {
	case p == nil:
		d.ok(w, o)
	case p.status != statusGone:
		d.fail(w, p)
	}
}

func (s *Server) store(w http.ResponseWriter, r *http.Request, k kind, seen *Seen) (*outcome, *problem) {
	who, p := s.authenticate(r)
	if p != nil {
		return nil, p
	}
	seen.Team = who.team
	name := r.PathValue("feed")
	if name == "" {
		name = r.Header.Get("Grantwatch-Feed")
	}
	if name == "" {
		name = r.URL.Query().Get("feed")
	}
	f, p := s.pick(who, name)
	if p != nil {
		return nil, p
	}
	seen.Feed = f.Name
	if s.closed.Load() {
		return nil, busy("the server is being shut down")
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil && r.Header.Get("Content-Type") != "" || k.types != nil && !k.types[media] {
		return nil, &problem{status: http.StatusUnsupportedMediaType, reason: "unsupported_type", detail: "the Content-Type is not one of logs", hec: hecInvalidFormat}
	}
	enc, p := encoding(r)
	if p != nil {
		return nil, p
	}
	team := s.teams[f.Team]
	if p := team.admit(s.cfg.Now()); p != nil {
		return nil, p
	}
	l := s.budget.lease(f.Team)
	own := true // until an entry has it
	defer func() {
		if own {
			l.release()
		}
	}()
	b, p := s.receive(w, r, l, enc, k.unpack != nil)
	if p != nil {
		return nil, p
	}
	seen.Wire, seen.Decoded = b.sent, b.size
	team.spend(s.cfg.Now(), b.size)
	if p := k.open(b, l, s.limits.Envelope); p != nil {
		return nil, p
	}
	if b.size == 0 {
		if k.some {
			return nil, &problem{status: http.StatusBadRequest, reason: "empty", detail: "there is no data", hec: hecNoData}
		}
		return &outcome{}, nil
	}
	e, again := f.c.submit(&entry{key: b.hash, kept: b.kept, bytes: b.size, lease: l, done: make(chan struct{})})
	if e == nil {
		return nil, busy("the server is being shut down")
	}
	own = again
	if again {
		l.release() // what it brought is there already
	}
	return s.await(r.Context(), e, again, seen)
}

// open unpacks an envelope.
func (k *kind) open(b *body, l *lease, limit int64) *problem {
	if k.unpack == nil {
		return nil
	}
	out := &packer{lease: l, limit: limit}
	if p := k.unpack(b.kept, out); p != nil {
		return p
	}
	if out.problem != nil {
		return out.problem
	}
	l.shrink(int64(cap(b.kept)))
	b.kept, b.size, b.hash = out.buf, int64(len(out.buf)), out.hash()
	return nil
}

// await waits until an entry is durable.
func (s *Server) await(ctx context.Context, e *entry, again bool, seen *Seen) (*outcome, *problem) {
	late := time.NewTimer(s.limits.Answer)
	defer late.Stop()
	select {
	case <-e.done:
	case <-ctx.Done():
		return nil, gone()
	case <-late.C:
		return nil, busy("the store takes long; send it again")
	}
	if e.err != nil {
		return nil, busy("the store is not there; send it again")
	}
	seen.Replayed, seen.Stats = again, e.stats
	return &outcome{stats: e.stats, replayed: again}, nil
}
