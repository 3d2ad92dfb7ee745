package slacktest

import (
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
)

func (s *Server) uploadURL(a args) any {
	s.known(a, "filename", "length", "alt_txt", "snippet_type")
	n, err := strconv.Atoi(a.form.Get("length"))
	if a.form.Get("filename") == "" || err != nil || n < 1 {
		return refusal("invalid_arguments")
	}
	s.seq++
	f := &File{ID: fmt.Sprintf("F0FILE%05d", s.seq), Name: a.form.Get("filename"), Size: n}
	s.uploads[f.ID] = f
	return map[string]any{"ok": true, "file_id": f.ID, "upload_url": s.base + "/upload/" + f.ID}
}

// serveUpload takes the bytes. The address is the permission: a token in it would leave Slack's API.
func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Header.Get("Authorization") != "" {
		s.o.Complain("an upload carries a token")
	}
	f := s.uploads[strings.TrimPrefix(r.URL.Path, "/upload/")]
	ft := s.take("upload")
	if !s.pause(r.Context(), ft.Delay) {
		panic(http.ErrAbortHandler)
	}
	if f == nil || f.sent || r.Method != http.MethodPost {
		http.Error(w, "no such upload", http.StatusNotFound)
		return
	}
	if ft.plain() || ft.Accept {
		body, err := uploaded(r)
		if err != nil || len(body) != f.Size {
			http.Error(w, "not as long as was said", http.StatusBadRequest)
			return
		}
		f.Body, f.sent = body, true
	}
	if ft.plain() {
		_, _ = fmt.Fprintf(w, "OK - %d", f.Size)
		return
	}
	s.respond(w, r, ft, refusal("upload_failed"))
}

func uploaded(r *http.Request) ([]byte, error) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		return io.ReadAll(io.LimitReader(r.Body, 64<<20))
	}
	mr, err := r.MultipartReader()
	if err != nil {
		return nil, err
	}
	var p *multipart.Part
	if p, err = mr.NextPart(); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(p, 64<<20))
}

func (s *Server) completeUpload(a args) any {
	s.known(a, "files", "channel_id", "initial_comment", "thread_ts")
	var files []struct{ ID, Title string }
	if err := json.Unmarshal([]byte(a.form.Get("files")), &files); err != nil || len(files) == 0 {
		return refusal("invalid_arguments")
	}
	c := s.channel(a.form.Get("channel_id"))
	switch {
	case c == nil || !c.Member:
		return refusal("channel_not_found")
	case c.Archived:
		return refusal("is_archived")
	}
	m := &Message{Type: "message", User: s.o.BotUser, BotID: s.o.BotID, Text: a.form.Get("initial_comment"), ThreadTS: a.form.Get("thread_ts")}
	var out []map[string]any
	for _, x := range files {
		f := s.uploads[x.ID]
		if f == nil || !f.sent || f.used {
			return refusal("file_not_found")
		}
		f.used, f.Title = true, x.Title
		m.Files = append(m.Files, f)
		out = append(out, map[string]any{"id": f.ID, "title": f.Title})
	}
	m.TS = s.stamp()
	c.Messages = append(c.Messages, m)
	s.posted++
	s.changed()
	return map[string]any{"ok": true, "files": out}
}
