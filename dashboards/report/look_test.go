package report

import (
	"bytes"
	"os"
	"testing"

	"github.com/grantwatch/grantwatch/dashboards/report/viewtest"
)

func TestLook(t *testing.T) {
	var b, h bytes.Buffer
	r := full(400)
	if err := r.WritePDF(&b); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteHTML(&h); err != nil {
		t.Fatal(err)
	}
	os.WriteFile("/tmp/fig/look.pdf", b.Bytes(), 0o644)
	os.WriteFile("/tmp/fig/look.html", h.Bytes(), 0o644)
	b.Reset()
	if err := Build(viewtest.Hostile(), options()).WritePDF(&b); err != nil {
		t.Fatal(err)
	}
	os.WriteFile("/tmp/fig/hostile.pdf", b.Bytes(), 0o644)
}
