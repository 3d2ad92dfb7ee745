// Command pack puts the built plugin into the archive that Grafana installs: one folder with the plugin's id, files in a
// fixed order with fixed times, so that the same build is the same bytes. Beside it stand the hashes of all that is in it.
package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// binaries are the processes that Grafana starts, one a platform.
var binaries = []string{"gpx_grantwatch_datasource_linux_amd64", "gpx_grantwatch_datasource_linux_arm64"}

// buildManifest names the sources that the binaries were built of, a hash and a path a line, as the catalog wants it.
const buildManifest = "go_plugin_build_manifest"

func main() {
	dist := flag.String("dist", "dashboards/plugin/dist", "what was built")
	source := flag.String("source", "dashboards/datasource", "Go module of the binaries")
	out := flag.String("out", "dist", "folder of the archive")
	flag.Parse()
	name, err := pack(*dist, *source, *out)
	if err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
	fmt.Println(name)
}

func pack(dist, source, out string) (string, error) {
	sources, err := hashes(source, func(name string) bool { return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") }, ":")
	if err != nil {
		return "", err
	}
	if len(sources) == 0 {
		return "", fmt.Errorf("%s has no sources", source)
	}
	if err := os.WriteFile(filepath.Join(dist, buildManifest), []byte(strings.Join(sources, "\n")+"\n"), 0o644); err != nil {
		return "", err
	}
	id, version, err := check(dist)
	if err != nil {
		return "", err
	}
	archive, err := zipped(dist, id)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return "", err
	}
	name := filepath.Join(out, id+"-"+version+".zip")
	if err := os.WriteFile(name, archive, 0o644); err != nil {
		return "", err
	}
	all, err := hashes(dist, func(string) bool { return true }, "  "+id+"/")
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(archive)
	all = append(all, hex.EncodeToString(sum[:])+"  "+filepath.Base(name))
	return name, os.WriteFile(name+".sha256", []byte(strings.Join(all, "\n")+"\n"), 0o644)
}

// check refuses what Grafana would not load, or the catalog not take.
func check(dist string) (id, version string, err error) {
	text, err := os.ReadFile(filepath.Join(dist, "plugin.json"))
	if err != nil {
		return "", "", err
	}
	var meta struct {
		ID, Type, Executable string
		Backend              bool
		Info                 struct {
			Version, Updated string
			Logos            map[string]string
			Screenshots      []struct{ Path string }
		}
	}
	if err := json.Unmarshal(text, &meta); err != nil {
		return "", "", fmt.Errorf("plugin.json: %w", err)
	}
	if bytes.Contains(text, []byte("%VERSION%")) || bytes.Contains(text, []byte("%TODAY%")) || meta.Info.Version == "" || meta.Info.Updated == "" {
		return "", "", fmt.Errorf("plugin.json has no version or no day: it was not built")
	}
	if !meta.Backend || meta.Executable != strings.TrimSuffix(binaries[0], "_linux_amd64") {
		return "", "", fmt.Errorf("plugin.json names the executable %q, and the binaries are %v", meta.Executable, binaries)
	}
	need := append([]string{"module.js", "README.md", "CHANGELOG.md", "LICENSE", meta.Info.Logos["small"], meta.Info.Logos["large"]}, binaries...)
	for _, s := range meta.Info.Screenshots {
		need = append(need, s.Path)
	}
	for _, name := range need {
		if st, err := os.Stat(filepath.Join(dist, name)); err != nil || st.Size() == 0 {
			return "", "", fmt.Errorf("%s is missing or empty", name)
		}
	}
	for name, machine := range map[string]byte{binaries[0]: 0x3e, binaries[1]: 0xb7} {
		if err := elf(filepath.Join(dist, name), machine); err != nil {
			return "", "", err
		}
	}
	return meta.ID, meta.Info.Version, nil
}

// elf refuses a binary of another machine: Grafana would say no more than that the plugin did not start.
func elf(name string, machine byte) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	head := make([]byte, 20)
	if _, err := f.Read(head); err != nil || !bytes.HasPrefix(head, []byte("\x7fELF\x02\x01")) || head[18] != machine {
		return fmt.Errorf("%s is no binary of its platform", name)
	}
	return nil
}

// files are all files below a folder, in order.
func files(dir string, wanted func(string) bool) ([]string, error) {
	var names []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Type().IsRegular() && wanted(d.Name()) {
			rel, err := filepath.Rel(dir, path)
			if err != nil {
				return err
			}
			names = append(names, filepath.ToSlash(rel))
		}
		return nil
	})
	slices.Sort(names)
	return names, err
}

func hashes(dir string, wanted func(string) bool, between string) ([]string, error) {
	names, err := files(dir, wanted)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(names))
	for i, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(data)
		out[i] = hex.EncodeToString(sum[:]) + between + name
	}
	return out, nil
}

// day is the time of every file in the archive: the archive of the same files is the same bytes.
var day = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func zipped(dist, id string) ([]byte, error) {
	names, err := files(dist, func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(dist, name))
		if err != nil {
			return nil, err
		}
		h := &zip.FileHeader{Name: id + "/" + name, Method: zip.Deflate, Modified: day}
		h.SetMode(0o644)
		if slices.Contains(binaries, name) {
			h.SetMode(0o755) // Grafana starts it
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(data); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
