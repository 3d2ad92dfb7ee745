// Package entitlement reads who may do what: one folder per format, each turning a file into snapshots of grants. The list of
// formats below is the whole list; nothing registers itself.
package entitlement

import (
	"io"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/entitlement/awsauth"
	"github.com/grantwatch/grantwatch/ingest/entitlement/csvgrants"
	"github.com/grantwatch/grantwatch/ingest/entitlement/k8srbac"
	"github.com/grantwatch/grantwatch/ingest/entitlement/reader"
)

// Options says where a file comes from.
type Options = reader.Options

// SyntaxError says what is wrong with a file, and where.
type SyntaxError = reader.SyntaxError

// ErrTruncated is the error of a snapshot that ends before its end; such a snapshot is refused.
var ErrTruncated = reader.ErrTruncated

// Format is one way in which a provider writes down who may do what.
type Format struct {
	Name     string // as in grantwatch.yaml
	Provider string // provider of its grants; empty when the file or the configuration says
	Docs     string // what the file is and how it is made
	Read     func(r io.Reader, opt Options) ([]access.Snapshot, error)
}

var formats = []Format{
	{"aws_authorization_details", "aws", "aws iam get-account-authorization-details: one document, or all its pages", awsauth.Read},
	{"k8s_rbac", "k8s", "kubectl get roles,rolebindings,clusterroles,clusterrolebindings,serviceaccounts -A -o json", k8srbac.Read},
	{"csv", "", "grants csv: id,provider,account,subject,subject_kind,permission,resource,granted_at,granted_by,approved_by,expires_at,privileged,via", csvgrants.Read},
}

// Lookup finds a format by its name.
func Lookup(name string) (Format, bool) {
	for _, f := range formats {
		if f.Name == name {
			return f, true
		}
	}
	return Format{}, false
}

// All lists every format, in the order of the documentation.
func All() []Format { return append([]Format(nil), formats...) }
