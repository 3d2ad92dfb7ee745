// Package made makes up logs for tests and benchmarks: no real organisation is in them.
package made

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Start is when the made-up logs begin.
var Start = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// calls are what the made-up callers do.
var calls = []struct{ source, name, read, extra string }{
	{"s3", "ListBuckets", "true", ``},
	{"ec2", "DescribeInstances", "true", `"requestParameters":{"instancesSet":{"items":[{"instanceId":"i-0abc"}]}},`},
	{"iam", "GetUser", "true", `"requestParameters":{"userName":"ana"},`},
	{"dynamodb", "PutItem", "false", `"requestParameters":{"tableName":"orders","key":{"id":"77"}},`},
	{"sts", "GetCallerIdentity", "true", ``},
}

// Busy draws who acts in record n as it is in an organisation: one record in four is of the next of all actors in turn,
// so that each occurs, and in the others the busiest occurs twice as often as the second and a thousand times as often as
// the thousandth (Zipf's law).
func Busy(r *rand.Rand, n, actors int) int {
	if n%4 == 0 {
		return n / 4 % actors
	}
	return int(math.Pow(float64(actors), r.Float64())) - 1
}

// CloudTrail writes record n of a CloudTrail log, about as long as a real one: of a role session of the actor who.
func CloudTrail(b *bytes.Buffer, r *rand.Rand, n, who int) {
	c := calls[r.IntN(len(calls))]
	fmt.Fprintf(b, `{"eventVersion":"1.09","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE%08d:job-%d","arn":"arn:aws:sts::111122223333:assumed-role/worker-%d/job-%d","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE%09d",`,
		who, who%7, who, who%7, who)
	fmt.Fprintf(b, `"sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE%08d","arn":"arn:aws:iam::111122223333:role/worker-%d","accountId":"111122223333","userName":"worker-%d"},"attributes":{"creationDate":"2026-03-01T07:59:00Z","mfaAuthenticated":"false"}}},`,
		who, who, who)
	fmt.Fprintf(b, `"eventTime":"%s","eventSource":"%s.amazonaws.com","eventName":"%s","awsRegion":"eu-central-1","sourceIPAddress":"192.0.2.%d","userAgent":"aws-sdk-go-v2/1.30.3 os/linux lang/go#1.26.0 md/GOOS#linux md/GOARCH#amd64 api/%s#1.58.2",`,
		Start.Add(time.Duration(n)*37*time.Millisecond).Format(time.RFC3339), c.source, c.name, who%250, c.source)
	if r.IntN(20) == 0 {
		b.WriteString(`"errorCode":"AccessDenied","errorMessage":"not authorized to perform this action",`)
	}
	b.WriteString(c.extra)
	fmt.Fprintf(b, `"responseElements":null,"requestID":"%08x-7f1c-4f6a-9a55-%012x","eventID":"%s","readOnly":%s,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management",`,
		r.Uint32(), r.Uint64()>>16, EventID(n), c.read)
	fmt.Fprintf(b, `"tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"%s.eu-central-1.amazonaws.com"}}`, c.source)
	b.WriteByte('\n')
}

// EventID is the id of record n: as random as a provider's, so that it compresses as badly, and yet known to whoever asks
// later whether the record was stored. The mixing is that of SplitMix64, which never gives two numbers the same one.
func EventID(n int) string {
	mix := func(x uint64) uint64 {
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		return x ^ x>>31
	}
	a, b := mix(uint64(n)+0x9e3779b97f4a7c15), mix(^uint64(n))
	return fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0xfff, b&0xffffffffffff)
}

// Log is a log of n records.
func Log(n, actors int) []byte {
	var b bytes.Buffer
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		CloudTrail(&b, r, i, r.IntN(actors))
	}
	return b.Bytes()
}
