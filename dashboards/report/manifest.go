package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/report/words"
)

// Manifest says what the files of a report were when they were written, so that anybody can see later whether they still
// are. It holds no time of its own: the same report has the same manifest.
type Manifest struct {
	Week    string         `json:"week"`
	AsOf    time.Time      `json:"as_of"`
	Version string         `json:"version,omitempty"`
	Files   []ManifestFile `json:"files"`
}

// ManifestFile is one file of a report.
type ManifestFile struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

const manifestEnd = ".manifest.json"

// FileName is the name of a report's file.
func FileName(week, ext string) string { return "grantwatch-" + week + "." + ext }

// File is one file of a report, ready to be written.
type File struct {
	Name string
	Data []byte
}

// Files are all files of the report with their manifest as the last.
func (r *Report) Files() ([]File, error) {
	m := Manifest{Week: r.Week, AsOf: r.AsOf.UTC(), Version: r.Version}
	var out []File
	for _, part := range []struct {
		ext   string
		write func(io.Writer) error
	}{{"html", r.WriteHTML}, {"pdf", r.WritePDF}, {"csv", r.WriteCSV}, {"json", r.WriteJSON}} {
		var b bytes.Buffer
		if err := part.write(&b); err != nil {
			return nil, err
		}
		f := File{FileName(r.Week, part.ext), b.Bytes()}
		out = append(out, f)
		m.Files = append(m.Files, ManifestFile{f.Name, int64(len(f.Data)), sum(f.Data)})
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the manifest of %s: %w", words.Visible(r.Week), err)
	}
	return append(out, File{"grantwatch-" + r.Week + manifestEnd, append(text, '\n')}), nil
}

func sum(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}

// Checked is what became of one file that a manifest lists.
type Checked struct {
	Manifest string
	File     string
	Problem  string // empty when it is what it was
}

// Verify holds the files of a folder against its manifests: those named, or all of them. That a manifest itself was not
// exchanged together with its files only a copy kept elsewhere can show.
func Verify(dir fs.FS, manifests ...string) ([]Checked, error) {
	if len(manifests) == 0 {
		all, err := fs.Glob(dir, "*"+manifestEnd)
		if err != nil {
			return nil, err
		}
		if len(all) == 0 {
			return nil, fmt.Errorf("there is no manifest here (*%s)", manifestEnd)
		}
		manifests = all
	}
	slices.Sort(manifests)
	var out []Checked
	for _, name := range manifests {
		data, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, err
		}
		var m Manifest
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		if err := d.Decode(&m); err != nil {
			return nil, fmt.Errorf("%s is no manifest: %w", name, err)
		}
		if len(m.Files) == 0 {
			return nil, fmt.Errorf("%s lists no file", name)
		}
		for _, f := range m.Files {
			out = append(out, Checked{name, f.Name, check(dir, path.Dir(name), f)})
		}
	}
	return out, nil
}

func check(dir fs.FS, folder string, f ManifestFile) string {
	if f.Name != path.Base(f.Name) || strings.ContainsAny(f.Name, `/\`) || f.Name == "." || f.Name == ".." {
		return "the manifest names a file outside its folder"
	}
	data, err := fs.ReadFile(dir, path.Join(folder, f.Name))
	switch {
	case err != nil:
		return "missing or unreadable"
	case int64(len(data)) != f.Bytes:
		return fmt.Sprintf("it has %d bytes, it had %d", len(data), f.Bytes)
	case sum(data) != strings.ToLower(f.SHA256):
		return "its SHA-256 is another"
	}
	return ""
}
