package alert

// Undeliverable is implemented by errors of notifiers that repeating does not mend: a token that was revoked, a channel that
// was archived, a scope that is missing. Whoever runs Grantwatch has to do what hint says. Neither word holds a secret.
type Undeliverable interface {
	error
	Undeliverable() (code, hint string)
}
