package field

import (
	"encoding/hex"

	"github.com/zeebo/xxh3"
)

// HashID is the id of a record that carries none of its own: the hash of its bytes, so that the same record has the
// same id whenever and wherever it is read.
func HashID(rec []byte) string {
	sum := xxh3.Hash128(rec).Bytes()
	return hex.EncodeToString(sum[:])
}
