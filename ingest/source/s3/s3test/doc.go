// Package s3test is a server that speaks as much of S3 and SQS as a reader of logs needs, over real HTTP, with faults on
// demand: for tests that use the real client.
package s3test
