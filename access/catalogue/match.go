package catalogue

// Match reports whether s matches the IAM glob pattern: * is any run of characters, ? is exactly one byte.
// It is case-sensitive, as IAM is about resources.
func Match(pattern, s string) bool { return glob(pattern, s, false) }

// MatchFold is Match without regard to ASCII case, as IAM is about actions.
func MatchFold(pattern, s string) bool { return glob(pattern, s, true) }

// glob remembers the last star and the place in s that it was tried at, so that it needs no recursion and at most
// len(pattern) × len(s) steps however hostile the pattern is.
func glob(p, s string, fold bool) bool {
	i, j, star, mark := 0, 0, -1, 0
	for j < len(s) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == s[j] || fold && lower(p[i]) == lower(s[j])):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

// hasGlob reports whether p holds a wildcard at all.
func hasGlob(p string) bool {
	for i := 0; i < len(p); i++ {
		if p[i] == '*' || p[i] == '?' {
			return true
		}
	}
	return false
}

// Covers reports whether everything that the glob inner matches is matched by the glob outer, as far as that can be told
// piece by piece. It errs to false: a deny that is not known to cover a grant takes nothing away.
func Covers(outer, inner string) bool { return covers(outer, inner, false) }

// CoversFold is Covers without regard to ASCII case, for actions.
func CoversFold(outer, inner string) bool { return covers(outer, inner, true) }

// covers is glob on a text that holds wildcards itself: a * of inner is met only by a * of outer, a ? by ? or *.
func covers(p, s string, fold bool) bool {
	i, j, star, mark := 0, 0, -1, 0
	for j < len(s) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && s[j] != '*' && (p[i] == '?' || p[i] == s[j] || fold && lower(p[i]) == lower(s[j])):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}
