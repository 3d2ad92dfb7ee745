package engine

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// request is what a client asked for beside the statement itself.
type request struct {
	id         string
	database   string
	format     string // the default format, for statements that name none
	statement  string // from the address; the body then is data
	settings   [][2]string
	params     []param
	compress   bool
	method     string // network_compression_method
	decompress bool
	encoding   string // Content-Encoding of the answer
	whole      bool   // wait_end_of_query: the answer starts when it is known to be good
	revision   uint64 // client_protocol_version
}

// ignored are the parts of the interface that mean nothing to an engine with
// one user and no sessions, and the two settings that this server decides.
// log_comment carries the tag by which a statement is killed.
var ignored = []string{
	"user", "password", "quota_key", "stacktrace", "close_session", "session_timeout", "session_check",
	"buffer_size", "role", "async_insert", "log_comment", "http_write_exception_in_output_format",
}

func parseRequest(r *http.Request) (*request, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &Exception{Code: codeBadArguments, Message: "Cannot read the address: " + err.Error() + " (BAD_ARGUMENTS)"}
	}
	q := &request{
		id:       r.Header.Get("X-ClickHouse-Query-Id"),
		database: r.Header.Get("X-ClickHouse-Database"),
		format:   r.Header.Get("X-ClickHouse-Format"),
	}
	compressAnswer := false
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names) // so that the same request is always the same statement
	for _, name := range names {
		v := values[name][len(values[name])-1]
		switch name {
		case "query":
			q.statement = v
		case "query_id":
			q.id = v
		case "database":
			q.database = v
		case "default_format":
			if q.format == "" {
				q.format = v
			}
		case "compress":
			q.compress = truth(v)
		case "decompress":
			q.decompress = truth(v)
		case "network_compression_method":
			q.method = v
		case "network_zstd_compression_level":
		case "wait_end_of_query":
			q.whole = truth(v)
		case "enable_http_compression":
			compressAnswer = truth(v)
		case "client_protocol_version":
			q.revision, _ = strconv.ParseUint(v, 10, 64) // what is no number is an old client
		case "session_id":
			return nil, &Exception{Code: codeNotImplemented, Message: "Sessions are not offered: every request has its own (NOT_IMPLEMENTED)"}
		default:
			if err := q.other(name, v); err != nil {
				return nil, err
			}
		}
	}
	if q.format == "" {
		q.format = "TabSeparated"
	}
	if compressAnswer {
		q.encoding = chooseEncoding(r.Header.Get("Accept-Encoding"))
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		// As on a server: what a link can do must not change anything.
		q.settings = append(q.settings, [2]string{"readonly", "2"})
	}
	return q, nil
}

func (q *request) other(name, value string) error {
	if p, ok := strings.CutPrefix(name, "param_"); ok {
		q.params = append(q.params, param{p, value})
		return nil
	}
	if slices.Contains(ignored, name) {
		return nil
	}
	if !isSettingName(name) {
		return &Exception{Code: codeUnknownSetting, Message: "Unknown setting " + quote(name) + " (UNKNOWN_SETTING)"}
	}
	q.settings = append(q.settings, [2]string{name, value})
	return nil
}

func truth(v string) bool { return v == "1" || strings.EqualFold(v, "true") }

func isSettingName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// prepare makes the connection what the request wants. Nothing has to be
// undone: the connection is not used again.
func (q *request) prepare(c *conn) error {
	if q.database != "" && q.database != "default" {
		if err := c.exec("USE " + quoteName(q.database)); err != nil {
			return err
		}
	}
	if len(q.settings) == 0 {
		return nil
	}
	var b strings.Builder
	for i, s := range q.settings {
		if i == 0 {
			b.WriteString("SET ")
		} else {
			b.WriteString(", ")
		}
		b.WriteString(s[0] + " = " + quote(s[1]))
	}
	return c.exec(b.String())
}

// credentials are the one user of an engine; the zero value lets everyone in.
type credentials struct{ user, password string }

// check compares in constant time what a request brings in any of the three
// ways of ClickHouse's HTTP interface.
func (c credentials) check(r *http.Request) error {
	if c.user == "" && c.password == "" {
		return nil
	}
	user, password, ok := r.BasicAuth()
	if !ok {
		if user, password = r.Header.Get("X-ClickHouse-User"), r.Header.Get("X-ClickHouse-Key"); user == "" && password == "" {
			v := r.URL.Query()
			user, password = v.Get("user"), v.Get("password")
		}
	}
	if user == "" {
		user = "default"
	}
	want := c.user
	if want == "" {
		want = "default"
	}
	if same(user, want)&same(password, c.password) == 1 {
		return nil
	}
	return &Exception{Code: codeAuth, Message: "Authentication failed: password is incorrect, or there is no user with such name. (AUTHENTICATION_FAILED)"}
}

func same(a, b string) int {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:])
}
