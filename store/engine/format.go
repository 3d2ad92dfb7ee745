package engine

import "strings"

// streamable are the formats in which several documents in a row are one
// document. The engine prints each piece of a stream as a document of its own,
// so a format with a head or a tail has to be printed at once.
var streamable = map[string]bool{
	"native": true, "rowbinary": true, "null": true,
	"tsv": true, "tabseparated": true, "tsvraw": true, "tabseparatedraw": true, "csv": true,
	"jsoneachrow": true, "jsonlines": true, "ndjson": true, "jsonstringseachrow": true,
	"jsoncompacteachrow": true, "jsoncompactstringseachrow": true,
	"lineasstring": true, "rawblob": true,
}

func isStreamable(format string) bool { return streamable[strings.ToLower(format)] }

func contentType(format string) string {
	f := strings.ToLower(format)
	switch {
	case strings.HasSuffix(f, "eachrow"), f == "ndjson", f == "jsonlines":
		return "application/x-ndjson; charset=UTF-8"
	case strings.HasPrefix(f, "json"):
		return "application/json; charset=UTF-8"
	case strings.HasPrefix(f, "csv"):
		return "text/csv; charset=UTF-8; header=" + header(f)
	case strings.HasPrefix(f, "tsv"), strings.HasPrefix(f, "tabseparated"):
		return "text/tab-separated-values; charset=UTF-8"
	case f == "native", strings.HasPrefix(f, "rowbinary"), f == "parquet", f == "arrow", f == "arrowstream":
		return "application/octet-stream"
	case f == "xml":
		return "application/xml; charset=UTF-8"
	}
	return "text/plain; charset=UTF-8"
}

func header(format string) string {
	if strings.Contains(format, "withnames") {
		return "present"
	}
	return "absent"
}
