package datasource

import (
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

func TestConfirm(t *testing.T) {
	for name, c := range map[string]struct {
		said         backend.User
		login, email string
		want         *backend.User
	}{
		"both":                               {backend.User{Login: "ana", Email: "ana@corp.example"}, "ana", "ANA@corp.example", &backend.User{Login: "ana", Email: "ana@corp.example"}},
		"another login, the same address":    {backend.User{Login: "ana", Email: "ana@corp.example"}, "a.b", "ana@corp.example", &backend.User{Email: "ana@corp.example"}},
		"the same login, another address":    {backend.User{Login: "ana", Email: "ana@corp.example"}, "ana", "eve@corp.example", nil},
		"no address in Grafana":              {backend.User{Login: "ana"}, "ana", "ana@corp.example", &backend.User{Login: "ana"}},
		"no address in Grafana, not she":     {backend.User{Login: "ana"}, "eve", "eve@corp.example", nil},
		"no address in the token":            {backend.User{Login: "ana", Email: "ana@corp.example"}, "ana", "", &backend.User{Login: "ana"}},
		"only addresses":                     {backend.User{Email: "ana@corp.example"}, "", "ana@corp.example", &backend.User{Email: "ana@corp.example"}},
		"a token that names nobody":          {backend.User{Login: "ana"}, "", "", nil},
		"a user without a name":              {backend.User{}, "ana", "ana@corp.example", nil},
		"nobody, twice":                      {backend.User{}, "", "", nil},
		"a letter of another alphabet":       {backend.User{Login: "kim"}, "\u212aim", "", nil},
		"the role is Grafana's":              {backend.User{Login: "ana", Role: "Viewer"}, "ana", "", &backend.User{Login: "ana", Role: "Viewer"}},
		"an address where a login should be": {backend.User{Login: "ana@corp.example"}, "ana", "ana@corp.example", nil},
	} {
		got, err := confirm(&c.said, c.login, c.email)
		if (err != nil) != (c.want == nil) || c.want != nil && *got != *c.want {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}
