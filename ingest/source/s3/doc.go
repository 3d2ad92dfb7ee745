// Package s3 finds log objects in a bucket and knows which of them were read.
//
// Objects are learnt of by listing, and by notifications in an SQS queue; an object is known by its key and its ETag, so
// that one that is listed and announced, or announced twice, is read once. What is about to be read is saved before the
// first row is written, so that after a crash exactly the same objects are read again, at the same "now", and make the
// same batches. A message is deleted only after all of its objects are durable.
package s3
