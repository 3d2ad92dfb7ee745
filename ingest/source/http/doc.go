// Package push takes logs over HTTP from the shippers that teams already run: plain requests of JSON lines, arrays and
// wrappers, Splunk's HTTP Event Collector and OTLP logs.
//
// A request is answered with 200 only when the sink has said that every record of it is durable. Requests of one feed
// that arrive together are written as one batch. What a client sends again, because the answer was lost or was 503, is
// known by its hash and not written twice; after a restart the ids of the events are the belt behind that.
//
// Who sends is told by a token or a client certificate, never by the payload. Memory is bounded over all requests: what
// does not fit is answered with 503 before it is read, and shippers send it again.
package push
