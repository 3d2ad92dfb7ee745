package rules

import (
	"regexp"
	"strconv"
	"strings"
)

// The control ids that exist. A mistyped id in a finding sends an auditor looking for something that is not there, so
// Lint compares every id with these.

// csf20 holds the subcategories of NIST CSF 2.0: category to the numbers in use (some were withdrawn).
var csf20 = map[string]string{
	"GV.OC": "1-5", "GV.RM": "1-7", "GV.RR": "1-4", "GV.PO": "1-2", "GV.OV": "1-3", "GV.SC": "1-10",
	"ID.AM": "1-5 7-8", "ID.RA": "1-10", "ID.IM": "1-4",
	"PR.AA": "1-6", "PR.AT": "1-2", "PR.DS": "1-2 10-11", "PR.PS": "1-6", "PR.IR": "1-4",
	"DE.CM": "1-3 6 9", "DE.AE": "2-4 6-8",
	"RS.MA": "1-5", "RS.AN": "3 6-8", "RS.CO": "2-3", "RS.MI": "1-2",
	"RC.RP": "1-6", "RC.CO": "3-4",
}

// cis81 is the number of safeguards of each CIS control, version 8.1.
var cis81 = []int{0, 5, 7, 14, 12, 6, 8, 7, 12, 7, 7, 5, 8, 11, 9, 7, 14, 9, 5}

// sp80053 is the number of base controls of each family of SP 800-53 r5.
var sp80053 = map[string]int{
	"AC": 25, "AT": 6, "AU": 16, "CA": 9, "CM": 14, "CP": 13, "IA": 13, "IR": 10, "MA": 7, "MP": 8, "PE": 23, "PL": 11,
	"PM": 32, "PS": 9, "PT": 8, "RA": 10, "SA": 23, "SC": 51, "SI": 23, "SR": 12,
}

var (
	csfPattern   = regexp.MustCompile(`^([A-Z]{2}\.[A-Z]{2})-(\d\d)$`)
	cisPattern   = regexp.MustCompile(`^(\d{1,2})\.(\d{1,2})$`)
	spPattern    = regexp.MustCompile(`^([A-Z]{2})-(\d{1,2})(\(\d{1,2}\))?$`)
	owaspPattern = regexp.MustCompile(`^NHI([1-9]|10)$`)
)

func knownCSF(id string) bool {
	m := csfPattern.FindStringSubmatch(id)
	if m == nil {
		return false
	}
	n, _ := strconv.Atoi(m[2])
	for _, span := range strings.Fields(csf20[m[1]]) {
		low, high, isSpan := strings.Cut(span, "-")
		if !isSpan {
			high = low
		}
		from, _ := strconv.Atoi(low)
		to, _ := strconv.Atoi(high)
		if n >= from && n <= to {
			return true
		}
	}
	return false
}

func knownCIS(id string) bool {
	m := cisPattern.FindStringSubmatch(id)
	if m == nil {
		return false
	}
	control, _ := strconv.Atoi(m[1])
	safeguard, _ := strconv.Atoi(m[2])
	return control >= 1 && control < len(cis81) && safeguard >= 1 && safeguard <= cis81[control]
}

func knownSP80053(id string) bool {
	m := spPattern.FindStringSubmatch(id)
	if m == nil {
		return false
	}
	n, _ := strconv.Atoi(m[2])
	return n >= 1 && n <= sp80053[m[1]]
}

func knownSP80063(id string) bool { return id == "A" || id == "B" || id == "C" }

func knownOWASP(id string) bool { return owaspPattern.MatchString(id) }
