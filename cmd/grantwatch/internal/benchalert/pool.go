package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/ingest/made"
)

// pool is a stock of made-up records that are sent again and again, each time with an id and a time of its own: making them anew would
// cost more than reading them does.
type pool struct {
	records []record
	bytes   int
	next    int // record of the pool
	id      int // of the next event
	salt    int
}

// record is one line of a log and where in it id and time stand.
type record struct {
	line     []byte
	id, time int
}

func newPool(n, actors int) *pool {
	p := &pool{salt: 1 << 40}
	r := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for i := range n {
		b.Reset()
		made.CloudTrail(&b, r, i, made.Busy(r, i, actors))
		line := bytes.Clone(b.Bytes())
		after := func(key string) int { return bytes.Index(line, []byte(key)) + len(key) }
		p.records = append(p.records, record{line, after(`"eventID":"`), after(`"eventTime":"`)})
		p.bytes += len(line)
	}
	return p
}

func (p *pool) mean() int { return p.bytes / len(p.records) }

// batch is the next n records, of now.
func (p *pool) batch(n int, now time.Time) []byte {
	out := make([]byte, 0, n*(p.mean()+200))
	at := now.UTC().Format(time.RFC3339)
	for range n {
		r := &p.records[p.next]
		begin := len(out)
		out = append(out, r.line...)
		copy(out[begin+r.id:], made.EventID(p.salt+p.id))
		copy(out[begin+r.time:], at)
		p.next, p.id = (p.next+1)%len(p.records), p.id+1
	}
	return out
}

// plant is a record of somebody who stops a trail, which a rule on events calls critical. The actor's name says which
// channel hears of it, and which of the planted records it is.
func (p *pool) plant(id string, now time.Time) []byte {
	defer func() { p.id++ }() // an id that is used again would make one of the two a duplicate
	return fmt.Appendf(nil, `{"eventVersion":"1.09","userIdentity":{"type":"IAMUser","principalId":"AIDA%s","arn":"arn:aws:iam::111122223333:user/%s","accountId":"111122223333","userName":"%s"},"eventTime":"%s","eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging","awsRegion":"eu-central-1","sourceIPAddress":"192.0.2.7","userAgent":"aws-cli/2.30","requestParameters":{"name":"arn:aws:cloudtrail:eu-central-1:111122223333:trail/main"},"responseElements":null,"eventID":"%s","readOnly":false,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}`+"\n",
		strings.ToUpper(id), id, id, now.UTC().Format(time.RFC3339), made.EventID(p.salt+p.id))
}
