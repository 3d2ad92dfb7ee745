package app

import (
	"context"
	"encoding/json"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/store"
)

const oneWeek = 7 * 24 * time.Hour

// keepRevocations brings the earliest moment on record into the revocations of an evaluation and writes them down.
func (a *App) keepRevocations(ctx context.Context, res *detect.Result) error {
	rows, err := a.Store.Revocations(ctx, res.Now.Add(-100*24*time.Hour))
	if err != nil {
		return err
	}
	known := make([]detect.Revocation, 0, len(rows))
	for _, r := range rows {
		known = append(known, detect.Revocation{Team: r.Team, Person: r.Person, Ended: r.Ended, Revoked: r.Revoked, Open: r.Open, Evidence: r.Evidence})
	}
	res.Revocations = detect.KeepEarliest(known, res.Revocations)
	rows = rows[:0]
	for _, r := range res.Revocations {
		rows = append(rows, store.Revocation{Team: r.Team, Person: r.Person, Ended: r.Ended, Revoked: r.Revoked, Open: r.Open, Evidence: r.Evidence})
	}
	return a.Store.SaveRevocations(ctx, res.Now, rows)
}

// figures completes a view with what needs the past (the week's change of the drift index, the recommendations), and
// saves every figure of it. known are all findings ever seen with their present state.
func (a *App) figures(ctx context.Context, in *detect.Input, res *detect.Result, v *ledger.View, known []access.Finding) error {
	if err := a.splitDrift(ctx, res, v, known); err != nil {
		return err
	}
	if err := a.recommend(ctx, in, v); err != nil {
		return err
	}
	figures := v.Figures()
	rows := make([]store.Figure, 0, len(figures))
	for _, f := range figures {
		rows = append(rows, store.Figure(f))
	}
	if err := a.Store.SaveFigures(ctx, v.AsOf, rows); err != nil {
		return err
	}
	return a.saveAnswers(ctx, res)
}

func (a *App) splitDrift(ctx context.Context, res *detect.Result, v *ledger.View, known []access.Finding) error {
	steps, err := a.Store.HistoryAt(ctx, v.AsOf.Add(-oneWeek))
	if err != nil {
		return err
	}
	then := make(map[string]ledger.Standing, len(steps))
	for _, s := range steps {
		then[s.Fingerprint] = ledger.Standing{State: s.State, Verdict: s.Verdict}
	}
	v.SplitDrift(then, known, res.Findings)
	return nil
}

func (a *App) recommend(ctx context.Context, in *detect.Input, v *ledger.View) error {
	if a.governance == nil {
		return nil
	}
	var bounds []time.Time
	for at := v.AsOf.Add(-ledger.GovernanceSight); !at.After(v.AsOf); at = at.Add(oneWeek) {
		bounds = append(bounds, at)
	}
	rows, err := a.Store.FigureStretches(ctx, bounds)
	if err != nil {
		return err
	}
	weeks := make([]ledger.Figure, 0, len(rows))
	for _, r := range rows {
		weeks = append(weeks, ledger.Figure(r))
	}
	past, err := a.governancePast(ctx, v.AsOf)
	if err != nil {
		return err
	}
	v.Recommend(a.governance, weeks, past, ledger.StalePeople(in.People, v.AsOf))
	out := make([]store.Governance, 0, len(v.Governance))
	for _, r := range v.Governance {
		out = append(out, store.Governance{Team: r.Team, Layer: r.Layer, At: r.At, Recommendation: r.Model, Candidate: r.Candidate, Rule: r.Rule, Why: r.Why, Counterfactual: r.Counterfactual, Since: r.Since})
	}
	return a.Store.SaveGovernance(ctx, out)
}

// governancePast is the last word of each day before a moment.
func (a *App) governancePast(ctx context.Context, before time.Time) ([]ledger.Recommendation, error) {
	rows, err := a.Store.GovernanceDaily(ctx, before.Add(-ledger.GovernanceSight), before)
	if err != nil {
		return nil, err
	}
	out := make([]ledger.Recommendation, 0, len(rows))
	for _, r := range rows {
		out = append(out, ledger.Recommendation{Team: r.Team, Layer: r.Layer, At: r.At, Model: r.Recommendation, Candidate: r.Candidate, Rule: r.Rule, Why: r.Why, Counterfactual: r.Counterfactual, Since: r.Since})
	}
	return out, nil
}

func (a *App) saveAnswers(ctx context.Context, res *detect.Result) error {
	days := make([]store.FeedDay, 0, len(res.FeedDays))
	for _, d := range res.FeedDays {
		gaps, err := json.Marshal(d.Gaps)
		if err != nil {
			return err
		}
		days = append(days, store.FeedDay{Team: d.Team, Feed: d.Feed, Day: d.Day, Covered: d.Covered, Grade: d.Grade, Gaps: string(gaps), Blinds: d.Blinds})
	}
	if _, err := a.Store.SaveFeedDays(ctx, days); err != nil {
		return err
	}
	rows := make([]store.CredentialAnswer, 0, len(res.Answers))
	answered := func(a detect.Answer) store.Answered { return store.Answered(a) }
	for i := range res.Answers {
		c := &res.Answers[i]
		rows = append(rows, store.CredentialAnswer{Team: c.Team, IdentityUID: c.IdentityUID, Credential: c.Credential, IdentityName: c.IdentityName, IdentityKind: string(c.IdentityKind), Owner: c.Owner,
			Provider: c.Provider, Kind: c.Kind, Issuer: answered(c.Issuer), Reach: answered(c.Reach), Expiry: answered(c.Expiry), Grants: c.Grants, Weight: c.Weight, Expires: c.Expires, At: res.Now})
	}
	return a.Store.SaveCredentialAnswers(ctx, rows)
}
