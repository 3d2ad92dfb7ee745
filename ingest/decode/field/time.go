package field

import "time"

// Time reads the times that audit logs write: RFC 3339 with any precision and offset, and the same with a space for the
// T or without a zone, which some exporters make of it and which then means UTC. The result is in UTC.
func Time(b []byte) (time.Time, bool) {
	if len(b) < 19 || len(b) > 64 || b[4] != '-' || b[7] != '-' || b[13] != ':' || b[16] != ':' {
		return time.Time{}, false
	}
	if b[10] != 'T' && b[10] != ' ' && b[10] != 't' {
		return time.Time{}, false
	}
	year, ok := number(b[0:4])
	month, ok1 := number(b[5:7])
	day, ok2 := number(b[8:10])
	hour, ok3 := number(b[11:13])
	minute, ok4 := number(b[14:16])
	second, ok5 := number(b[17:19])
	if !ok || !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
		return time.Time{}, false
	}
	if year == 0 || month < 1 || month > 12 || day < 1 || day > monthDays(year, month) || hour > 23 || minute > 59 || second > 60 {
		return time.Time{}, false
	}
	rest := b[19:]
	nanos := 0
	if len(rest) > 0 && (rest[0] == '.' || rest[0] == ',') {
		rest = rest[1:]
		digits := 0
		for len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' {
			if digits < 9 {
				nanos = nanos*10 + int(rest[0]-'0')
			}
			digits++
			rest = rest[1:]
		}
		if digits == 0 {
			return time.Time{}, false
		}
		for ; digits < 9; digits++ {
			nanos *= 10
		}
	}
	offset, ok := zone(rest)
	if !ok {
		return time.Time{}, false
	}
	// A leap second is the first moment of the next minute, as time.Date normalises it.
	t := time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	t = t.Add(-time.Duration(offset) * time.Second)
	// The first moment of year 1 is Go's zero time, which means "no time" everywhere else, and nobody's clock shows it.
	return t, t.After(time.Time{})
}

// zone reads "", "Z", "+02:00", "+0200" or " UTC" as seconds east of UTC.
func zone(b []byte) (int, bool) {
	switch string(b) {
	case "", "Z", "z", " UTC", " Z":
		return 0, true
	}
	sign := 1
	switch b[0] {
	case '+':
	case '-':
		sign = -1
	default:
		return 0, false
	}
	b = b[1:]
	if len(b) == 5 && b[2] == ':' {
		b = []byte{b[0], b[1], b[3], b[4]}
	}
	if len(b) != 4 {
		return 0, false
	}
	hours, ok := number(b[:2])
	minutes, ok1 := number(b[2:])
	if !ok || !ok1 || hours > 23 || minutes > 59 {
		return 0, false
	}
	return sign * (hours*3600 + minutes*60), true
}

func number(b []byte) (int, bool) {
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

func monthDays(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
