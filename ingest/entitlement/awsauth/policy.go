package awsauth

import (
	"errors"
	"net/url"
	"strings"

	"github.com/valyala/fastjson"

	"github.com/grantwatch/grantwatch/ingest/entitlement/reader"
)

func (d *document) inline(v *fastjson.Value, key string) ([]inlinePolicy, error) {
	items, err := list(v, key)
	if err != nil {
		return nil, err
	}
	out := make([]inlinePolicy, 0, len(items))
	for i, item := range items {
		p := inlinePolicy{}
		if p.name, err = text(item, "PolicyName", true); err == nil {
			doc := item.Get("PolicyDocument")
			if doc == nil {
				err = reader.Wrong("PolicyDocument is missing")
			} else if p.statements, err = d.statements(doc, false); err != nil {
				err = reader.Under(err, "PolicyDocument")
			}
		}
		if err != nil {
			return nil, reader.Under(reader.Under(err, itoa(i)), key)
		}
		out = append(out, p)
	}
	return out, nil
}

func (d *document) policy(v *fastjson.Value) (*managedPolicy, error) {
	p := &managedPolicy{}
	var err error
	if p.arn, err = text(v, "Arn", true); err != nil {
		return nil, err
	}
	if p.name, err = text(v, "PolicyName", false); err != nil {
		return nil, err
	}
	byID, _ := text(v, "DefaultVersionId", false)
	versions, err := list(v, "PolicyVersionList")
	if err != nil {
		return nil, err
	}
	for i, ver := range versions {
		if !ver.GetBool("IsDefaultVersion") && (byID == "" || string(ver.GetStringBytes("VersionId")) != byID) {
			continue
		}
		doc := ver.Get("Document")
		if doc == nil {
			continue
		}
		if p.created, err = when(ver, "CreateDate"); err == nil {
			if p.statements, err = d.statements(doc, false); err != nil {
				err = reader.Under(err, "Document")
			}
		}
		if err != nil {
			return nil, reader.Under(reader.Under(err, itoa(i)), "PolicyVersionList")
		}
		p.found = true
		break
	}
	return p, nil
}

// statements reads a policy document: an object, or a string that holds one, URL-encoded as the API sends it or plain.
func (d *document) statements(v *fastjson.Value, trust bool) ([]statement, error) {
	if v.Type() == fastjson.TypeString {
		raw := string(v.GetStringBytes())
		if trimmed := strings.TrimSpace(raw); !strings.HasPrefix(trimmed, "{") {
			decoded, err := url.PathUnescape(raw)
			if err != nil {
				return nil, reader.Wrong("the policy document cannot be URL-decoded: %v", err)
			}
			raw = decoded
		}
		p := d.policyText.Get()
		defer d.policyText.Put(p)
		inner, err := p.Parse(raw)
		if err != nil {
			return nil, reader.Wrong("the policy document is no JSON: %v", shorten(err))
		}
		v = inner
	}
	if v.Type() != fastjson.TypeObject {
		return nil, reader.Wrong("a policy document must be an object, this is %s", v.Type())
	}
	st := v.Get("Statement")
	switch {
	case st == nil:
		return nil, reader.Wrong("the policy document has no Statement")
	case st.Type() == fastjson.TypeObject:
		s, err := d.statement(st, 0, trust)
		if err != nil {
			return nil, reader.Under(err, "Statement")
		}
		return []statement{s}, nil
	case st.Type() != fastjson.TypeArray:
		return nil, reader.Under(reader.Wrong("must be an object or a list"), "Statement")
	}
	items := st.GetArray()
	out := make([]statement, 0, len(items))
	for i, item := range items {
		s, err := d.statement(item, i, trust)
		if err != nil {
			return nil, reader.Under(reader.Under(err, itoa(i)), "Statement")
		}
		out = append(out, s)
	}
	return out, nil
}

func shorten(err error) error {
	if s := err.Error(); len(s) > 200 {
		return errors.New(s[:200] + "…")
	}
	return err
}
