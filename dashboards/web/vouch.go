package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/web/signin"
)

// retryAfter is how long a provider that did not answer is left alone.
const retryAfter = time.Minute

// session is who a request comes from. What they may see is decided anew each time, by the file of tokens and the groups
// that the configuration maps now. again says that the provider has to be asked by way of the browser.
func (s *SignIn) session(r *http.Request) (ses *signin.Session, again bool) {
	key := s.read(r, "session")
	ses = s.Sessions.Of(key)
	switch {
	case ses == nil:
		return nil, false
	case ses.Proof.Token != "":
		return s.byToken(key, ses), false
	case ses.Proof.Subject != "":
		return s.vouched(r, key, ses)
	}
	return ses, false
}

func (s *SignIn) byToken(key string, ses *signin.Session) *signin.Session {
	if s.Tokens == nil {
		s.Sessions.End(key)
		return nil
	}
	reader, _, ok, err := s.Tokens.Holds(ses.Proof.Token)
	if err != nil {
		slog.Error("tokens of the page", "error", err)
		return nil // not ended: the file may be good again in a moment
	}
	if !ok {
		s.Sessions.End(key)
		return nil
	}
	ses.Reader = reader
	return ses
}

func (s *SignIn) vouched(r *http.Request, key string, ses *signin.Session) (*signin.Session, bool) {
	if s.OIDC == nil {
		s.Sessions.End(key)
		return nil, false
	}
	if s.due(ses) {
		if ses.Proof.Refresh == "" {
			s.Sessions.End(key)
			return nil, true
		}
		if ses = s.askProvider(r, key); ses == nil {
			return nil, false
		}
	}
	reader, err := s.OIDC.ReaderOf(ses.Proof)
	if err != nil {
		slog.Warn("a session of the page ends", "reader", reader.ID, "error", err)
		s.Sessions.End(key)
		return nil, false
	}
	ses.Reader = reader
	return ses, false
}

func (s *SignIn) due(ses *signin.Session) bool {
	return s.Recheck > 0 && s.Sessions.Now().Sub(ses.Proof.Checked) >= s.Recheck
}

// askProvider asks once, however many requests of the session come at the same time, in however many processes. A provider
// that does not answer is believed for as long again as it was.
func (s *SignIn) askProvider(r *http.Request, key string) *signin.Session {
	now := s.Sessions.Now()
	over := false
	ses, err := s.Sessions.Renew(key, func(ses *signin.Session) bool {
		if !s.due(ses) {
			return false // somebody else has asked meanwhile
		}
		late := now.Sub(ses.Proof.Checked) >= 2*s.Recheck
		if now.Sub(ses.Proof.Tried) < retryAfter && !late {
			return false
		}
		// Whoever closes their browser now must not cost the session its token, which is good for one use.
		proof, err := s.OIDC.Again(context.WithoutCancel(r.Context()), ses.Proof)
		ses.Proof = proof
		switch {
		case err == nil:
			ses.Proof.Tried = time.Time{}
		case errors.Is(err, signin.ErrRefused) || late:
			slog.Warn("a session of the page ends", "reader", ses.Reader.ID, "error", err)
			over = true
			return false
		default:
			slog.Warn("a reader of the page is not vouched for anew", "reader", ses.Reader.ID, "error", err)
			ses.Proof.Tried = now
		}
		return true
	})
	if err != nil {
		slog.Error("sessions of the page", "error", err)
		return nil
	}
	if over {
		s.Sessions.End(key)
		return nil
	}
	return ses
}
