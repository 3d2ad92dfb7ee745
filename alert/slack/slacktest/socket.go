package slacktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// socketState are the connections of Socket Mode. It is guarded by the server's lock.
type socketState struct {
	tickets map[string]bool
	conns   []*socket
	waiting map[string]chan json.RawMessage // acknowledgements by envelope
	acks    int
}

// socket is one connection. Writes of a WebSocket are not safe for concurrent use.
type socket struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

func (k *socket) write(v any) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.conn.SetWriteDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	return k.conn.WriteJSON(v)
}

const (
	pingEvery = 10 * time.Second
	ackWithin = 3 * time.Second
)

func (s *Server) openConnection(args) any {
	if s.sockets.tickets == nil {
		s.sockets.tickets = map[string]bool{}
	}
	s.seq++
	ticket := fmt.Sprintf("ticket-%d", s.seq)
	s.sockets.tickets[ticket] = true
	return map[string]any{"ok": true, "url": strings.Replace(s.base, "http", "ws", 1) + "/socket?ticket=" + ticket + "&app_id=" + s.o.AppID}
}

func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	ticket := r.URL.Query().Get("ticket")
	ok := s.sockets.tickets[ticket] // once
	delete(s.sockets.tickets, ticket)
	s.mu.Unlock()
	if !ok {
		http.Error(w, "no such ticket", http.StatusNotFound)
		return
	}
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }} // clients of Socket Mode are no browsers
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	conn.SetReadLimit(1 << 20)
	k := &socket{conn: conn}
	hello := map[string]any{"type": "hello", "num_connections": 1, "connection_info": map[string]any{"app_id": s.o.AppID}, "debug_info": map[string]any{"host": "fake", "approximate_connection_time": 18060}}
	if err := k.write(hello); err != nil {
		_ = conn.Close() // it is gone already
		return
	}
	s.mu.Lock()
	s.sockets.conns = append(s.sockets.conns, k)
	s.changed()
	s.mu.Unlock()
	stop := make(chan struct{})
	go k.ping(stop)
	s.listen(k)
	close(stop)
	s.mu.Lock()
	for i, c := range s.sockets.conns {
		if c == k {
			s.sockets.conns = append(s.sockets.conns[:i:i], s.sockets.conns[i+1:]...)
			break
		}
	}
	s.changed()
	s.mu.Unlock()
	_ = conn.Close() // whatever ended it
}

func (k *socket) ping(stop chan struct{}) {
	t := time.NewTicker(pingEvery)
	defer t.Stop()
	for {
		select {
		case <-stop:
			return
		case <-t.C:
			if k.conn.WriteControl(websocket.PingMessage, []byte("Ping from fake"), time.Now().Add(5*time.Second)) != nil {
				return
			}
		}
	}
}

// listen takes acknowledgements until the connection ends.
func (s *Server) listen(k *socket) {
	for {
		var ack struct {
			EnvelopeID string          `json:"envelope_id"`
			Payload    json.RawMessage `json:"payload"`
		}
		if err := k.conn.ReadJSON(&ack); err != nil {
			return
		}
		s.mu.Lock()
		c := s.sockets.waiting[ack.EnvelopeID]
		delete(s.sockets.waiting, ack.EnvelopeID)
		s.sockets.acks++
		s.mu.Unlock()
		if c == nil {
			s.o.Complain("an acknowledgement of an unknown envelope, or of one that was acknowledged already")
			continue
		}
		c <- ack.Payload
	}
}

// Connections is how many Socket Mode connections there are.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sockets.conns)
}

// Disconnect asks the application to open new connections, as Slack does every few hours.
func (s *Server) Disconnect() {
	s.mu.Lock()
	conns := append([]*socket(nil), s.sockets.conns...)
	s.mu.Unlock()
	for _, k := range conns {
		_ = k.write(map[string]any{"type": "disconnect", "reason": "refresh_requested"}) // one that is gone needs no word
	}
}

// ErrNobodyListens is returned when there is neither a request URL nor a connection.
var ErrNobodyListens = errors.New("the application listens nowhere")

// Envelope sends a payload over Socket Mode under an envelope id of the caller's and waits for the acknowledgement.
func (s *Server) Envelope(ctx context.Context, id string, payload []byte) (Answer, error) {
	return s.envelope(ctx, id, "interactive", payload)
}

func (s *Server) envelope(ctx context.Context, id, kind string, payload []byte) (Answer, error) {
	s.mu.Lock()
	n := len(s.sockets.conns)
	if n == 0 {
		s.mu.Unlock()
		return Answer{}, ErrNobodyListens
	}
	k := s.sockets.conns[n-1]
	c := make(chan json.RawMessage, 1)
	s.sockets.waiting[id] = c
	s.mu.Unlock()
	if err := k.write(map[string]any{"type": kind, "envelope_id": id, "payload": json.RawMessage(payload), "accepts_response_payload": true}); err != nil {
		return Answer{}, err
	}
	t := time.NewTimer(ackWithin)
	defer t.Stop()
	select {
	case body := <-c:
		return Answer{Status: http.StatusOK, Body: body}, nil
	case <-t.C:
		s.o.Complain("no acknowledgement within %s", ackWithin)
		return Answer{}, fmt.Errorf("no acknowledgement within %s", ackWithin)
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	}
}
