package queries

// Shape is what the rows of a query are, so that whoever draws them need not guess.
type Shape string

// The closed set of shapes.
const (
	Table       Shape = "table"           // rows of anything
	NumericLong Shape = "numeric-long"    // labels and numbers, one row each
	SeriesWide  Shape = "timeseries-wide" // a time and numbers
	SeriesLong  Shape = "timeseries-long" // a time, labels and numbers
	LogLines    Shape = "log-lines"       // timestamp, body, severity, id, labels
	Annotations Shape = "annotations"     // time, perhaps timeEnd, title, text, tags; more columns may follow
)

// Type is the type of a column.
type Type string

// The closed set of column types.
const (
	Text   Type = "text"
	Count  Type = "count"  // a whole number, always known
	Number Type = "number" // may be unknown
	Time   Type = "time"   // may be unknown, except the time of series, logs and annotations
)

// Column is one column of an answer.
type Column struct {
	Name        string `json:"name"`
	Type        Type   `json:"type"`
	Unit        string `json:"unit,omitempty"` // a unit's id in Grafana: percentunit, s, h, bytes …
	Description string `json:"description"`
}

// Kind is the kind of a parameter.
type Kind string

// The closed set of kinds of parameters.
const (
	KindTeam        Kind = "team"
	KindProvider    Kind = "provider"
	KindKind        Kind = "kind" // of findings
	KindSeverity    Kind = "severity"
	KindIdentity    Kind = "identity"
	KindFeed        Kind = "feed"
	KindFigure      Kind = "figure"
	KindFingerprint Kind = "fingerprint"
	KindRule        Kind = "rule"
	KindChoice      Kind = "choice" // one of Choices
	KindText        Kind = "text"
	KindInt         Kind = "int"
)

// Param is one parameter of a query beside the time range, which every query has.
type Param struct {
	Name        string   `json:"name"`
	Kind        Kind     `json:"kind"`
	Multi       bool     `json:"multi"`             // several values; none, or All, means that it does not narrow
	Needed      bool     `json:"needed"`            // without a value there are no rows, and a notice that says so
	Default     []string `json:"default,omitempty"` // what holds when nothing is given; All is given, not nothing
	Choices     []string `json:"choices,omitempty"`
	Min         int64    `json:"min,omitempty"` // of an int
	Max         int64    `json:"max,omitempty"`
	Description string   `json:"description"`
}

// Query is one question.
type Query struct {
	Name        string   `json:"name"`
	Title       string   `json:"title"`
	Description string   `json:"description"` // what it counts, and where that is defined
	Unit        string   `json:"unit,omitempty"`
	Shape       Shape    `json:"shape"`
	Params      []Param  `json:"params"`
	Columns     []Column `json:"columns"`
	Limit       int      `json:"limit"`              // rows at most
	Variable    string   `json:"variable,omitempty"` // the column whose values it offers as values of a template variable
	TimeRange   string   `json:"time_range"`         // what the range means to it
	Wide        bool     `json:"wide,omitempty"`     // only for those who may see every team
	threads     int      // that read for it, 1 when zero: more where many blocks are unpacked, so that it does not wait for its own turn
	newest      bool     // reads events from the end of the range backwards, until there are enough
}

// Find returns the query of a name.
func Find(name string) (*Query, bool) {
	for i := range list {
		if list[i].Name == name {
			return &list[i], true
		}
	}
	return nil, false
}

// All returns every query in the order of the list.
func All() []Query { return append([]Query(nil), list...) }

// Param returns the parameter of a name.
func (q *Query) Param(name string) (*Param, bool) {
	for i := range q.Params {
		if q.Params[i].Name == name {
			return &q.Params[i], true
		}
	}
	return nil, false
}
