// Package desk does what people ask for from a message: acknowledge, snooze, hand over, except, claim that access was
// revoked.
//
// Nobody acts who is not linked to an identity that answers for the findings: an owner of their team, the accountable owner
// of the NHI, the manager of an owner, or a member of the central desk. Every action, also one that was refused, is put on
// record as an event of its own, and an action that is handed in twice is done once.
//
// No action changes a verdict. A claim that access was revoked is a claim until a snapshot or an event shows it.
package desk
