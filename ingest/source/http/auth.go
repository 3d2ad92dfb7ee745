package push

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
)

// sender is who sends: a team, and those of its feeds that the token or certificate was given for.
type sender struct {
	team  string
	feeds []*feed
}

// credential takes the token out of a request. Splunk's word, the usual one and a password are all taken everywhere:
// not every shipper can be told which one to use.
func credential(r *http.Request) (token string, given bool) {
	h := r.Header.Get("Authorization")
	scheme, rest, _ := strings.Cut(h, " ")
	rest = strings.TrimSpace(rest)
	switch strings.ToLower(scheme) {
	case "":
		return "", false
	case "bearer", "splunk":
		return rest, true
	case "basic":
		text, err := base64.StdEncoding.DecodeString(rest)
		if err != nil {
			return "", true
		}
		_, password, _ := strings.Cut(string(text), ":")
		return password, true
	}
	return "", true
}

// authenticate finds out who sends. The payload is not looked at, here or later.
func (s *Server) authenticate(r *http.Request) (*sender, *problem) {
	if token, given := credential(r); given {
		if token == "" {
			return nil, &problem{status: http.StatusUnauthorized, reason: "unauthorised", detail: "the Authorization header holds no token", hec: hecBadAuthorisation}
		}
		hash := sha256.Sum256([]byte(token))
		who := s.byToken(&hash, false)
		if who == nil {
			who = s.byToken(&hash, true)
		}
		if who != nil {
			return who, nil
		}
		return nil, &problem{status: http.StatusUnauthorized, reason: "unauthorised", detail: "the token is not known", hec: hecInvalidToken}
	}
	if who := s.byCertificate(r); who != nil {
		return who, nil
	}
	return nil, &problem{status: http.StatusUnauthorized, reason: "unauthorised", detail: "a token is required: Authorization: Bearer …", hec: hecTokenRequired}
}

// byToken compares with every token of every feed, so that the time it takes says nothing.
func (s *Server) byToken(hash *[sha256.Size]byte, fresh bool) *sender {
	var found []*feed
	for _, f := range s.order {
		if f.TokenHashes == nil {
			continue
		}
		match := 0
		for _, h := range f.TokenHashes(fresh) {
			match |= subtle.ConstantTimeCompare(h[:], hash[:])
		}
		if match == 1 {
			found = append(found, f)
		}
	}
	return oneTeam(found)
}

func (s *Server) byCertificate(r *http.Request) *sender {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 || len(r.TLS.PeerCertificates) == 0 {
		return nil
	}
	c := r.TLS.PeerCertificates[0]
	names := append([]string{c.Subject.CommonName}, c.DNSNames...)
	for _, u := range c.URIs {
		names = append(names, u.String())
	}
	var found []*feed
	for _, f := range s.order {
		if slices.ContainsFunc(names, func(n string) bool { return n != "" && slices.Contains(f.ClientNames, n) }) {
			found = append(found, f)
		}
	}
	return oneTeam(found)
}

// oneTeam makes a sender. A token that two teams have proves neither.
func oneTeam(found []*feed) *sender {
	if len(found) == 0 {
		return nil
	}
	for _, f := range found[1:] {
		if f.Team != found[0].Team {
			return nil
		}
	}
	return &sender{team: found[0].Team, feeds: found}
}

// pick finds the feed that is written. A named one must be the sender's team's: another team's does not exist for it.
func (s *Server) pick(who *sender, name string) (*feed, *problem) {
	if name == "" {
		if len(who.feeds) == 1 {
			return who.feeds[0], nil
		}
		return nil, &problem{status: http.StatusBadRequest, reason: "ambiguous_feed", detail: "the token is that of several feeds: name one with ?feed= or the header Grantwatch-Feed", hec: hecIncorrectIndex}
	}
	if f := s.feeds[name]; f != nil && f.Team == who.team {
		return f, nil
	}
	return nil, &problem{status: http.StatusNotFound, reason: "unknown_feed", detail: "there is no such feed", hec: hecIncorrectIndex}
}
