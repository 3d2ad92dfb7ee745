package awscloudtrail

import (
	"bytes"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/decode/field"
	"github.com/grantwatch/grantwatch/ingest/made"
)

// ways are a decoder that goes the quick way where it can, and one that parses every record.
func ways() (quick, whole *decoder) {
	quick, _ = New(field.NewStrings()).(*decoder)
	whole, _ = New(field.NewStrings()).(*decoder)
	whole.whole = true
	return quick, whole
}

func sameWay(t *testing.T, quick, whole *decoder, rec []byte) {
	t.Helper()
	for range 2 { // the second time the caller is known
		var a, b access.Event
		errA, errB := quick.Decode(rec, &a), whole.Decode(rec, &b)
		a.Memo, b.Memo = access.Memo{}, access.Memo{}
		if !reflect.DeepEqual(errA, errB) || !reflect.DeepEqual(a, b) {
			t.Fatalf("%s\nquick %+v, %v\nwhole %+v, %v", rec, a, errA, b, errB)
		}
	}
}

// hard are records at the edges of what the quick way takes.
var hard = []string{
	`{"eventName":null,"eventName":"GetUser","eventTime":"2026-03-01T08:00:00Z","detail":{"eventName":"X"}}`,
	`{"eventName":"GetUser","eventName":"PutUser","eventTime":"2026-03-01T08:00:00Z","eventSource":"iam.amazonaws.com"}`,
	`{"eventName":"GetUser","eventTime":"2026-03-01T08:00:00Z","userIdentity":{"type":"Root"}} x`,
	`{"eventName":"GetUser","eventTime":"2026-03-01T08:00:00Z","userIdentity":{"type":"Root"}`,
	`{"eventName":"GetUser","eventTime":"2026-03-01T08:00:00Z","userIdentity":{"type":"Root",}}`,
	`{"eventName":"GetUser","eventTime":"2026-03-01T08:00:00Z","userIdentity":[]}`,
	`{"eventName":"GetUser","eventTime":"2026-03-01T08:00:00Z","userIdentity":"root"}`,
	`{"eventName":"GetUser","eventTime":"2026-03-01T08:00:00Z","other":{"a":[1,2}}`,
	`{"eventName":"GetUser","eventTime":"2026-03-01T08:00:00Z","other":[1,{"a":"}]\""}],"readOnly":"true","managementEvent":1}`,
	`{"eventName":"GetUser","eventTime":"2026-03-01T08:00:00Z","eventVersion":01}`,
	`{"eventName":"GetUser","eventTime":"2026-03-01T08:00:00Z","eventVersion":1.5e3,"recipientAccountId":123456789012,"awsRegion":true}`,
	`{"eventName":"GetUser","eventTime":"2026-03-01T08:00:00Z","errorCode":"a\u0041","userAgent":"\\"}`,
	`{"eventName":"GetUser","eventTime":"2026-03-01T08:00:00Z","errorCode":tru}`,
	`{"eventName":"GetUser","eventTime":"2026-03-01T08:00:00Z","userIdentity":{"type":"AssumedRole","arn":"arn:aws-cn:sts::111122223333:assumed-role/r/s"},"awsRegion":"us-gov-west-1"}`,
	`{"eventName":"GetUser","eventTime":"2026-03-01T08:00:00Z","additionalEventData":{"MFAUsed":"Yes"},"userIdentity":{"type":"IAMUser","userName":"ana"}}`,
	`{"eventName":"GetUser","eventTime":"2026-03-01T08:00:00Z","userAgent":"console.amazonaws.com","userIdentity":{"type":"IAMUser","userName":"ana"}}`,
	`{"eventName":"ConsoleLogin","eventType":"AwsConsoleSignIn","eventSource":"signin.amazonaws.com","eventTime":"2026-03-01T08:00:00Z","userIdentity":{"type":"IAMUser","userName":"ana"},"responseElements":{"ConsoleLogin":"Failure"}}`,
	` { "eventName" : "GetUser" , "eventTime" : "2026-03-01T08:00:00Z" , "requestParameters" : null , "tlsDetails" : "x" } `,
	`{}`, `{"eventName":""}`, `{"eventName":"GetUser"}`, `[]`, ``, `{`, `{"`, `{"eventName"`, `{"eventName":`, `{"eventName":"x","eventTime":"yesterday"}`,
	`{"eventName":"x","eventTime":"2026-03-01T08:00:00Z","deep":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`,
	"\xef\xbb\xbf" + `{"eventName":"x","eventTime":"2026-03-01T08:00:00Z"}`,
}

func corpus(t testing.TB) [][]byte {
	t.Helper()
	text, err := os.ReadFile("../testdata/aws_cloudtrail.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	out := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	for _, h := range hard {
		out = append(out, []byte(h))
	}
	return append(out, bytes.Split(bytes.TrimSpace(made.Log(200, 20)), []byte("\n"))...)
}

func TestQuickIsTheSame(t *testing.T) {
	quick, whole := ways()
	records := corpus(t)
	for _, rec := range records {
		sameWay(t, quick, whole, rec)
	}
	// One byte changed, taken out or put twice, anywhere.
	r := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		rec := bytes.Clone(records[r.IntN(len(records))])
		if len(rec) == 0 {
			continue
		}
		switch i := r.IntN(len(rec)); r.IntN(3) {
		case 0:
			rec[i] = "{}[]\",:\\ntf01 x\x00\xff"[r.IntN(17)]
		case 1:
			rec = append(rec[:i], rec[i+1:]...)
		default:
			rec = append(rec[:i+1], rec[i:]...)
		}
		sameWay(t, quick, whole, rec)
	}
}

// Ordinary records go the quick way, or it would be there for nothing.
func TestQuickIsWhatHappens(t *testing.T) {
	quick, _ := ways()
	for _, rec := range bytes.Split(bytes.TrimSpace(made.Log(100, 20)), []byte("\n")) {
		if !quick.quick(rec) {
			t.Fatalf("parsed as a whole: %s", rec)
		}
	}
}

func FuzzQuickIsTheSame(f *testing.F) {
	for _, rec := range corpus(f)[:60] {
		f.Add(rec)
	}
	f.Fuzz(func(t *testing.T, rec []byte) {
		quick, whole := ways()
		sameWay(t, quick, whole, rec)
	})
}
