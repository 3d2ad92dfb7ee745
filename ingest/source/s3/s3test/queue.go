package s3test

import (
	"crypto/md5" //nolint:gosec // it is what SQS sends beside a message
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// queue is a queue whose clock is the test's: messages become visible again when Pass lets time pass.
type queue struct {
	list []*message
}

type message struct {
	id, body, receipt string
	visible           time.Time
	times             int
}

// Queue makes a queue and returns its URL.
func (s *Server) Queue(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	url := s.URL + "/111122223333/" + name
	s.queues[url] = &queue{}
	return url
}

// Send puts a message in a queue.
func (s *Server) Send(url, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[url]
	s.receipts++
	q.list = append(q.list, &message{id: fmt.Sprintf("m-%d", s.receipts), body: body, visible: s.now})
}

// Waiting is how many messages a queue holds, visible or not.
func (s *Server) Waiting(url string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queues[url].list)
}

// Pass lets time pass for the queues.
func (s *Server) Pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

type entry struct {
	ID      string `json:"Id"`
	Receipt string `json:"ReceiptHandle"`
	Timeout int    `json:"VisibilityTimeout"`
}

func (s *Server) serveQueue(w http.ResponseWriter, r *http.Request, action string) {
	var in struct {
		QueueURL string `json:"QueueUrl"`
		Most     int    `json:"MaxNumberOfMessages"`
		Timeout  int    `json:"VisibilityTimeout"`
		Entries  []entry
	}
	err := json.NewDecoder(r.Body).Decode(&in)
	f := s.ask(Request{Op: action})
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[in.QueueURL]
	switch {
	case f != nil && f.Status != 0:
		fail(w, f.Status, f.Code)
	case err != nil:
		fail(w, http.StatusBadRequest, "SerializationException")
	case q == nil:
		fail(w, http.StatusBadRequest, "com.amazonaws.sqs#QueueDoesNotExist")
	case action == "ReceiveMessage":
		answer(w, s.receive(q, in.Most, time.Duration(in.Timeout)*time.Second))
	case action == "DeleteMessageBatch":
		answer(w, q.batch(in.Entries, func(i int, _ entry) { q.list = append(q.list[:i:i], q.list[i+1:]...) }))
	case action == "ChangeMessageVisibilityBatch":
		answer(w, q.batch(in.Entries, func(i int, e entry) { q.list[i].visible = s.now.Add(time.Duration(e.Timeout) * time.Second) }))
	default:
		fail(w, http.StatusBadRequest, "com.amazonaws.sqs#UnsupportedOperation")
	}
}

func fail(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	answer(w, map[string]any{"__type": code, "message": "made up by a test"})
}

func answer(w http.ResponseWriter, body any) {
	_ = json.NewEncoder(w).Encode(body) // a reader that went away is the test's business
}

func (s *Server) receive(q *queue, most int, timeout time.Duration) any {
	out := []any{}
	for _, m := range q.list {
		if len(out) == most || m.visible.After(s.now) {
			continue
		}
		s.receipts++
		m.times++
		m.receipt, m.visible = fmt.Sprintf("r-%d", s.receipts), s.now.Add(timeout)
		sum := md5.Sum([]byte(m.body)) //nolint:gosec // it is what SQS sends beside a message
		out = append(out, map[string]any{"MessageId": m.id, "ReceiptHandle": m.receipt, "Body": m.body, "MD5OfBody": hex.EncodeToString(sum[:]),
			"Attributes": map[string]string{"ApproximateReceiveCount": strconv.Itoa(m.times)}})
	}
	return map[string]any{"Messages": out}
}

// batch does something to the messages that entries name by their newest receipt.
func (q *queue) batch(entries []entry, do func(i int, e entry)) any {
	done, failed := []any{}, []any{}
next:
	for _, e := range entries {
		for i, m := range q.list {
			if m.receipt == e.Receipt {
				do(i, e)
				done = append(done, map[string]any{"Id": e.ID})
				continue next
			}
		}
		failed = append(failed, map[string]any{"Id": e.ID, "Code": "ReceiptHandleIsInvalid", "Message": "no such message", "SenderFault": true})
	}
	return map[string]any{"Successful": done, "Failed": failed}
}
