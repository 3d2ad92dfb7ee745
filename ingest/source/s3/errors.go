package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// Error is what a bucket or a queue answered, in words that say what to do.
type Error struct {
	Place  string // s3://bucket/key, or the queue's URL
	Code   string
	Status int
	Advice string
	err    error
}

func (e *Error) Error() string {
	what := e.Code
	if what == "" {
		what = e.err.Error()
	} else if e.Status != 0 {
		what = fmt.Sprintf("%s (%d)", what, e.Status)
	}
	if e.Advice == "" {
		return e.Place + ": " + what
	}
	return e.Place + ": " + what + ": " + e.Advice
}

func (e *Error) Unwrap() error { return e.err }

// gone reports whether there is no such object any more: removed, or replaced by another.
func (e *Error) gone() bool {
	return e.Code == "NoSuchKey" || e.Code == "NotFound" || e.Code == "PreconditionFailed" || e.Status == http.StatusPreconditionFailed
}

// refused reports whether the object is there and is not given to us.
func (e *Error) refused() bool {
	return e.Status == http.StatusForbidden && e.Code != "InvalidAccessKeyId" && e.Code != "SignatureDoesNotMatch" && e.Code != "RequestTimeTooSkewed" && e.Code != "ExpiredToken"
}

// explain says of an error where it happened and what can be done about it. action is what the policy must allow.
func explain(err error, action, place string) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	e := &Error{Place: place, err: err}
	var api smithy.APIError
	if errors.As(err, &api) {
		e.Code = api.ErrorCode()
	}
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) {
		e.Status = answer.HTTPStatusCode()
	}
	switch {
	case e.Code == "NoSuchBucket":
		e.Advice = "there is no such bucket"
	case e.Code == "PermanentRedirect" || e.Code == "AuthorizationHeaderMalformed" || e.Code == "IllegalLocationConstraintException" || e.Status == http.StatusMovedPermanently:
		e.Advice = "the bucket is in another region: set region beside the bucket"
	case e.Code == "InvalidObjectState":
		e.Advice = "the object is archived and must be restored before it can be read"
	case e.Code == "InvalidAccessKeyId" || e.Code == "SignatureDoesNotMatch" || e.Code == "ExpiredToken":
		e.Advice = "the credentials that the SDK has found are not taken"
	case e.refused():
		e.Advice = "the policy must allow " + action + " (and kms:Decrypt, when it is encrypted with a key)"
	case e.gone():
		e.Advice = "it was removed or replaced before it was read"
	case e.Code == "SlowDown" || e.Status == http.StatusServiceUnavailable:
		e.Advice = "asked to slow down; tried again later"
	}
	return e
}
