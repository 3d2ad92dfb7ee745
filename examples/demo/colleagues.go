package demo

// Colleague is somebody who can act on findings, for a messenger of the demonstration.
type Colleague struct{ Name, Login, Email, Title, Team string }

// Colleagues are the leads of the teams and two of their engineers each: who owns what the findings are about.
func (o *Org) Colleagues() []Colleague {
	var out []Colleague
	for _, t := range o.teams {
		for _, p := range append([]*person{t.lead}, t.engineers[:2]...) {
			out = append(out, Colleague{p.name, p.login, p.email, p.title + ", " + t.name, t.name})
		}
	}
	return out
}
