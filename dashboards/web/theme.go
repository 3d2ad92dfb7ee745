package web

import (
	"net/http"
	"strings"
	"time"
)

// themeCookie keeps the choice of light or dark. It says nothing about anybody and needs no script.
const themeCookie = "grantwatch-theme"

// themeOf is light, dark, or empty for what the system prefers.
func themeOf(r *http.Request) string {
	if c, err := r.Cookie(themeCookie); err == nil && (c.Value == "light" || c.Value == "dark") {
		return c.Value
	}
	return ""
}

// theme keeps a choice and sends the reader back to where it was made.
func (s *server) theme(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	choice := r.PostFormValue("theme")
	if choice != "light" && choice != "dark" {
		choice = "" // as the system prefers
	}
	c := &http.Cookie{Name: themeCookie, Value: choice, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.c.Way.Secure(), MaxAge: int((365 * 24 * time.Hour).Seconds())} //nolint:gosec // Secure wherever browsers reach the page over TLS; it holds a colour
	if choice == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
	http.Redirect(w, r, local(r.PostFormValue("back")), http.StatusSeeOther) //nolint:gosec // local leads nowhere but to this page
}

// local is an address on this page that a form named, or the first page: never another site, whatever it is written like.
func local(to string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || len(to) > 2000 || strings.ContainsFunc(to, func(r rune) bool { return r < ' ' || r == '\\' || r == 0x7f }) {
		return "/"
	}
	return to
}
