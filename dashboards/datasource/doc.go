// Package datasource is the backend of the Grafana data source grantwatch-datasource. It answers the named queries of
// dashboards/queries for the teams that whoever asks may see, and knows no statement of its own.
package datasource

// PluginID is the plugin's name in Grafana.
const PluginID = "grantwatch-datasource"
