package frame

// status is what a scanner knows after some bytes.
type status int

const (
	more status = iota // the value goes on
	done               // the value ended
	bad                // no JSON value continues like this
)

// scanner finds the end of one JSON value without understanding it. It can be fed in pieces. It checks just enough
// grammar to notice that a value was cut off and another one begins: brackets match, values have something between
// them, and strings do not run over the end of a line.
type scanner struct {
	max   int
	stack []uint64 // a bit per level: 1 is an object
	depth int
	deep  bool // deeper than max somewhere

	inString, escaped bool
	last              byte // last significant byte; 'v' after a complete value
	column0           bool // the byte before was a newline
	word              bool // the byte before belonged to a number or a word
	lines             bool // the value goes over lines
	strict            bool // an object that starts in the first column is a new record, not a value of this one
}

// strictDepth is how deep a value over several lines may nest in strict mode. Every line of a broken stream may be tried
// as the beginning of a value; the limit keeps that from taking the square of the stream's length.
const strictDepth = 64

func (s *scanner) init(maxDepth int) {
	s.max = maxDepth
	s.stack = make([]uint64, maxDepth/64+1)
}

func (s *scanner) reset(strict bool) {
	s.depth, s.deep, s.inString, s.escaped, s.last = 0, false, false, false, 0
	s.column0, s.word, s.lines, s.strict = false, false, false, strict
}

// enter puts the scanner inside an object, behind one of its values.
func (s *scanner) enter() {
	s.reset(false)
	s.push(true)
	s.last = 'v'
}

// Classes of bytes outside strings.
const (
	plain = iota
	blank
	quote
	open
	shut
	mark
)

var class [256]byte

// inner marks the bytes inside a string that mean something.
var inner [256]bool

func init() {
	for _, c := range " \t\r\n" {
		class[c] = blank
	}
	class['"'] = quote
	class['{'], class['['] = open, open
	class['}'], class[']'] = shut, shut
	class[','], class[':'] = mark, mark
	inner['"'], inner['\\'], inner['\n'] = true, true, true
}

// run reads b. It returns how many bytes belong to the value, or where it went wrong.
func (s *scanner) run(b []byte) (int, status) {
	i := 0
	for i < len(b) {
		if s.inString {
			if s.escaped {
				s.escaped = false
				if b[i] != '\n' {
					i++
				}
				continue
			}
			for i < len(b) && !inner[b[i]] {
				i++
			}
			if i == len(b) {
				return i, more
			}
			switch b[i] {
			case '\\':
				s.escaped = true
			case '\n':
				return i, bad
			default:
				s.inString, s.last = false, 'v'
				if s.depth == 0 {
					return i + 1, done
				}
			}
			i++
			continue
		}
		c := b[i]
		switch class[c] {
		case blank:
			s.word = false
			if s.column0 = c == '\n'; s.column0 {
				s.lines = true
			}
			i++
			continue
		case quote:
			s.inString = true
		case open:
			if s.last == 'v' || s.last == '{' || s.last == ',' && s.inObject() {
				return i, bad
			}
			if s.strict && (s.column0 && c == '{' || s.lines && s.depth >= strictDepth) {
				return i, bad
			}
			s.push(c == '{')
			s.last = c
		case shut:
			if s.depth == 0 || s.depth <= s.max && s.inObject() != (c == '}') {
				return i, bad
			}
			s.depth--
			s.last = 'v'
			if s.depth == 0 {
				return i + 1, done
			}
		case mark:
			s.last = c
		default:
			if s.last == 'v' && !s.word {
				return i, bad
			}
			s.last, s.word, s.column0 = 'v', true, false
			i++
			continue
		}
		s.column0, s.word = false, false
		i++
	}
	return i, more
}

func (s *scanner) push(object bool) {
	s.depth++
	if s.depth > s.max {
		s.deep = true
		return
	}
	at, bit := (s.depth-1)/64, uint64(1)<<((s.depth-1)%64)
	if object {
		s.stack[at] |= bit
	} else {
		s.stack[at] &^= bit
	}
}

// inObject reports whether the innermost open bracket is an object's. Past the limit nobody remembers.
func (s *scanner) inObject() bool {
	if s.depth == 0 || s.depth > s.max {
		return false
	}
	return s.stack[(s.depth-1)/64]&(1<<((s.depth-1)%64)) != 0
}
