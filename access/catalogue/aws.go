package catalogue

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"sort"
	"strings"
	"sync"

	"github.com/grantwatch/grantwatch/access"
)

//go:embed actions.txt.gz
var awsActions []byte

// AWS is the catalogue of IAM actions, decoded at first use.
func AWS() *Catalogue { return aws() }

var aws = sync.OnceValue(load)

func load() *Catalogue {
	z, err := gzip.NewReader(bytes.NewReader(awsActions))
	if err != nil {
		panic("catalogue: embedded list of actions: " + err.Error())
	}
	text, err := io.ReadAll(z)
	if err != nil {
		panic("catalogue: embedded list of actions: " + err.Error())
	}
	c := decode(string(text))
	c.events = parseEvents(eventsTSV)
	return c
}

// decode reads the form that gen writes: "@prefix" opens a service, "Name<TAB>codes" is one of its actions.
// It panics on anything else, because only a broken build can hold it.
func decode(text string) *Catalogue {
	c := &Catalogue{
		actions: make([]Action, 0, strings.Count(text, "\t")),
		ranges:  make(map[string][2]int, 512),
		cache:   make(map[string][]Action, 256),
	}
	// One string holds every name: slices of it cost no allocation each.
	var names strings.Builder
	names.Grow(2 * len(text))
	prefix, data := "", ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '@' {
			prefix, data = line[1:], "data:"+line[1:]
			continue
		}
		name, codes, ok := strings.Cut(line, "\t")
		if !ok || len(codes) < 2 || prefix == "" {
			panic("catalogue: embedded list of actions: cannot read " + line)
		}
		from := names.Len()
		names.WriteString(prefix)
		names.WriteByte(':')
		names.WriteString(name)
		a := newAction(codes, data)
		a.Name = names.String()[from:]
		c.actions = append(c.actions, a)
	}
	if !sort.SliceIsSorted(c.actions, func(i, j int) bool { return compareFold(c.actions[i].Name, c.actions[j].Name) < 0 }) {
		sort.Slice(c.actions, func(i, j int) bool { return compareFold(c.actions[i].Name, c.actions[j].Name) < 0 })
	}
	c.names = make([]string, len(c.actions))
	for i := range c.actions {
		c.names[i] = c.actions[i].Name
		p, _, _ := strings.Cut(c.actions[i].Name, ":")
		r, ok := c.ranges[p]
		if !ok {
			r[0] = i
		}
		r[1] = i + 1
		c.ranges[p] = r
	}
	return c
}

func newAction(codes, data string) Action {
	var a Action
	switch codes[0] {
	case 'r':
		a.Access, a.Weight = access.LevelRead, WeightRead
	case 'l':
		a.Access, a.Weight = access.LevelList, WeightRead
	case 't':
		a.Access, a.Weight = access.LevelWrite, WeightTagging
	case 'w':
		a.Access, a.Weight = access.LevelWrite, WeightWrite
	case 'p':
		a.Access, a.Weight = access.LevelAdmin, WeightAdmin
	default:
		panic("catalogue: embedded list of actions: level " + codes)
	}
	a.Class = "management-write"
	if a.Access == access.LevelRead || a.Access == access.LevelList || strings.IndexByte(codes, 'R') > 0 {
		a.Class = "management-read"
	}
	if strings.IndexByte(codes, 'A') > 0 {
		a.Weight = WeightAdmin
	}
	switch codes[1] {
	case 'D':
	case 'O':
		a.Logged, a.Class = LoggedOptIn, data
	case 'N':
		a.Logged = LoggedNever
	case 'U':
		a.Logged = LoggedUnknown
	default:
		panic("catalogue: embedded list of actions: logging " + codes)
	}
	return a
}
