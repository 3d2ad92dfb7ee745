// Package rules is the rule language of Grantwatch: Go computes facts, a rule decides over them.
//
//	library/*.yaml ─┐
//	central files  ─┼─► reader ─► fences ─► compile ─► Set ─┬─► JudgeGrant, JudgeAccount …   one fact, all its rules
//	team files     ─┘   (strict)  (hostile  (one cascade    └─► Events: index ─► candidates  one event, few rules
//	                              input)     per rule)
//	                                                        Lint · RunTests · Explain · GeneratePages
//
// A rule is a cascade of cases; the first case whose condition holds gives the verdict. Conditions are expressions of
// expr-lang/expr over the plain structs of package facts, checked by fences before anything is compiled, so that a
// rule written by a stranger can neither end the process nor eat its memory.
//
// There are three layers. The library and the central team's files are the floor. A team may tighten the floor's
// parameters for itself and add rules for its own facts; it can never loosen. A fact of a team that has tightened a
// rule is judged twice, by the floor and by the tightened rule, and the stronger verdict stands: a rule fires when
// either fires, whatever the expressions say.
package rules
