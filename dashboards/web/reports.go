package web

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// reportKinds are the files that reports consist of; nothing else in the folder is shown or served.
var reportKinds = map[string]string{
	".html": "text/html; charset=utf-8", ".pdf": "application/pdf", ".csv": "text/csv; charset=utf-8", ".json": "application/json",
}

// reportRow is one report, by its name without the extension, with its files.
type reportRow struct {
	Name  string
	Files []reportEntry
}

type reportEntry struct {
	Label string
	URL   string
	Size  string
	At    time.Time
}

// reportsBody is the reports that are there, or that they are not for this reader.
type reportsBody struct {
	Rows      []*reportRow
	Forbidden bool
}

func reports(v *visit) {
	if !v.mayRead {
		v.render(http.StatusForbidden, "reports", v.page("reports", "Reports", reportsBody{Forbidden: true}))
		return
	}
	rows, err := listReports(v.reports)
	if err != nil {
		slog.Error("listing reports", "error", err)
		http.Error(v.w, "the folder of reports cannot be read; the log says why", http.StatusInternalServerError)
		return
	}
	v.render(http.StatusOK, "reports", v.page("reports", "Reports", reportsBody{Rows: rows}))
}

// listReports reads the folder, newest name first. Folders one level down are read too.
func listReports(folder fs.FS) ([]*reportRow, error) {
	var rows []*reportRow
	if folder == nil {
		return rows, nil
	}
	at := map[string]*reportRow{}
	err := fs.WalkDir(folder, ".", func(p string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && p == ".":
			return fs.SkipAll // no report was ever written
		case err != nil:
			return err
		case e.IsDir():
			if p != "." && (hidden(p) || strings.Count(p, "/") > 0) {
				return fs.SkipDir
			}
			return nil
		case !servable(p) || !e.Type().IsRegular():
			return nil
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it was removed meanwhile
		} else if err != nil {
			return err
		}
		ext := path.Ext(p)
		name := strings.TrimSuffix(p, ext)
		r := at[name]
		if r == nil {
			r = &reportRow{Name: name}
			at[name] = r
			rows = append(rows, r)
		}
		r.Files = append(r.Files, reportEntry{Label: strings.ToUpper(ext[1:]), URL: (&url.URL{Path: "/reports/" + p}).EscapedPath(), Size: size(info.Size()), At: info.ModTime()})
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(a, b *reportRow) int { return -cmp.Compare(a.Name, b.Name) })
	for _, r := range rows { // the one to read comes first
		slices.SortFunc(r.Files, func(a, b reportEntry) int {
			return strings.Index("HTML PDF CSV JSON", a.Label) - strings.Index("HTML PDF CSV JSON", b.Label)
		})
	}
	return rows, nil
}

func hidden(p string) bool {
	return slices.ContainsFunc(strings.Split(p, "/"), func(part string) bool { return strings.HasPrefix(part, ".") && part != "." })
}

func servable(p string) bool {
	return fs.ValidPath(p) && !hidden(p) && !strings.Contains(p, `\`) && reportKinds[path.Ext(p)] != ""
}

func reportFile(v *visit) {
	w, r := v.w, v.r
	p := r.PathValue("path")
	if v.reports == nil || !servable(p) {
		v.missing("There is no such report.")
		return
	}
	f, err := v.reports.Open(p)
	if err != nil {
		v.missing("There is no such report.")
		return
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		v.missing("There is no such report.")
		return
	}
	ext := path.Ext(p)
	h := w.Header()
	h.Set("Content-Type", reportKinds[ext])
	h.Set("Content-Security-Policy", reportPolicy)
	if ext != ".html" { // a PDF viewer does not run under the policy
		h.Set("Content-Disposition", "attachment")
	}
	if seeker, ok := f.(io.ReadSeeker); ok {
		http.ServeContent(w, r, "", info.ModTime(), seeker)
		return
	}
	h.Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	if r.Method != http.MethodHead {
		_, _ = io.Copy(w, f) // the reader has gone when this fails
	}
}

func size(n int64) string {
	switch {
	case n < 1<<10:
		return strconv.FormatInt(n, 10) + " B"
	case n < 1<<20:
		return strconv.FormatInt((n+1<<9)>>10, 10) + " kB"
	}
	return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MB"
}
