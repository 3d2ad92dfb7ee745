package facts

// Governance is what is known of one team when its governance model is recommended. Figures over time are counted in full
// weeks before the moment of judgement. Less evidence makes coverage, visibility and the weeks smaller and the weights and
// worst cases larger, so that a rule which asks for evidence fails without it.
type Governance struct {
	Team      string  `expr:"team"`
	Regulated bool    `expr:"regulated"`
	Coverage  float64 `expr:"coverage"` // mean covered share of the grants' windows, 0 to 1
	Grants    int     `expr:"grants"`   // judged

	Credentials      int     `expr:"credentials"`       // of non-human identities
	Visibility       float64 `expr:"visibility"`        // share with issuer, reach and expiry known; 1 without credentials
	UnansweredWeight float64 `expr:"unanswered_weight"` // privilege weight that the others can reach; an unknown reach counts as an administrator's

	Leavers            int     `expr:"leavers"`              // people who left in 90 days and had access
	LeaversOpen        int     `expr:"leavers_open"`         // of these, with access left
	RevocationP95Hours float64 `expr:"revocation_p95_hours"` // at least so long; -1 when nobody left
	IdentityFeedStale  bool    `expr:"identity_feed_stale"`  // nobody can tell who has left

	Open         int     `expr:"open"`
	Unverifiable int     `expr:"unverifiable"`
	DriftIndex   float64 `expr:"drift_index"`
	DriftWorst   float64 `expr:"drift_worst"`  // the index if every UNVERIFIABLE verdict were an old finding
	RisingWeeks  int     `expr:"rising_weeks"` // weeks in a row in which open and unverifiable together rose
	GreenWeeks   int     `expr:"green_weeks"`  // weeks in a row in which everything was green
	FeedsSilent  int     `expr:"feeds_silent"`

	ChangesPerWeek float64 `expr:"changes_per_week"` // grants given and taken, mean of four weeks
}
