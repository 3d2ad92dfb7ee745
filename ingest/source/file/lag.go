package file

// Lag is how many bytes of the files are not read yet, as they are on disk. It may be asked at any time, also while a
// step goes on.
func (t *Tracker) Lag() int64 { return t.behind.Load() }

// tellLag counts anew. A file counts from the first look at it on, whole until it is read.
func (t *Tracker) tellLag() {
	var sum int64
	for _, s := range t.seen {
		switch {
		case s.read:
		case s.tail != nil:
			sum += max(s.size-s.tail.offset, 0)
		default:
			sum += max(s.size, 0)
		}
	}
	t.behind.Store(sum)
}
