package awscloudtrail

import (
	"hash/maphash"
	"slices"
	"strings"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/decode/field"
)

// identity is what is asked of userIdentity beside the actor.
type identity struct {
	account, invokedBy, kind, partition string
	mfa, mfaKnown                       bool
}

// known are callers by the bytes of their userIdentity: the same bytes are the same caller. Each has one place, which the
// next caller with that place takes over.
type known struct{ slots []*caller }

type caller struct {
	hash     hash
	identity identity
	circs    uint8 // under which the actor was read
	actor    access.Actor
	session  string
	memo     uint64
}

// knownCallers is how many callers a decoder remembers: some ten megabytes of them.
const knownCallers = 1 << 14

// hash is of two seeds that nobody outside knows. That two callers have the same one is out of the question.
type hash [2]uint64

var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

func hashOf(b []byte) hash { return hash{maphash.Bytes(seeds[0], b), maphash.Bytes(seeds[1], b)} }

func (k *known) find(h hash) *caller {
	if k.slots == nil {
		return nil
	}
	if c := k.slots[h[0]%knownCallers]; c != nil && c.hash == h {
		return c
	}
	return nil
}

func (k *known) put(c *caller) {
	if k.slots == nil {
		k.slots = make([]*caller, knownCallers)
	}
	k.slots[c.hash[0]%knownCallers] = c
}

// who reads the caller, or remembers it.
func (d *decoder) who(ev *access.Event, c *call, signIn bool) {
	if d.outer[userIdentity].kind == 0 {
		d.actor(ev, c, signIn)
		return
	}
	circs := d.circumstances(ev, c, signIn)
	k := d.callers.find(d.caller)
	if k != nil && k.circs == circs {
		ev.Actor, ev.Session, ev.Memo.Who = k.actor, k.session, k.memo
		return
	}
	d.ident = d.top(userIdentity)
	d.actor(ev, c, signIn)
	k = &caller{hash: d.caller, identity: d.id, circs: circs, actor: ev.Actor, session: ev.Session, memo: field.NextMemo()}
	k.actor.Chain = slices.Clone(ev.Actor.Chain)
	k.detach()
	d.callers.put(k)
}

// detach copies the texts of a caller into memory of its own: those of the decoder share it with much else.
func (k *caller) detach() {
	a := &k.actor
	texts := []*string{&a.ID, &a.UID, &a.Name, &a.Email, &a.Issuer, &a.Credential, &a.Principal, &k.session, &k.identity.account, &k.identity.invokedBy, &k.identity.kind}
	for i := range a.Chain {
		texts = append(texts, &a.Chain[i])
	}
	n := 0
	for _, s := range texts {
		n += len(*s)
	}
	var b strings.Builder
	b.Grow(n)
	for _, s := range texts {
		at := b.Len()
		b.WriteString(*s)
		*s = b.String()[at:]
	}
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
		if k := d.callers.find(d.caller); k != nil {
			d.id = k.identity
			return
		}
	}
	d.ident = d.top(userIdentity)
	d.id = identity{account: d.str.Intern(field.At(d.ident, "accountId")), invokedBy: d.str.Intern(field.At(d.ident, "invokedBy")),
		kind: d.str.Intern(field.At(d.ident, "type")), partition: partitionOf(field.At(d.ident, "arn"))}
	d.id.mfa, d.id.mfaKnown = field.Bool(field.Get(field.Get(field.Get(d.ident, "sessionContext"), "attributes"), "mfaAuthenticated"))
}
