// Package slacktest is a Slack of our own for tests and demonstrations: the Web API, Socket Mode, signed callbacks, modals
// and files, as far as an application that alerts needs them.
//
// It is stricter than Slack. It refuses what Slack refuses (lengths, unknown arguments, archived channels, missing scopes,
// more than a message a second in a channel), and what Slack would let through but must not happen here is a complaint: a
// token outside the header, links that may unfurl, markup that is not verbatim. It keeps state: what was posted can be
// edited, found in the history, answered in a thread and pressed.
//
// A Server is an http.Handler. Client and DialContext reach it in memory, so that it can be used inside a synctest bubble on
// virtual time, Socket Mode included. Faults are scripted per method and taken one by one.
package slacktest
