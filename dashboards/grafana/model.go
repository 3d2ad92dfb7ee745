package grafana

// What Grafana reads, as far as it is used here. Fields are in the order in which they are written.

const (
	// SchemaVersion is that of Grafana 11.6, the oldest that is served. Later versions bring it up to theirs.
	SchemaVersion = 41
	// PluginID is the data source's type.
	PluginID = "grantwatch-datasource"
	// DataSourceUID is the uid under which the data source is provisioned. Alert rules name it; dashboards have a variable.
	DataSourceUID = "grantwatch"
)

// Dashboard is one dashboard.
type Dashboard struct {
	UID           string     `json:"uid"`
	Title         string     `json:"title"`
	Description   string     `json:"description"`
	Tags          []string   `json:"tags"`
	SchemaVersion int        `json:"schemaVersion"`
	Version       int        `json:"version"`
	Editable      bool       `json:"editable"`
	GraphTooltip  int        `json:"graphTooltip"`
	Timezone      string     `json:"timezone"`
	Refresh       string     `json:"refresh"`
	Time          TimeRange  `json:"time"`
	Timepicker    struct{}   `json:"timepicker"`
	Links         []Link     `json:"links"`
	Templating    Templating `json:"templating"`
	Annotations   Marks      `json:"annotations"`
	Panels        []Panel    `json:"panels"`
}

// TimeRange is what a dashboard shows at first.
type TimeRange struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Link leads to another dashboard or to a page.
type Link struct {
	Title       string   `json:"title"`
	Type        string   `json:"type,omitempty"`
	Icon        string   `json:"icon,omitempty"`
	Tooltip     string   `json:"tooltip,omitempty"`
	URL         string   `json:"url"`
	Tags        []string `json:"tags,omitempty"`
	AsDropdown  bool     `json:"asDropdown,omitempty"`
	IncludeVars bool     `json:"includeVars,omitempty"`
	KeepTime    bool     `json:"keepTime,omitempty"`
	TargetBlank bool     `json:"targetBlank,omitempty"`
}

// Templating has the variables.
type Templating struct {
	List []Variable `json:"list"`
}

// Variable is a variable of a dashboard; Query is a text for the data source and a Target for all others.
type Variable struct {
	Name        string   `json:"name"`
	Label       string   `json:"label"`
	Description string   `json:"description,omitempty"`
	Type        string   `json:"type"`
	DataSource  *Ref     `json:"datasource,omitempty"`
	Query       any      `json:"query"`
	Definition  string   `json:"definition,omitempty"`
	Refresh     int      `json:"refresh"`
	Sort        int      `json:"sort"`
	Multi       bool     `json:"multi"`
	IncludeAll  bool     `json:"includeAll"`
	AllValue    *string  `json:"allValue,omitempty"`
	Current     *Current `json:"current,omitempty"`
	Options     []string `json:"options"`
	Hide        int      `json:"hide"`
	Regex       string   `json:"regex"`
	SkipURLSync bool     `json:"skipUrlSync"`
}

// Current is what is chosen in a variable at first.
type Current struct {
	Text  any `json:"text"`
	Value any `json:"value"`
}

// Ref names a data source.
type Ref struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

// Marks has the annotations.
type Marks struct {
	List []Mark `json:"list"`
}

// Mark is one kind of annotation.
type Mark struct {
	Name       string `json:"name"`
	DataSource Ref    `json:"datasource"`
	Enable     bool   `json:"enable"`
	Hide       bool   `json:"hide"`
	IconColor  string `json:"iconColor"`
	Target     Target `json:"target"`
}

// Target is one query.
type Target struct {
	RefID      string         `json:"refId"`
	DataSource *Ref           `json:"datasource,omitempty"`
	Query      string         `json:"query"`
	Params     map[string]any `json:"params"`
	Column     string         `json:"column,omitempty"`
	Format     string         `json:"format,omitempty"`
	Streaming  bool           `json:"streaming,omitempty"`
}

// Panel is one panel or the heading of a row.
type Panel struct {
	ID              int              `json:"id"`
	Type            string           `json:"type"`
	Title           string           `json:"title"`
	Description     string           `json:"description,omitempty"`
	GridPos         Grid             `json:"gridPos"`
	DataSource      *Ref             `json:"datasource,omitempty"`
	Interval        string           `json:"interval,omitempty"`
	Targets         []Target         `json:"targets,omitempty"`
	FieldConfig     *FieldConfig     `json:"fieldConfig,omitempty"`
	Options         map[string]any   `json:"options,omitempty"`
	Transformations []map[string]any `json:"transformations,omitempty"`
	Links           []Link           `json:"links,omitempty"`
	Collapsed       *bool            `json:"collapsed,omitempty"`
	Panels          []Panel          `json:"panels,omitempty"`
}

// Grid is a place on the 24 columns of a dashboard.
type Grid struct {
	H int `json:"h"`
	W int `json:"w"`
	X int `json:"x"`
	Y int `json:"y"`
}

// FieldConfig is how values are printed.
type FieldConfig struct {
	Defaults  Field      `json:"defaults"`
	Overrides []Override `json:"overrides"`
}

// Field is how the values of all fields are printed unless the data says otherwise.
type Field struct {
	Unit       string           `json:"unit"`
	NoValue    string           `json:"noValue"`
	Min        *float64         `json:"min,omitempty"`
	Max        *float64         `json:"max,omitempty"`
	Color      map[string]any   `json:"color,omitempty"`
	Mappings   []map[string]any `json:"mappings,omitempty"`
	Thresholds *Thresholds      `json:"thresholds,omitempty"`
	Custom     map[string]any   `json:"custom,omitempty"`
}

// Thresholds are the values from which on something is said of a value.
type Thresholds struct {
	Mode  string `json:"mode"`
	Steps []Step `json:"steps"`
}

// Step is one threshold; the first has no value.
type Step struct {
	Color string   `json:"color"`
	Value *float64 `json:"value"`
}

// Override is how one field is printed.
type Override struct {
	Matcher    Matcher    `json:"matcher"`
	Properties []Property `json:"properties"`
}

// Matcher picks fields.
type Matcher struct {
	ID      string `json:"id"`
	Options string `json:"options"`
}

// Property is one thing that an override changes.
type Property struct {
	ID    string `json:"id"`
	Value any    `json:"value"`
}
