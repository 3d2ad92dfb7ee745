// Package slack posts alerts to Slack.
//
// One problem class of a team is one root message: posted once, edited when the group changes, and answered in its thread
// when it becomes worse, since an edit notifies nobody. Posting is not idempotent, so every root message carries its id as
// metadata; after a failure with an unknown outcome the channel's history is searched for that id before another is posted.
//
// Every string that comes from logs, snapshots or rules passes through code or prose in escape.go, and nothing else writes
// such strings into a message.
package slack
