package s3test

import (
	"bytes"
	"crypto/md5" //nolint:gosec // it is what S3 makes ETags of
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Fault is what goes wrong with a request.
type Fault struct {
	Status int
	Code   string
	Cut    int64 // bytes of the body after which the connection ends; with Status 0
}

// Request is what a test is asked about: Op is ListObjectsV2, GetObject, HeadObject or an SQS action.
type Request struct {
	Op, Bucket, Key, Range, StartAfter, Prefix string
	Delimited                                  bool
}

// Server holds buckets and queues.
type Server struct {
	URL string

	mu       sync.Mutex
	buckets  map[string]map[string][]byte
	meta     map[string]map[string]string // bucket/key → what was noted beside the object
	queues   map[string]*queue
	fault    func(Request) *Fault
	requests []Request
	page     int
	now      time.Time
	receipts int
}

// New starts a server that ends with the test, and gives the SDK credentials that it takes.
func New(t testing.TB, buckets ...string) *Server {
	t.Helper()
	s := &Server{buckets: map[string]map[string][]byte{}, meta: map[string]map[string]string{}, queues: map[string]*queue{}, page: 1000, now: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)}
	for _, b := range buckets {
		s.buckets[b] = map[string][]byte{}
	}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	s.URL = h.URL
	return s
}

// environ is what the SDK needs to sign requests, and what keeps it from asking anybody else.
var environ = map[string]string{"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example", "AWS_REGION": "eu-west-1",
	"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"}

// Names are the names of what Environ sets.
func Names() []string { return slices.Sorted(maps.Keys(environ)) }

// Environ sets it for a test.
func Environ(t *testing.T) {
	t.Helper()
	for name, value := range environ {
		t.Setenv(name, value)
	}
}

// Put stores an object and returns its ETag.
func (s *Server) Put(bucket, key string, body []byte) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buckets[bucket][key] = slices.Clone(body)
	return etag(body)
}

// PutWith stores an object with metadata.
func (s *Server) PutWith(bucket, key string, body []byte, meta map[string]string) {
	s.Put(bucket, key, body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.meta[bucket+"/"+key] = meta
}

// Get is an object; nil when there is none.
func (s *Server) Get(bucket, key string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.buckets[bucket][key])
}

// Keys are the keys of a bucket.
func (s *Server) Keys(bucket string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.buckets[bucket]))
}

// Remove removes an object.
func (s *Server) Remove(bucket, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.buckets[bucket], key)
}

// PageSize is how many keys a page of a listing has at most.
func (s *Server) PageSize(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.page = n
}

// OnRequest decides what goes wrong; nil is nothing. It is called for one request at a time.
func (s *Server) OnRequest(f func(Request) *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

// Requests are those since the last call.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.requests
	s.requests = nil
	return out
}

func etag(body []byte) string {
	sum := md5.Sum(body) //nolint:gosec // it is what S3 makes ETags of
	return hex.EncodeToString(sum[:])
}

// ServeHTTP answers S3 in path style, and SQS.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if action, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS."); ok {
		s.serveQueue(w, r, action)
		return
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	q := r.URL.Query()
	req := Request{Op: "GetObject", Bucket: bucket, Key: key, Range: r.Header.Get("Range")}
	switch {
	case key == "" && q.Get("list-type") == "2":
		req = Request{Op: "ListObjectsV2", Bucket: bucket, Prefix: q.Get("prefix"), StartAfter: q.Get("start-after"), Delimited: q.Get("delimiter") != ""}
	case r.Method == http.MethodHead:
		req.Op = "HeadObject"
	case r.Method == http.MethodPut && key != "":
		s.servePut(w, r, bucket, key)
		return
	case r.Method != http.MethodGet || key == "":
		refuse(w, http.StatusNotImplemented, "NotImplemented")
		return
	}
	f := s.ask(req)
	s.mu.Lock()
	objects, ok := s.buckets[bucket]
	body, has := objects[key]
	meta := s.meta[bucket+"/"+key]
	s.mu.Unlock()
	switch {
	case f != nil && f.Status != 0:
		refuse(w, f.Status, f.Code)
	case !ok:
		refuse(w, http.StatusNotFound, "NoSuchBucket")
	case req.Op == "ListObjectsV2":
		s.serveList(w, q.Get("prefix"), q.Get("delimiter"), max(q.Get("start-after"), q.Get("continuation-token")), bucket)
	case !has:
		refuse(w, http.StatusNotFound, "NoSuchKey")
	case r.Header.Get("If-Match") != "" && strings.Trim(r.Header.Get("If-Match"), `"`) != etag(body):
		refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
	default:
		for k, v := range meta {
			w.Header().Set("X-Amz-Meta-"+k, v)
		}
		serveObject(w, r, body, f)
	}
}

// servePut takes an object whole. The SDK sends it in chunks of its own when it adds a checksum behind it.
func (s *Server) servePut(w http.ResponseWriter, r *http.Request, bucket, key string) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if f := s.ask(Request{Op: "PutObject", Bucket: bucket, Key: key}); f != nil && f.Status != 0 {
		refuse(w, f.Status, f.Code)
		return
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "IncompleteBody")
		return
	}
	if strings.HasPrefix(r.Header.Get("Content-Encoding"), "aws-chunked") {
		body = unchunk(body)
	}
	w.Header().Set("ETag", `"`+s.Put(bucket, key, body)+`"`)
}

// unchunk takes the first chunk out of the SDK's framing: length in hexadecimal, line break, bytes.
func unchunk(body []byte) []byte {
	head, rest, _ := bytes.Cut(body, []byte("\r\n"))
	size, _, _ := bytes.Cut(head, []byte(";"))
	n, err := strconv.ParseInt(string(size), 16, 64)
	if err != nil || n > int64(len(rest)) {
		return body
	}
	return rest[:n]
}

func (s *Server) ask(req Request) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, req)
	if s.fault == nil {
		return nil
	}
	return s.fault(req)
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>made up by a test</Message></Error>", code)
}

func serveObject(w http.ResponseWriter, r *http.Request, body []byte, f *Fault) {
	from, status := 0, http.StatusOK
	if spec, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes="); ok {
		n, err := strconv.Atoi(strings.TrimSuffix(spec, "-"))
		if err != nil || n >= len(body) {
			refuse(w, http.StatusRequestedRangeNotSatisfiable, "InvalidRange")
			return
		}
		from, status = n, http.StatusPartialContent
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", n, len(body)-1, len(body)))
	}
	w.Header().Set("ETag", `"`+etag(body)+`"`)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)-from))
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	rest := body[from:]
	if f != nil && f.Cut < int64(len(rest)) {
		_, _ = w.Write(rest[:f.Cut]) // the reader is about to be cut off
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(rest) // a reader that went away is the test's business
}

type listing struct {
	XMLName     xml.Name `xml:"ListBucketResult"`
	IsTruncated bool
	Next        string `xml:"NextContinuationToken,omitempty"`
	KeyCount    int
	Contents    []content
	Common      []common `xml:"CommonPrefixes"`
}

type content struct {
	Key          string
	ETag         string
	Size         int
	LastModified string
}

type common struct{ Prefix string }

func (s *Server) serveList(w http.ResponseWriter, prefix, delimiter, after, bucket string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []string
	for k := range s.buckets[bucket] {
		if strings.HasPrefix(k, prefix) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	var out listing
	last := ""
	for _, k := range keys {
		name, folder := k, false
		if i := strings.Index(k[len(prefix):], delimiter); delimiter != "" && i >= 0 {
			name, folder = k[:len(prefix)+i+1], true
		}
		if name <= after || name == last {
			continue
		}
		if out.KeyCount == s.page {
			out.IsTruncated, out.Next = true, last
			break
		}
		last = name
		out.KeyCount++
		if folder {
			out.Common = append(out.Common, common{name})
			continue
		}
		body := s.buckets[bucket][k]
		out.Contents = append(out.Contents, content{k, `"` + etag(body) + `"`, len(body), s.now.Format(time.RFC3339)})
	}
	w.Header().Set("Content-Type", "application/xml")
	_ = xml.NewEncoder(w).Encode(out) // a reader that went away is the test's business
}
