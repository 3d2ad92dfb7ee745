package web

import (
	"cmp"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/report"
	"github.com/grantwatch/grantwatch/dashboards/report/words"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/store"
)

type identitiesBody struct {
	Text   string
	People []personRow
	Total  int
	None   bool // there is no roster: nobody was evaluated yet
}

// personRow is an identity in a list.
type personRow struct {
	*detect.Listed
	Open int // findings that are open about it
}

// maxPeople bounds a list of identities; a search narrows it.
const maxPeople = 100

func identities(v *visit) {
	b := identitiesBody{Text: strings.TrimSpace(v.r.URL.Query().Get("q")), None: v.roster() == nil}
	found, total := v.roster().Search(v.scope.Sees, words.Short(b.Text, 200), maxPeople)
	b.Total = total
	for _, k := range found {
		row := personRow{Listed: k}
		for _, f := range v.about(k) {
			if report.Counted(f) {
				row.Open++
			}
		}
		b.People = append(b.People, row)
	}
	p := v.page("identities", "Identities", b)
	p.Search = b.Text
	v.render(http.StatusOK, "identities", p)
}

// about gives the findings about an identity by all of its names.
func (v *visit) about(k *detect.Listed) []*access.Finding {
	var out []*access.Finding
	seen := map[string]bool{}
	add := func(name string) {
		if name == "" || seen[name] {
			return
		}
		seen[name] = true
		for _, f := range v.identity[name] {
			if !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	add(k.UID)
	for _, n := range k.Names {
		add(n.UID)
		add(n.Name)
	}
	if k.Record != nil {
		add(k.Record.UID)
		for _, f := range v.byRecord[k.Record.UID] {
			if !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b *access.Finding) int { return v.rank[a.Fingerprint] - v.rank[b.Fingerprint] })
	return out
}

type identityBody struct {
	UID       string
	Who       *detect.Listed          // nil when only findings name it
	Finding   *access.FindingIdentity // as the first finding names it
	Others    []*detect.Listed        // who goes by the same name
	Owners    []link
	Manager   *link
	Owned     []*detect.Listed
	Names     []nameRow
	Answers   []detect.CredentialAnswer
	Grants    []grantRow
	More      bool
	Privilege int
	Uses      []access.Usage
	MoreUses  bool
	Events    []store.StoredEvent
	Since     time.Time
	LastUsed  time.Time
	Lost      []string
	Coverage  []detect.FeedReport // of the feeds that its uses would be in
	Table     table
	Total     int
}

// link is somebody who is named, with an address where there is one for this reader.
type link struct{ Text, URL string }

// nameRow is one account of an identity: who issued it, and when it expires.
type nameRow struct {
	detect.ListedName
	Teams []string
}

type grantRow struct {
	access.Grant
	Judged bool
	detect.GrantVerdict
}

const (
	shownGrants = 100
	shownUses   = 40
	shownOwned  = 100
)

func identity(v *visit) {
	uid := v.r.PathValue("uid")
	b := &identityBody{UID: uid}
	if found := v.roster().Find(v.scope.Sees, uid); len(found) > 0 {
		b.Who, b.Others = found[0], found[1:]
	}
	var about []*access.Finding
	if b.Who != nil {
		about = v.about(b.Who)
	} else {
		about = v.identity[uid]
	}
	if b.Who == nil && len(about) == 0 {
		v.missing("Nobody that you may see goes by this name or uid: not in identities, grants, logs or findings of the newest evaluation.")
		return
	}
	title := ""
	if len(about) > 0 && about[0].Identity != nil {
		b.Finding = about[0].Identity
		title = report.About(about[0])
	}
	if b.Who != nil {
		title = b.Who.Name
		b.fill(v)
	}
	p := v.page("identities", words.Short(words.Visible(title), 120), nil)
	b.Total = len(about)
	b.Table = table{Page: p, Caption: "Findings about this identity", Findings: about[:min(50, len(about))], NoWho: true}
	p.Body = b
	v.render(http.StatusOK, "identity", p)
}

// fill looks up what the identity may do and did.
func (b *identityBody) fill(v *visit) {
	ro, k := v.roster(), b.Who
	at := map[string]int{}
	for _, n := range k.Names {
		key := n.Provider + "\x00" + n.Name
		i, ok := at[key]
		if !ok {
			i = len(b.Names)
			at[key] = i
			b.Names = append(b.Names, nameRow{ListedName: n})
		}
		row := &b.Names[i]
		row.UID, row.IssuedBy, row.IssuedRef = cmp.Or(row.UID, n.UID), cmp.Or(row.IssuedBy, n.IssuedBy), cmp.Or(row.IssuedRef, n.IssuedRef)
		if row.Created.IsZero() {
			row.Created = n.Created
		}
		if !slices.Contains(row.Teams, n.Team) {
			row.Teams = append(row.Teams, n.Team)
		}
	}
	if rec := k.Record; rec != nil {
		b.Owners = v.linksTo(rec.Owner)
		b.Manager = v.linkTo(rec.Manager)
		b.Owned = ro.Owned(v.scope.Sees, rec.UID)
	}
	for i := range v.Credentials {
		if a := &v.Credentials[i]; k.Record != nil && a.IdentityUID == k.Record.UID || a.IdentityUID == k.UID || slices.ContainsFunc(k.Names, func(n detect.ListedName) bool {
			return n.UID != "" && n.UID == a.IdentityUID || n.Name == a.IdentityUID
		}) {
			b.Answers = append(b.Answers, *a)
		}
	}
	life, err := v.life(v.r.Context(), k)
	if err != nil {
		slog.Warn("looking up an identity", "error", err)
		b.Lost = append(b.Lost, "The store did not answer in time: there may be access and acts that are not shown.")
	}
	if life.Partly != "" {
		b.Lost = append(b.Lost, life.Partly)
	}
	for _, g := range life.Grants {
		row := grantRow{Grant: g}
		row.GrantVerdict, row.Judged = ro.Verdict(v.scope.Sees, g.ID)
		if g.Privileged {
			b.Privilege++
		}
		b.Grants = append(b.Grants, row)
	}
	slices.SortStableFunc(b.Grants, func(x, y grantRow) int {
		return cmp.Or(verdictRank(x)-verdictRank(y), cmp.Compare(x.Permission, y.Permission), cmp.Compare(x.Resource, y.Resource))
	})
	b.More = life.MoreGrants || len(b.Grants) > shownGrants
	b.Grants = b.Grants[:min(len(b.Grants), shownGrants)]
	for _, u := range life.Uses {
		if u.Last.After(b.LastUsed) {
			b.LastUsed = u.Last
		}
	}
	b.MoreUses = life.MoreUses || len(life.Uses) > shownUses
	b.Uses = life.Uses[:min(len(life.Uses), shownUses)]
	b.Events, b.Since = life.Events, life.Since
	providers := map[string]bool{}
	for _, n := range k.Names {
		providers[n.Provider] = true
	}
	for _, f := range v.Feeds {
		if providers[f.Provider] {
			b.Coverage = append(b.Coverage, f)
		}
	}
}

// verdictRank lists what wants action first.
func verdictRank(g grantRow) int {
	if !g.Judged {
		return 100
	}
	return slices.Index(words.Verdicts(), g.GrantVerdict.Verdict)
}

// linkTo names somebody by uid, with the name and address that this reader may know.
func (v *visit) linkTo(uid string) *link {
	if uid == "" {
		return nil
	}
	if found := v.roster().Find(v.scope.Sees, uid); len(found) > 0 {
		return &link{found[0].Name, identityURL(uid)}
	}
	return &link{Text: uid}
}

// linksTo names the owners of a record, who are separated by semicolons.
func (v *visit) linksTo(uids string) []link {
	var out []link
	for uid := range strings.SplitSeq(uids, ";") {
		if l := v.linkTo(strings.TrimSpace(uid)); l != nil {
			out = append(out, *l)
		}
	}
	return out
}
