package facts

// Finding is what a route of alerts decides over: one finding as it is told.
type Finding struct {
	Kind         string   `expr:"kind"`    // UNUSED_GRANT …
	Verdict      string   `expr:"verdict"` // UNUSED, UNVERIFIABLE …
	Severity     string   `expr:"severity"`
	Rank         int      `expr:"rank"` // of the severity: info 1 … critical 5
	Team         string   `expr:"team"`
	Regulated    bool     `expr:"regulated"` // its team
	Rule         string   `expr:"rule"`
	State        string   `expr:"state"` // open, reopened, acknowledged …
	Feed         string   `expr:"feed"`
	Provider     string   `expr:"provider"`
	Account      string   `expr:"account"`
	Permission   string   `expr:"permission"`
	Resource     string   `expr:"resource"`
	Identity     string   `expr:"identity"`
	IdentityKind string   `expr:"identity_kind"`
	Person       string   `expr:"person"` // uid
	Owner        string   `expr:"owner"`  // uid of the accountable owner
	AgeDays      float64  `expr:"age_days"`
	Weight       float64  `expr:"weight"`   // privilege weight, read 1 … admin 10
	Coverage     float64  `expr:"coverage"` // 0 to 1; -1 when it rests on no window
	Controls     []string `expr:"controls"`
	OWASP        []string `expr:"owasp"`
}
