package web

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// policy lets a page load its own style sheet, script and pictures and nothing else from anywhere.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// reportPolicy is for reports, whose style is inside of them: no script at all, and an origin of their own.
const reportPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox"

// maxForm bounds what a form may send.
const maxForm = 8 << 10

// changing are the only addresses at which something can be sent.
var changing = []string{"/theme", "/signin", "/signout"}

// guard refuses what no reader of the page ever sends, and sets the headers that every answer carries.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin") // with no-referrer, browsers would hide from us too where a form comes from
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		if s.c.Way.Secure() {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		health := r.URL.Path == "/healthz"
		if _, ok := s.c.Way.From(r); !ok && !health {
			http.Error(w, "this page answers through its proxy only, over TLS", http.StatusForbidden)
			return
		}
		post := r.Method == http.MethodPost && slices.Contains(changing, r.URL.Path)
		if r.Method != http.MethodGet && r.Method != http.MethodHead && !post {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "only GET and HEAD: nothing can be changed here", http.StatusMethodNotAllowed)
			return
		}
		if !health && !allowed(r.Host, s.c.Hosts) {
			http.Error(w, "this page does not answer to that name; add it to the configured hosts", http.StatusMisdirectedRequest)
			return
		}
		if post {
			if !ownForm(r) {
				http.Error(w, "this form was sent by another site", http.StatusForbidden)
				return
			}
			r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		}
		next.ServeHTTP(w, r)
	})
}

// ownForm reports whether a form was sent from a page of this host: browsers say so in a header that no page can forge.
// One that says nothing is too old to be trusted with a session.
func ownForm(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin"
	}
	o, err := url.Parse(r.Header.Get("Origin"))
	return err == nil && o.Host != "" && strings.EqualFold(o.Host, r.Host)
}

// allowed reports whether the Host header names loopback or one of hosts. The port does not matter.
func allowed(host string, hosts []string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
	if name == "localhost" {
		return true
	}
	if ip, err := netip.ParseAddr(name); err == nil && ip.Unmap().IsLoopback() {
		return true
	}
	return name != "" && slices.ContainsFunc(hosts, func(h string) bool { return strings.EqualFold(h, name) })
}
