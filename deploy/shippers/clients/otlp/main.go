// Command otlp sends the lines of a file as the bodies of OTLP log records, with OpenTelemetry's own exporter, and repeats
// a batch for as long as it is not taken, as the Collector does.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	sdk "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/log/logtest"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "otlp:", err)
		os.Exit(1)
	}
}

func run() error {
	url := flag.String("url", "", "endpoint, with its path")
	token := flag.String("token", "", "file with the token")
	in := flag.String("in", "", "file of lines")
	flag.Parse()
	secret, err := os.ReadFile(*token)
	if err != nil {
		return err
	}
	ctx := context.Background()
	exp, err := otlploghttp.New(ctx, otlploghttp.WithEndpointURL(*url), otlploghttp.WithCompression(otlploghttp.GzipCompression),
		otlploghttp.WithHeaders(map[string]string{"Authorization": "Bearer " + strings.TrimSpace(string(secret))}))
	if err != nil {
		return err
	}
	f, err := os.Open(*in)
	if err != nil {
		return err
	}
	defer f.Close()
	var batch []sdk.Record
	tries := 0
	send := func() error {
		for ; len(batch) > 0; tries++ {
			err := exp.Export(ctx, batch)
			if err == nil {
				batch = batch[:0]
				return nil
			}
			if tries > 1000 {
				return err
			}
			<-time.After(500 * time.Millisecond)
		}
		return nil
	}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		batch = append(batch, logtest.RecordFactory{ObservedTimestamp: time.Now(), Body: attribute.StringValue(lines.Text())}.NewRecord())
		if len(batch) == 500 {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if err := send(); err != nil {
		return err
	}
	return lines.Err()
}
