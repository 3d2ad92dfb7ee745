package web

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/web/signin"
)

// visit is one request of one reader. A handler is given nothing else, so that it can show nothing that the reader may
// not see.
type visit struct {
	*sight
	w      http.ResponseWriter
	r      *http.Request
	site   site
	reader signin.Reader
	from   netip.Addr
	form   string // what a form must send back; empty when nobody is signed in
}

// site is what every page says, whoever reads it.
type site struct {
	version, title, theme string
	now                   func() time.Time
	signIn                *SignIn
}

func (v *visit) now() time.Time {
	if v.site.now != nil {
		return v.site.now().UTC()
	}
	return v.AsOf.UTC()
}

// visit begins a request. The sight of a reader who may see nothing is empty.
func (s *server) visit(w http.ResponseWriter, r *http.Request, who signin.Reader) *visit {
	from, _ := s.c.Way.From(r) // the guard has refused what may not be answered
	return &visit{sight: s.sight(who), w: w, r: r, reader: who, from: from, site: site{s.c.Version, s.c.Title, themeOf(r), s.c.Now, s.c.SignIn}}
}

// behind wraps a handler of what only readers may see.
func (s *server) behind(h func(*visit)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.c.SignIn == nil {
			h(s.visit(w, r, everybody))
			return
		}
		ses, again := s.c.SignIn.session(r)
		if ses == nil {
			s.c.SignIn.askFor(w, r, again)
			return
		}
		v := s.visit(w, r, ses.Reader)
		v.form = ses.Form
		h(v)
	}
}

// before wraps the handlers of signing in, which see nothing of the data.
func (s *server) before(h func(*visit)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := s.visit(w, r, signin.Reader{})
		if s.c.SignIn == nil {
			notFound(v)
			return
		}
		h(v)
	}
}
