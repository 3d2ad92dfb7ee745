package demo

import "strings"

// trail writes the CloudTrail records of one account.
type trail struct {
	acct  *account
	calls []cloudCall
	seed  uint64
}

// cloudCall is everything about a call that does not change from one record to the next.
type cloudCall struct {
	who      *principal
	op       *operation
	body     string // requestParameters
	extra    string // resources, written out with its comma; or empty
	err      string // error code of a call that was refused
	key      string // credential, when it is a certain one
	begun    int64  // when that credential was issued, Unix milliseconds
	session  string // session name, when it is not the role's own
	origin   string // sourceIdentity
	response string // responseElements
	ip       string
	agent    string
	mfa      bool
}

func (t *trail) add(c cloudCall) int32 {
	c.who.render()
	if c.body == "" {
		c.body = "null"
	}
	if c.response == "" {
		c.response = "null"
	}
	if c.ip == "" {
		c.ip = c.who.ip
	}
	if c.agent == "" {
		c.agent = c.who.agent
	}
	t.calls = append(t.calls, c)
	return int32(len(t.calls) - 1)
}

// call is the plain use of an operation by p on the resource called name.
func (p *principal) call(op *operation, name string) cloudCall {
	a := p.acct
	c := cloudCall{who: p, op: op, body: a.fill(op.req, name)}
	switch {
	case op.data:
		arn := a.fill(op.arn, name)
		bucket := strings.TrimSuffix(arn, "/*")
		c.extra = `"resources":[{"type":"AWS::S3::Object","ARN":"` + bucket + `/` + keyOf(op) + `"},{"accountId":"` + a.id + `","type":"AWS::S3::Bucket","ARN":"` + bucket + `"}],`
	case op.typ != "":
		c.extra = `"resources":[{"accountId":"` + a.id + `","type":"` + op.typ + `","ARN":"` + a.fill(op.arn, name) + `"}],`
	}
	return c
}

func keyOf(op *operation) string {
	if op.readOnly {
		return "daily/part-0001.parquet"
	}
	return "daily/part-0002.parquet"
}

// render writes the parts of userIdentity that stay the same.
func (p *principal) render() {
	if p.idHead != "" {
		return
	}
	p.idHead = `{"type":"AssumedRole","principalId":"` + p.uid + `:`
	p.idMid = `","arn":"arn:aws:sts::` + p.acct.id + `:assumed-role/` + p.name + `/`
	p.idTail = `","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"` + p.uid + `","arn":"` + p.arn + `","accountId":"` + p.acct.id + `","userName":"` + p.name + `"},`
}

const sessionMillis = 6 * 3600 * 1000 // the services renew a role's credentials about this often

// record appends one CloudTrail record.
func (t *trail) record(b []byte, call int32, at int64, id uint64) []byte {
	c := &t.calls[call]
	p := c.who
	b = append(b, `{"eventVersion":"1.10","userIdentity":`...)
	b = append(b, p.idHead...)
	if p.key != "" {
		b = append(b, p.key...)
		b = append(b, p.idTail...)
	} else {
		session := p.session
		if c.session != "" {
			session = c.session
		}
		b = append(b, session...)
		b = append(b, p.idMid...)
		b = append(b, session...)
		b = append(b, `","accountId":"`...)
		b = append(b, p.acct.id...)
		b = append(b, `","accessKeyId":"`...)
		begun := at - (at+int64(p.h%sessionMillis))%sessionMillis
		if c.key != "" {
			b = append(b, c.key...)
			begun = c.begun
		} else {
			b = appendKey(b, "ASIA", mix(p.h^uint64(begun)), 9)
		}
		b = append(b, p.idTail...)
		if c.origin != "" {
			b = append(b, `"sourceIdentity":"`...)
			b = append(b, c.origin...)
			b = append(b, `",`...)
		}
		b = append(b, `"attributes":{"creationDate":"`...)
		b = appendSeconds(b, begun/1000)
		if c.mfa {
			b = append(b, `","mfaAuthenticated":"true"}}}`...)
		} else {
			b = append(b, `","mfaAuthenticated":"false"}}}`...)
		}
	}
	b = append(b, `,"eventTime":"`...)
	b = appendSeconds(b, at/1000)
	b = append(b, `","eventSource":"`...)
	source := c.op.eventSource()
	b = append(b, source...)
	b = append(b, `","eventName":"`...)
	b = append(b, c.op.eventName()...)
	b = append(b, `","awsRegion":"`...)
	region := p.acct.region
	if c.op.global {
		region = "us-east-1"
	}
	b = append(b, region...)
	b = append(b, `","sourceIPAddress":"`...)
	b = append(b, c.ip...)
	b = append(b, `","userAgent":"`...)
	b = append(b, c.agent...)
	if c.err != "" {
		b = append(b, `","errorCode":"`...)
		b = append(b, c.err...)
		b = append(b, `","errorMessage":"User: `...)
		b = append(b, p.arn...)
		b = append(b, ` is not authorized to perform: `...)
		b = append(b, c.op.action...)
		b = append(b, ` with an explicit deny in a service control policy`...)
	}
	b = append(b, `","requestParameters":`...)
	b = append(b, c.body...)
	b = append(b, `,"responseElements":`...)
	b = append(b, c.response...)
	b = append(b, `,"requestID":"`...)
	b = appendUUID(b, id^0x5bd1e9955bd1e995)
	b = append(b, `","eventID":"`...)
	b = appendUUID(b, id)
	if c.op.readOnly {
		b = append(b, `","readOnly":true,`...)
	} else {
		b = append(b, `","readOnly":false,`...)
	}
	b = append(b, c.extra...)
	b = append(b, `"eventType":"AwsApiCall","managementEvent":`...)
	if c.op.data {
		b = append(b, `false,"recipientAccountId":"`...)
		b = append(b, p.acct.id...)
		b = append(b, `","eventCategory":"Data"`...)
	} else {
		b = append(b, `true,"recipientAccountId":"`...)
		b = append(b, p.acct.id...)
		b = append(b, `","eventCategory":"Management"`...)
	}
	b = append(b, `,"tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"`...)
	b = append(b, c.op.prefix()...)
	b = append(b, '.')
	b = append(b, region...)
	return append(b, ".amazonaws.com\"}}\n"...)
}
