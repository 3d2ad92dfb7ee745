// Package alert decides who is told of which findings, and remembers what was told.
//
//	View ─► Plan ─► Message ─► Notifier.Send ─► Delivery ─► the next Plan
//	        pure    one per     alert/slack      on record
//	                problem
//	                class of
//	                a team
//
// Plan is a pure function, so the same view and the same record of deliveries always give the same messages: what was said
// already is not said again. A delivery is put on record before its message is posted and completed afterwards; a process
// that dies in between finds the open record and looks for the message before it posts another.
//
// Figures come from detect/ledger's View; this package counts only what it groups itself.
package alert
