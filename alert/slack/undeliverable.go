package slack

import "github.com/grantwatch/grantwatch/alert"

var _ alert.Undeliverable = (*PermanentError)(nil)

// Undeliverable tells the operator what to do.
func (e *PermanentError) Undeliverable() (code, hint string) { return e.Code, e.Hint }
