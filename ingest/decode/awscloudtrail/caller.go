package awscloudtrail

import (
	"hash/maphash"
	"sync/atomic"
	"unsafe"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/decode/field"
)

// identity is what is asked of userIdentity beside the actor.
type identity struct {
	account, invokedBy, kind, partition string
	mfa, mfaKnown                       bool
}

// callers are known by the bytes of their userIdentity: the same bytes are the same caller. All decoders of the process
// share them, since what follows from the same bytes is the same. A new caller takes the place of another of its bucket.
var callers [knownCallers / inBucket]bucket

const (
	knownCallers = 1 << 16 // thirty megabytes of users, when there are so many, and ninety of sessions, whose texts are longer
	inBucket     = 4
)

// bucket is a line of a processor's cache. A tag is the beginning of its caller's hash, so that others are not looked at.
type bucket struct {
	tags    [inBucket]atomic.Uint32
	next    atomic.Uint32 // whose place is taken next
	callers [inBucket]atomic.Pointer[caller]
}

// caller is never changed once it is in a bucket.
type caller struct {
	hash     hash
	identity identity
	circs    uint8 // under which the actor was read
	actor    access.Actor
	links    [3]string // what the actor's chain is made of, mostly
	session  string
	memo     uint64
}

func findCaller(h hash) *caller {
	b := &callers[h[0]%(knownCallers/inBucket)]
	tag := uint32(h[0] >> 32)
	for i := range inBucket {
		if b.tags[i].Load() != tag {
			continue
		}
		if c := b.callers[i].Load(); c != nil && c.hash == h {
			return c
		}
	}
	return nil
}

func keepCaller(c *caller) {
	b := &callers[c.hash[0]%(knownCallers/inBucket)]
	i := (b.next.Add(1) - 1) % inBucket
	for n := range uint32(inBucket) { // the same caller under other circumstances keeps its place
		if k := b.callers[n].Load(); k != nil && k.hash == c.hash {
			i = n
		}
	}
	b.tags[i].Store(uint32(c.hash[0] >> 32))
	b.callers[i].Store(c)
}

// hash is of two seeds that nobody outside knows. That two callers have the same one is out of the question.
type hash [2]uint64

var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

func hashOf(b []byte) hash { return hash{maphash.Bytes(seeds[0], b), maphash.Bytes(seeds[1], b)} }

// who reads the caller, or remembers it.
func (d *decoder) who(ev *access.Event, c *call, signIn bool) {
	if d.outer[userIdentity].kind == 0 {
		d.actor(ev, c, signIn)
		return
	}
	circs := d.circumstances(ev, c, signIn)
	k := findCaller(d.caller)
	if k != nil && k.circs == circs {
		ev.Actor, ev.Session, ev.Memo.Who = k.actor, k.session, k.memo
		return
	}
	d.ident = d.top(userIdentity)
	ev.Actor.Chain = d.links[:0]
	d.actor(ev, c, signIn)
	k = &caller{hash: d.caller, identity: d.id, circs: circs, actor: ev.Actor, session: ev.Session, memo: field.NextMemo()}
	d.links = ev.Actor.Chain
	k.actor.Chain = nil
	if len(d.links) > 0 {
		k.actor.Chain = append(k.links[:0], d.links...)
	}
	k.detach()
	keepCaller(k)
	ev.Actor, ev.Session, ev.Memo.Who = k.actor, k.session, k.memo
}

// detach copies the texts of a caller into memory of its own: those of the decoder share it with much else. Several are
// mostly the same text, which is copied once.
func (k *caller) detach() {
	a := &k.actor
	texts := append(make([]*string, 0, 16), &a.ID, &a.UID, &a.Name, &a.Email, &a.Issuer, &a.Credential, &a.Principal, &k.session,
		&k.identity.account, &k.identity.invokedBy, &k.identity.kind)
	for i := range a.Chain {
		texts = append(texts, &a.Chain[i])
	}
	n := 0
	for _, s := range texts {
		n += len(*s)
	}
	text := make([]byte, 0, n)
	for i, s := range texts {
		*s = copied(&text, *s, texts[:i])
	}
}

// copied is s in text, or in one of the texts that were copied before.
func copied(text *[]byte, s string, before []*string) string {
	for _, b := range before {
		if *b == s {
			return *b
		}
	}
	at := len(*text)
	*text = append(*text, s...)
	return unsafe.String(unsafe.SliceData((*text)[at:]), len(s)) // text has room for all of them and is not changed again
}

// circumstances are what the actor depends on beside its userIdentity.
func (d *decoder) circumstances(ev *access.Event, c *call, signIn bool) uint8 {
	bits := uint8(0)
	for i, b := range [...]bool{signIn, d.console(ev), c.prefix == "sso", d.partition == "aws-cn", d.partition == "aws-us-gov"} {
		if b {
			bits |= 1 << i
		}
	}
	return bits
}

// identify reads what is asked of userIdentity beside the actor.
func (d *decoder) identify() {
	if d.outer[userIdentity].kind != 0 {
		if k := findCaller(d.caller); k != nil {
			d.id = k.identity
			return
		}
	}
	d.ident = d.top(userIdentity)
	d.id = identity{account: d.str.Intern(field.At(d.ident, "accountId")), invokedBy: d.str.Intern(field.At(d.ident, "invokedBy")),
		kind: d.str.Intern(field.At(d.ident, "type")), partition: partitionOf(field.At(d.ident, "arn"))}
	d.id.mfa, d.id.mfaKnown = field.Bool(field.Get(field.Get(field.Get(d.ident, "sessionContext"), "attributes"), "mfaAuthenticated"))
}
