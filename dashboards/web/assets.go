package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/charts"
)

//go:embed assets/*
var assetFiles embed.FS

type asset struct {
	data []byte
	kind string
}

var assetKinds = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

// assetNames maps a file to the name under which it is served, which changes with its content: it can be kept for ever.
var assetNames, assetData = loadAssets()

func loadAssets() (map[string]string, map[string]asset) {
	names, data := map[string]string{}, map[string]asset{}
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		panic(err) // embedded: it is there or the program does not build
	}
	for _, e := range entries {
		b, err := assetFiles.ReadFile("assets/" + e.Name())
		if err != nil {
			panic(err)
		}
		if e.Name() == "page.css" {
			b = append([]byte(charts.CSS), b...)
		}
		sum := sha256.Sum256(b)
		ext := path.Ext(e.Name())
		name := strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		names[e.Name()], data[name] = name, asset{b, assetKinds[ext]}
	}
	return names, data
}

func assetPath(file string) string { return "/assets/" + assetNames[file] }

func (s *server) asset(w http.ResponseWriter, r *http.Request) {
	a, ok := assetData[r.PathValue("name")]
	if !ok {
		s.notFound(w, r)
		return
	}
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.data))
}
