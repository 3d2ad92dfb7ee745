package frame

import "bytes"

// Reset begins a new stream with the memory of the one before: messages are many and short, and what a Reader allocates
// is longer than most of them. The Reader may have been made with New(nil, …).
func (f *Reader) Reset(r *bytes.Reader) {
	f.src.close()
	from := f.src.from
	if from == nil {
		from = &watched{}
	}
	from.r, from.err = r, nil
	f.src = source{raw: r}
	if !mayBePacked(r) {
		f.src.from, f.src.in = from, from // read as it is; otherwise the first Read looks closer
	}
	f.r, f.w, f.base, f.total = 0, 0, 0, 0
	f.line, f.index, f.err = 1, 0, nil
	f.array, f.wrapped, f.comma = false, false, false
}

// mayBePacked reports whether the first bytes could be those of gzip or zstd.
func mayBePacked(r *bytes.Reader) bool {
	var head [2]byte
	n, _ := r.ReadAt(head[:], 0) // fewer bytes than asked for are no error here
	return n == 2 && (head[0] == 0x1f && head[1] == 0x8b || head[0] == 0x28 && head[1] == 0xb5 || head[0]&0xf0 == 0x50 && head[1] == 0x2a)
}
