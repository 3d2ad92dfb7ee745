package demo

// mix spreads the bits of x (splitmix64's finaliser): neighbouring counters give unrelated numbers, so that a record
// can be made from its place alone and any file can start in the middle of a feed.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// hash folds a label into a seed (FNV-1a, then mixed).
func hash(seed uint64, label string) uint64 {
	h := seed ^ 0xcbf29ce484222325
	for i := 0; i < len(label); i++ {
		h = (h ^ uint64(label[i])) * 0x100000001b3
	}
	return mix(h)
}

// dice is a deterministic source of numbers for building the organisation; records use mix directly.
type dice struct{ state uint64 }

func (d *dice) next() uint64 {
	d.state += 0x9e3779b97f4a7c15
	return mix(d.state)
}

func (d *dice) n(n int) int { return int(d.next() % uint64(n)) }

func (d *dice) float() float64 { return float64(d.next()>>11) / (1 << 53) }

// between gives a number in [lo, hi).
func (d *dice) between(lo, hi float64) float64 { return lo + d.float()*(hi-lo) }

// permutation gives the numbers 0 … n-1 in a shuffled order.
func (d *dice) permutation(n int) []int {
	p := make([]int, n)
	for i := range p {
		j := d.n(i + 1)
		p[i] = p[j]
		p[j] = i
	}
	return p
}

const (
	hexDigits = "0123456789abcdef"
	base32    = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	base62    = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// appendUUID writes a version 4 UUID whose bits come from id; two different ids give two different UUIDs.
func appendUUID(b []byte, id uint64) []byte {
	hi, lo := mix(id), mix(id^0xa5a5a5a5a5a5a5a5)
	hi = hi&^0xf000 | 0x4000
	lo = lo&^(0xc000<<48) | 0x8000<<48
	var u [36]byte
	pos := 0
	for i := 0; i < 16; i++ {
		v := byte(hi >> (56 - 8*(i&7)))
		if i >= 8 {
			v = byte(lo >> (56 - 8*(i&7)))
		}
		if i == 4 || i == 6 || i == 8 || i == 10 {
			u[pos] = '-'
			pos++
		}
		u[pos], u[pos+1] = hexDigits[v>>4], hexDigits[v&15]
		pos += 2
	}
	return append(b, u[:]...)
}

func uuid(id uint64) string { return string(appendUUID(nil, id)) }

// appendKey writes an AWS-like id: the prefix, characters from h, and EXAMPLE so that nobody takes it for a real one.
func appendKey(b []byte, prefix string, h uint64, n int) []byte {
	b = append(b, prefix...)
	for range n {
		b = append(b, base32[h&31])
		h >>= 5
	}
	return append(b, "EXAMPLE"...)
}

// accessKey is a 20-character access key id; principalID a 21-character IAM unique id.
func accessKey(prefix string, h uint64) string   { return string(appendKey(nil, prefix, h, 9)) }
func principalID(prefix string, h uint64) string { return string(appendKey(nil, prefix, h, 10)) }

func base62ID(prefix string, h uint64, n int) string {
	b := []byte(prefix)
	for range n {
		b = append(b, base62[h%62])
		h = mix(h)
	}
	return string(b)
}

// appendSeconds writes Unix seconds as RFC 3339 in UTC without a fraction: 2026-09-01T00:00:00Z.
func appendSeconds(b []byte, unix int64) []byte { return append(appendCivil(b, unix), 'Z') }

func appendCivil(b []byte, unix int64) []byte {
	days, sec := unix/86400, unix%86400
	// Howard Hinnant's days-to-civil arithmetic: eras of 400 years that begin on 1 March.
	z := days + 719468
	era := z / 146097
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day := doy - (153*mp+2)/5 + 1
	month := mp + 3
	year := yoe + era*400
	if month > 12 {
		month -= 12
		year++
	}
	b = append(b, byte('0'+year/1000), byte('0'+year/100%10), byte('0'+year/10%10), byte('0'+year%10), '-')
	b = append(two(b, month), '-')
	b = append(two(b, day), 'T')
	b = append(two(b, sec/3600), ':')
	b = append(two(b, sec/60%60), ':')
	return two(b, sec%60)
}

func two(b []byte, v int64) []byte { return append(b, byte('0'+v/10), byte('0'+v%10)) }

func appendDigits(b []byte, v int64, n int) []byte {
	at := len(b)
	for range n {
		b = append(b, '0')
	}
	for i := n - 1; i >= 0; i-- {
		b[at+i] = byte('0' + v%10)
		v /= 10
	}
	return b
}
