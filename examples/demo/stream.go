package demo

import "io"

// stream makes the records of some hours of a feed while they are read. It never holds more than one hour's records
// above its buffer.
type stream struct {
	feed     *feed
	hour, to int
	entries  []entry
	buf      []byte
	off      int
	records  int64
}

const streamBuffer = 128 << 10

func (f *feed) stream(from, to int) *stream { return &stream{feed: f, hour: from, to: to} }

// more makes the next records; false at the end.
func (s *stream) more() bool {
	if s.hour >= s.to {
		return false
	}
	if s.buf == nil {
		s.buf = make([]byte, 0, streamBuffer+streamBuffer/4)
	}
	s.buf, s.off = s.buf[:0], 0
	for s.hour < s.to && len(s.buf) < streamBuffer {
		s.entries = s.feed.hour(s.hour, s.entries)
		for _, e := range s.entries {
			s.buf = s.feed.write.record(s.buf, e.call, e.at, e.id)
		}
		s.records += int64(len(s.entries))
		s.hour++
	}
	return true
}

func (s *stream) Read(p []byte) (int, error) {
	for s.off == len(s.buf) {
		if !s.more() {
			return 0, io.EOF
		}
	}
	n := copy(p, s.buf[s.off:])
	s.off += n
	return n, nil
}

// WriteTo hands the records on without another copy.
func (s *stream) WriteTo(w io.Writer) (int64, error) {
	var total int64
	for {
		if s.off < len(s.buf) {
			n, err := w.Write(s.buf[s.off:])
			s.off += n
			total += int64(n)
			if err != nil {
				return total, err
			}
		}
		if !s.more() {
			return total, nil
		}
	}
}
