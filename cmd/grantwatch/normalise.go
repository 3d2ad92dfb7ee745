package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/grantwatch/grantwatch/ingest"
	"github.com/grantwatch/grantwatch/ingest/decode"
)

// normalise prints what one stream of raw records normalises to.
func normalise(c *cobra.Command, r io.Reader, format string) error {
	if _, ok := decode.Lookup(format); !ok {
		return fmt.Errorf("log format %q is not known; grantwatch doctor lists the known ones", format)
	}
	_, err := ingest.Normalise(c.Context(), r, c.OutOrStdout(), format)
	return err
}
