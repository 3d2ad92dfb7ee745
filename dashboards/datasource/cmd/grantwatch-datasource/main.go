// Command grantwatch-datasource is the process that Grafana starts for the data source. It speaks the plugin protocol on
// its standard output and is of no use by hand.
package main

import (
	"os"

	sdk "github.com/grafana/grafana-plugin-sdk-go/backend/datasource"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"github.com/grantwatch/grantwatch/dashboards/datasource"
)

func main() {
	if err := sdk.Manage(datasource.PluginID, datasource.New, sdk.ManageOpts{}); err != nil {
		log.DefaultLogger.Error("the data source ended", "error", err.Error())
		os.Exit(1)
	}
}
