package slacktest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// Fault is how one call goes wrong.
type Fault struct {
	Code       string        // ok:false with this error
	Status     int           // this status with a page of HTML
	RetryAfter string        // of a 429
	Body       string        // this body with status 200
	Accept     bool          // the call takes effect all the same
	Cut        bool          // the connection is reset instead of an answer
	Dial       bool          // there is no connection at all; only in memory
	Delay      time.Duration // before anything happens
}

func (f Fault) plain() bool {
	f.Delay = 0
	return f == Fault{}
}

// Fail scripts what happens to the next calls of a method.
func (s *Server) Fail(method string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[method] = append(s.faults[method], faults...)
}

// Heal takes all scripted faults back.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = map[string][]Fault{}
}

func (s *Server) take(method string) Fault {
	if l := s.faults[method]; len(l) > 0 {
		s.faults[method] = l[1:]
		return l[0]
	}
	return Fault{}
}

// next is the fault that a call of a method will meet.
func (s *Server) next(method string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.faults[method]; len(l) > 0 {
		return l[0]
	}
	return Fault{}
}

// pause waits without holding the lock, and reports whether the caller is still there.
func (s *Server) pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	s.mu.Unlock()
	defer s.mu.Lock()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// respond writes the answer that the fault leaves of it.
func (s *Server) respond(w http.ResponseWriter, r *http.Request, ft Fault, answer any) {
	if m, ok := answer.(map[string]any); ok && m["error"] == "ratelimited" && ft.plain() {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	}
	switch {
	case ft.Cut:
		if _, memory := w.(*recorder); !memory {
			panic(http.ErrAbortHandler)
		}
	case ft.RetryAfter != "":
		w.Header().Set("Retry-After", ft.RetryAfter)
		w.WriteHeader(http.StatusTooManyRequests)
		answer = refusal("ratelimited")
	case ft.Status != 0:
		w.WriteHeader(ft.Status)
		_, _ = io.WriteString(w, "<html>"+r.Header.Get("Authorization")+"</html>") // an answer may repeat anything
		return
	case ft.Body != "":
		_, _ = io.WriteString(w, ft.Body)
		return
	case ft.Code != "":
		answer = refusal(ft.Code)
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		s.o.Complain("%s: %v", r.URL.Path, err)
	}
}
