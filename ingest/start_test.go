package ingest_test

import "github.com/grantwatch/grantwatch/ingest/made"

var start = made.Start
