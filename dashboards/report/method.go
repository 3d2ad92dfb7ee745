package report

// method says in short what each figure is; docs/verdicts.md says it in full.
var method = [][2]string{
	{"Visibility", "Share of the credentials of non-human identities of which issuer, reach and expiry are all known today. An identity of which no credential is known counts as one. An answer is known by a record, an event or a snapshot; it is stale when that is older than it may be."},
	{"Drift index", "100 times weight and age of open findings over the weight of all active grants, at most 100. Below 34 is green, from 67 on red. Verdicts that could not be given and exceptions add nothing."},
	{"Real change", "What dated evidence of the week shows: access given, an act, an end, a use or a revocation within the week, and one more week of age on what stayed open."},
	{"Newly visible", "What was so before the week and only now can be said, because a log, a snapshot or enough time came; or what went because evidence went. Better logs move this part only."},
	{"Revocation", "From the end of employment to the last of: account disabled, credentials gone, grants gone. Whoever still has access counts as not finished yet (Kaplan-Meier), so leaving access open never makes the figure look better; ≥ marks a bound that so far nobody has reached. Where only snapshots tell, the first one that told is the date."},
	{"Recommended model", "The first rule that holds, once it has held for four weeks. Without enough evidence nothing is recommended. The rules are the board's own and can be changed."},
	{"Coverage", "Share of the time in which the feeds would have recorded a use. No figure here is better than it."},
}
