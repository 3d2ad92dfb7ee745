package kafka

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// Message is one Kafka record.
type Message struct {
	Offset   int64
	Value    []byte
	Rejected *access.Rejection // why it cannot be read at all; nil when it can

	next  int64 // offset behind it: a batch that cannot be opened is one message
	epoch int32
	feed  string
}

// Limits say how a range is cut into batches. They are kept with the range, so that a configuration that has changed
// does not change the batches of a range that is read again.
type Limits struct {
	Records int   `json:"n"`
	Bytes   int64 `json:"b"`
	Window  int   `json:"w"` // ids among which duplicates are known
}

// Range is what one feed has in a range of offsets [From, To) of a partition.
type Range struct {
	Feed     string
	Source   string // topic/partition
	From, To int64
	At       time.Time // when the range was read for the first time
	Limits   Limits
	Messages []Message
}

// mark is a range that is being written, as it stands in the metadata of the committed offset From.
type mark struct {
	From   int64  `json:"-"`
	To     int64  `json:"to"`
	At     int64  `json:"at"` // milliseconds
	Limits Limits `json:"cut"`
}

// markPrefix names the form; what does not begin with it was written by somebody else.
const markPrefix = "grantwatch/1 "

func (m *mark) String() string {
	if m == nil {
		return ""
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err) // a struct of numbers
	}
	return markPrefix + string(b)
}

// parseMark reads the metadata of the committed offset from; nil when nothing is being written.
func parseMark(from int64, metadata string) (*mark, error) {
	body, ok := strings.CutPrefix(metadata, markPrefix)
	if !ok {
		return nil, nil
	}
	m := &mark{From: from}
	if err := json.Unmarshal([]byte(body), m); err != nil {
		return nil, fmt.Errorf("kafka: metadata %q of offset %d: %w", metadata, from, err)
	}
	if m.To <= from || m.Limits.Records <= 0 || m.Limits.Bytes <= 0 || m.Limits.Window <= 0 {
		return nil, fmt.Errorf("kafka: metadata %q of offset %d describes no range", metadata, from)
	}
	return m, nil
}

// Source is the name under which a partition's batches are known.
func Source(topic string, partition int32) string {
	return topic + "/" + strconv.FormatInt(int64(partition), 10)
}
