package access

import (
	"testing"

	"pgregory.net/rapid"
)

func TestParseARN(t *testing.T) {
	a, ok := ParseARN("arn:aws:s3:::bucket/a:b/c")
	if !ok || a.Service != "s3" || a.Resource != "bucket/a:b/c" || a.Account != "" {
		t.Errorf("got %+v, %v", a, ok)
	}
	for _, bad := range []string{"", "arn", "arn:aws", "arn:aws:iam::1", "arn::iam::1:x", "arn:aws:iam::111122223333:", "system:serviceaccount:ns:name", "urn:a:b:c:d:e"} {
		if _, ok := ParseARN(bad); ok {
			t.Errorf("%q is taken for an ARN", bad)
		}
	}
}

func TestCanonicalPrincipal(t *testing.T) {
	tests := []struct{ in, want string }{
		{"arn:aws:iam::111122223333:user/ana", "arn:aws:iam::111122223333:user/ana"},
		{"arn:aws:iam::111122223333:user/division/payments/ana", "arn:aws:iam::111122223333:user/ana"},
		{"arn:aws:iam::111122223333:role/aws-service-role/ops.amazonaws.com/AWSServiceRoleForOps", "arn:aws:iam::111122223333:role/AWSServiceRoleForOps"},
		{"arn:aws:iam::111122223333:group/x/admins", "arn:aws:iam::111122223333:group/admins"},
		{"arn:aws:sts::111122223333:assumed-role/Deployer/session-1", "arn:aws:iam::111122223333:role/Deployer"},
		{"arn:aws-cn:sts::111122223333:assumed-role/Deployer/a/b", "arn:aws-cn:iam::111122223333:role/Deployer"},
		{"arn:aws:sts::111122223333:federated-user/ana", "arn:aws:sts::111122223333:federated-user/ana"},
		{"arn:aws:iam::111122223333:policy/x/RW", "arn:aws:iam::111122223333:policy/x/RW"},
		{"arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:root"},
		{"arn:aws:iam::111122223333:role/path/", "arn:aws:iam::111122223333:role/path/"},
		{"arn:aws:sts::111122223333:assumed-role/", "arn:aws:sts::111122223333:assumed-role/"},
		{"system:serviceaccount:ns:name", "system:serviceaccount:ns:name"},
		{"ana@corp.example", "ana@corp.example"},
		{"", ""},
	}
	for _, tt := range tests {
		if got := CanonicalPrincipal(tt.in); got != tt.want {
			t.Errorf("CanonicalPrincipal(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestCanonicalPrincipalIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`arn:aws:(iam|sts)::[0-9]{0,12}:(user|role|group|assumed-role|root)?(/[a-z]{0,3}){0,4}`).Draw(t, "arn")
		once := CanonicalPrincipal(s)
		if twice := CanonicalPrincipal(once); twice != once {
			t.Fatalf("%q → %q → %q", s, once, twice)
		}
	})
}

func TestAccountRoot(t *testing.T) {
	for in, want := range map[string]string{
		"111122223333":                     "111122223333",
		"arn:aws:iam::111122223333:root":   "111122223333",
		"arn:aws:iam::111122223333:user/x": "",
		"arn:aws:iam::1111:root":           "",
		"11112222333x":                     "",
		"":                                 "",
	} {
		if got, ok := AccountRoot(in); got != want || ok != (want != "") {
			t.Errorf("AccountRoot(%q) = %q, %v", in, got, ok)
		}
	}
}
