package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"regexp"
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
			b = []byte(themed(charts.CSS + string(b)))
		}
		sum := sha256.Sum256(b)
		ext := path.Ext(e.Name())
		name := strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		names[e.Name()], data[name] = name, asset{b, assetKinds[ext]}
	}
	return names, data
}

var (
	lightColours = regexp.MustCompile(`(?m)^:root \{([^}]*)\}`)
	darkColours  = regexp.MustCompile(`@media screen and \(prefers-color-scheme: dark\) \{\s*:root \{([^}]*)\}\s*\}`)
)

// themed repeats the colours of a style sheet for readers who chose light or dark, whatever their system prefers. Each is
// written once only, in :root and in its dark counterpart; print stays light.
func themed(css string) string {
	var light, dark strings.Builder
	for _, m := range lightColours.FindAllStringSubmatch(css, -1) {
		light.WriteString(m[1])
	}
	for _, m := range darkColours.FindAllStringSubmatch(css, -1) {
		dark.WriteString(m[1])
	}
	return css + "\n@media screen {\nhtml[data-theme=light] {" + light.String() + "color-scheme: light; }\nhtml[data-theme=dark] {" + dark.String() + "color-scheme: dark; }\n}\n"
}

func assetPath(file string) string { return "/assets/" + assetNames[file] }

func (s *server) asset(w http.ResponseWriter, r *http.Request) {
	a, ok := assetData[r.PathValue("name")]
	if !ok {
		http.Error(w, "Not found", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.data))
}
