package ingest

// arena holds copies of records in pieces that are used again: one slice that grows would be copied, and held twice.
type arena struct {
	pieces [][]byte
	at     int // of the piece that is being filled
}

const arenaPiece = 1 << 20

// copy returns a copy that stays until reset.
func (a *arena) copy(rec []byte) []byte {
	if len(rec) > arenaPiece/4 {
		return append([]byte(nil), rec...) // it would leave holes, and is rare
	}
	for a.at < len(a.pieces) && cap(a.pieces[a.at])-len(a.pieces[a.at]) < len(rec) {
		a.at++
	}
	if a.at == len(a.pieces) {
		a.pieces = append(a.pieces, make([]byte, 0, arenaPiece))
	}
	p := a.pieces[a.at]
	from := len(p)
	p = append(p, rec...)
	a.pieces[a.at] = p
	return p[from:len(p):len(p)]
}

func (a *arena) reset() {
	for i := range a.pieces {
		a.pieces[i] = a.pieces[i][:0]
	}
	a.at = 0
}
