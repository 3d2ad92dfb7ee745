package app

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
)

// TestTheEngineOutlivesTheWork: being told to stop does not end the engine under those who still put on record what they have
// done; Close does.
func TestTheEngineOutlivesTheWork(t *testing.T) {
	dir := t.TempDir()
	cfg := &config.Config{Dir: dir, File: filepath.Join(dir, "grantwatch.yaml")}
	ctx, stop := context.WithCancel(t.Context())
	a, err := Open(ctx, Options{Config: cfg, Now: saidNow, NoRules: true})
	if err != nil {
		t.Fatal(err)
	}
	stop()
	after := context.WithoutCancel(ctx)
	if err := (deliveries{a.Store}).SaveDeliveries(after, []alert.Delivery{{Channel: "#payments", Fingerprint: "f", Status: alert.StatusSent, TS: "1.1"}}); err != nil {
		t.Error(err)
	}
	if got, err := a.Store.Deliveries(after, []string{"#payments"}, false); err != nil || len(got) != 1 {
		t.Error(got, err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if a.EnginePID() != 0 {
		t.Error("the engine is still there")
	}
	stopped, stop2 := context.WithCancel(t.Context())
	stop2()
	if b, err := Open(stopped, Options{Config: cfg, Now: saidNow, NoRules: true}); err == nil {
		t.Error("opened though asked to stop", b.Close())
	}
}
