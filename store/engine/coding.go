package engine

import (
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// body returns the request's body as the statement sees it: without the
// Content-Encoding and without ClickHouse's own frames.
func (q *request) body(r *http.Request) (io.ReadCloser, error) {
	in, err := decoder(r.Header.Get("Content-Encoding"), r.Body)
	if err != nil || !q.decompress {
		return in, err
	}
	return &frameReader{from: in}, nil
}

func decoder(encoding string, from io.ReadCloser) (io.ReadCloser, error) {
	unreadable := func(err error) error {
		return &Exception{Code: codeCannotRead, Message: "Cannot read the " + encoding + " body: " + err.Error() + " (CANNOT_READ_ALL_DATA)"}
	}
	switch strings.ToLower(encoding) {
	case "", "identity":
		return from, nil
	case "gzip", "x-gzip":
		zr, err := gzip.NewReader(from)
		if err != nil {
			return nil, unreadable(err)
		}
		return zr, nil
	case "deflate":
		zr, err := zlib.NewReader(from)
		if err != nil {
			return nil, unreadable(err)
		}
		return zr, nil
	case "zstd":
		zr, err := zstd.NewReader(from, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256*mebi))
		if err != nil {
			return nil, unreadable(err)
		}
		return zr.IOReadCloser(), nil
	case "br":
		return io.NopCloser(brotli.NewReader(from)), nil
	}
	return nil, &Exception{Code: codeNotImplemented, Message: "Unknown Content-Encoding " + encoding + " (NOT_IMPLEMENTED)"}
}

// chooseEncoding picks how the answer is compressed. As on a ClickHouse
// server, a client has to ask for it with enable_http_compression=1 as well:
// on a socket of the same machine compressing is only work.
func chooseEncoding(accept string) string {
	best := ""
	for _, part := range strings.Split(accept, ",") {
		name, weight, _ := strings.Cut(part, ";")
		if strings.ReplaceAll(weight, " ", "") == "q=0" {
			continue
		}
		switch name = strings.ToLower(strings.TrimSpace(name)); name {
		case "zstd":
			return name
		case "gzip", "br", "deflate":
			if best == "" {
				best = name
			}
		}
	}
	return best
}

func encoder(encoding string, to io.Writer) (io.WriteCloser, error) {
	switch encoding {
	case "gzip":
		return gzip.NewWriterLevel(to, gzip.BestSpeed)
	case "deflate":
		return zlib.NewWriterLevel(to, zlib.BestSpeed)
	case "br":
		return brotli.NewWriterLevel(to, brotli.BestSpeed), nil
	case "zstd":
		return zstd.NewWriter(to, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	}
	return nil, &Exception{Code: codeNotImplemented, Message: "Unknown encoding " + encoding + " (NOT_IMPLEMENTED)"}
}
