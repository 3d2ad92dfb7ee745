package awscloudtrail

import (
	"bytes"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/decode/field"
)

// messageMax bounds how much of an error message is kept.
const messageMax = 240

// refusals are the words by which services say "you may not". They share no spelling: EC2 writes
// Client.UnauthorizedOperation, S3 AccessDenied, others AccessDeniedException, SNS AuthorizationError.
var refusals = [][]byte{
	[]byte("AccessDenied"), []byte("Unauthorized"), []byte("NotAuthorized"), []byte("AuthorizationError"),
	[]byte("Forbidden"), []byte("AuthFailure"), []byte("access denied"),
}

// outcome says how the call ended and why.
func (d *decoder) outcome(ev *access.Event, c *call) {
	code, message := d.text(errorCode), d.text(errorMessage)
	ev.Outcome = access.Success
	switch {
	case len(code) > 0:
		ev.Outcome = access.Failure
		for _, r := range refusals {
			if bytes.Contains(code, r) {
				ev.Outcome = access.Denied
				break
			}
		}
	case c.signIn:
		// The response names the event and says Success or Failure; a failed one usually has a message and no code.
		if said := field.At(d.response, c.name); len(said) > 0 && string(said) != "Success" || len(said) == 0 && len(message) > 0 {
			ev.Outcome = access.Failure
		}
	case len(message) > 0:
		ev.Outcome = access.Failure
	}
	if ev.Outcome == access.Success {
		return
	}
	message = field.TruncateBytes(message, messageMax)
	switch {
	case len(code) > 0 && len(message) > 0:
		ev.Error = d.str.Join(code, colon, message)
	case len(code) > 0:
		ev.Error = d.str.Intern(code)
	default:
		ev.Error = d.str.Intern(message)
	}
}

var colon = []byte(": ")
