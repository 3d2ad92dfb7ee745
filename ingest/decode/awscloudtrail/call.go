package awscloudtrail

import (
	"strings"

	"github.com/grantwatch/grantwatch/access"
)

// call is everything that follows from a record's event source and name.
type call struct {
	prefix     string // service prefix of IAM: s3
	name       string // event name without the API's date: GetFunction for GetFunction20150331v2
	action     string
	permission string
	class      string // OCSF class
	logClass   string // where the catalogue says that it is logged; for records too old to say so themselves
	level      access.Level
	change     *changeSpec
	signIn     bool // an event of the sign-in endpoint, whose response says how it ended
}

func (d *decoder) call(source, name []byte) *call {
	d.key = append(append(append(d.key[:0], source...), 0), name...)
	if c, ok := d.calls[string(d.key)]; ok {
		return c
	}
	if len(d.calls) >= callLimit {
		clear(d.calls)
	}
	c := d.makeCall(string(source), string(name))
	d.calls[string(d.key)] = c
	return c
}

func (d *decoder) makeCall(source, name string) *call {
	c := &call{prefix: servicePrefix(source), name: trimDate(name)}
	c.signIn = c.prefix == "signin"
	if actions := d.cat.ForEvent(source, name); len(actions) > 0 {
		if c.permission = actions[0]; c.permission == "sts:GetCallerIdentity" {
			c.permission = "" // everybody may ask who they are, even where a policy denies it
		}
		if prefix, _, ok := strings.Cut(actions[0], ":"); ok {
			c.prefix = prefix
		}
	}
	if source == "" {
		c.action = name
	} else {
		c.action = c.prefix + ":" + name
	}
	c.level = levelOf(c)
	if a, ok := d.cat.Lookup(c.permission); ok {
		c.logClass = a.Class
		if c.level != access.LevelAuth {
			c.level = a.Access
		}
	}
	if c.logClass == "" {
		c.logClass = "management-write"
		if c.level == access.LevelRead || c.level == access.LevelList {
			c.logClass = "management-read"
		}
	}
	c.change = changes[c.prefix+":"+c.name]
	c.class = classOf(c)
	return c
}

// servicePrefix is the name of the service inside an event source.
func servicePrefix(source string) string {
	source = strings.TrimSuffix(source, ".cn")
	return strings.TrimSuffix(source, ".amazonaws.com")
}

// trimDate takes the API's version off an event name: AddPermission20150331v2 is AddPermission. CloudFront writes it
// with underscores: CreateDistribution2020_05_31.
func trimDate(name string) string {
	i := len(name)
	if j := strings.LastIndexByte(name, 'v'); j > 8 && j == i-2 && name[i-1] >= '0' && name[i-1] <= '9' {
		i = j
	}
	j := i
	for j > 0 && (name[j-1] >= '0' && name[j-1] <= '9' || name[j-1] == '_') {
		j--
	}
	digits := strings.ReplaceAll(name[j:i], "_", "")
	if len(digits) == 8 && (strings.HasPrefix(digits, "19") || strings.HasPrefix(digits, "20")) {
		return name[:j]
	}
	return name
}

// levelOf reads the weight of a call off its name, for calls that the catalogue does not know and for those that are
// about authentication, which the catalogue files under write.
func levelOf(c *call) access.Level {
	if c.signIn || c.prefix == "sso" && (c.name == "Authenticate" || c.name == "Federate") {
		return access.LevelAuth
	}
	if c.prefix == "sts" && c.name != "GetCallerIdentity" && c.name != "GetAccessKeyInfo" {
		return access.LevelAuth
	}
	for _, p := range []string{"Get", "Describe", "Head", "BatchGet", "Lookup", "Search", "Query", "Scan", "Select", "View", "Download", "Validate", "Check", "Test"} {
		if strings.HasPrefix(c.name, p) {
			return access.LevelRead
		}
	}
	if strings.HasPrefix(c.name, "List") {
		return access.LevelList
	}
	return access.LevelWrite
}

// classOf is the OCSF class of a call: what it does to accounts, groups and sessions has classes of its own.
func classOf(c *call) string {
	if c.level == access.LevelAuth && c.change == nil || c.prefix == "sts" && c.change != nil {
		return "Authentication"
	}
	if c.change != nil && c.change.class != "" {
		return c.change.class
	}
	switch c.prefix {
	case "s3", "dynamodb", "rds-data":
		if strings.HasPrefix(c.logClass, "data:") {
			return "Datastore Activity"
		}
	}
	return "API Activity"
}

// logClass is the class of feed that carries the record. The record's own fields say; the catalogue answers for records
// older than these fields.
func (d *decoder) logClass(ev *access.Event, c *call) {
	category := d.text(eventCategory)
	management, known := d.truth(managementEvent)
	switch {
	case string(category) == "Insight":
		ev.LogClass = "insight"
		return
	case string(category) == "NetworkActivity":
		ev.LogClass = "network"
		return
	case string(category) == "Data", known && !management:
		if strings.HasPrefix(c.logClass, "data:") {
			ev.LogClass = c.logClass
		} else {
			ev.LogClass = d.str.Intern(append(append(d.key[:0], "data:"...), c.prefix...))
		}
		return
	}
	readOnly, said := d.truth(readOnly)
	switch {
	case said && readOnly:
		ev.LogClass = "management-read"
	case said:
		ev.LogClass = "management-write"
	case (known || len(category) > 0) && strings.HasPrefix(c.logClass, "data:"):
		// The record says that it is a management event and the catalogue does not believe it; the record wins.
		ev.LogClass = "management-write"
		if c.level == access.LevelRead || c.level == access.LevelList {
			ev.LogClass = "management-read"
		}
	default:
		ev.LogClass = c.logClass
	}
}
