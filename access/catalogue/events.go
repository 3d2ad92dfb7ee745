package catalogue

import (
	_ "embed"
	"regexp"
	"strings"
)

//go:embed events.tsv
var eventsTSV string

// eventMap is events.tsv, ready for look-up.
type eventMap struct {
	sources map[string][]string // event source without the domain → IAM prefixes to try
	events  map[string][]string // prefix:EventName → actions exercised
}

func parseEvents(text string) eventMap {
	m := eventMap{sources: map[string][]string{}, events: map[string][]string{}}
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		switch {
		case strings.HasPrefix(line, "#"):
		case f[0] == "source" && len(f) == 3:
			m.sources[f[1]] = strings.Split(f[2], ",")
		case f[0] == "event" && len(f) == 4:
			actions := strings.Split(f[3], ",")
			for i, a := range actions {
				actions[i] = f[1] + ":" + a
			}
			m.events[f[1]+":"+f[2]] = actions
		default:
			panic("catalogue: embedded list of events: cannot read " + line)
		}
	}
	return m
}

// EventTargets lists the actions that only events of another name exercise; the generator counts them as recorded.
func EventTargets() []string {
	var out []string
	for _, actions := range parseEvents(eventsTSV).events {
		out = append(out, actions...)
	}
	return out
}

// apiDate is the API version that some services append to the event's name: GetFunction20150331v2, CreateDistribution2020_05_31.
var apiDate = regexp.MustCompile(`(?:20\d{6}(?:v\d+)?|20\d{2}_\d{2}_\d{2})$`)

// ForEvent lists the IAM actions that a CloudTrail event exercises, the one that names it first. An event whose action the
// catalogue does not know (a console sign-in, an event by the service itself) gives nothing. The result is shared: do not change it.
func (c *Catalogue) ForEvent(eventSource, eventName string) []string {
	source := strings.TrimSuffix(eventSource, ".amazonaws.com")
	prefixes := c.events.sources[source]
	if prefixes == nil {
		if got := c.forPrefix(source, eventName); got != nil {
			return got
		}
		// A regional or versioned event source ("api.sagemaker") ends in the service's own name.
		i := strings.LastIndexByte(source, '.')
		if i < 0 {
			return nil
		}
		return c.forPrefix(source[i+1:], eventName)
	}
	for _, p := range prefixes {
		if got := c.forPrefix(p, eventName); got != nil {
			return got
		}
	}
	return nil
}

func (c *Catalogue) forPrefix(prefix, name string) []string {
	if _, ok := c.ranges[prefix]; !ok {
		return nil
	}
	if got := c.forName(prefix, name); got != nil {
		return got
	}
	if at := apiDate.FindStringIndex(name); len(at) > 0 && at[0] > 0 {
		if got := c.forName(prefix, name[:at[0]]); got != nil {
			return got
		}
		name = name[:at[0]]
	}
	if prefix == "apigateway" {
		return apiGateway(name)
	}
	return nil
}

func (c *Catalogue) forName(prefix, name string) []string {
	key := prefix + ":" + name
	if got := c.events.events[key]; got != nil {
		return got
	}
	// One action is a slice of the shared list of names, so that the common case allocates only its key.
	if i, ok := c.index(key); ok {
		return c.names[i : i+1 : i+1]
	}
	return nil
}

// apiGateway gives the HTTP verb by which API Gateway names most of its actions, from the operation's first word.
func apiGateway(name string) []string {
	for _, v := range apiGatewayVerbs {
		if strings.HasPrefix(name, v.word) {
			return v.actions
		}
	}
	return nil
}

var apiGatewayVerbs = []struct {
	word    string
	actions []string
}{
	{"Get", []string{"apigateway:GET"}},
	{"Export", []string{"apigateway:GET"}},
	{"Update", []string{"apigateway:PATCH"}},
	{"Create", []string{"apigateway:POST"}},
	{"Generate", []string{"apigateway:POST"}},
	{"TestInvoke", []string{"apigateway:POST"}},
	{"ImportDocumentationParts", []string{"apigateway:PUT"}},
	{"ImportApi", []string{"apigateway:PUT", "apigateway:POST"}},
	{"Import", []string{"apigateway:POST"}},
	{"Put", []string{"apigateway:PUT"}},
	{"Reimport", []string{"apigateway:PUT"}},
	{"TagResource", []string{"apigateway:PUT", "apigateway:POST"}},
	{"UntagResource", []string{"apigateway:DELETE"}},
	{"Delete", []string{"apigateway:DELETE"}},
	{"Flush", []string{"apigateway:DELETE"}},
	{"Reset", []string{"apigateway:DELETE"}},
}
