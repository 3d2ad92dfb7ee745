package digest

import (
	"fmt"

	"github.com/grantwatch/grantwatch/access"
)

// Settle says what came of the files that a digest lists. A file that was read with another content as well was read.
func Settle(names, hashes []string, read map[string][]access.Reading) (state, detail string) {
	state = access.FilesRead
	for i, n := range names {
		list := read[n]
		if len(list) == 0 {
			return access.FilesMissing, fmt.Sprintf("log file %s was delivered and not read", n)
		}
		same := false
		for _, r := range list {
			if r.Hash != hashes[i] {
				continue
			}
			same = true
			if r.Dead > 0 {
				state, detail = access.FilesLossy, fmt.Sprintf("log file %s: %d of %d records could not be read", n, r.Dead, r.Records)
			}
		}
		if !same {
			return access.FilesAltered, fmt.Sprintf("log file %s is not what was delivered: its hash is another", n)
		}
	}
	return state, detail
}
