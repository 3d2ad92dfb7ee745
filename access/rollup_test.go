package access

import (
	"reflect"
	"testing"
	"time"
)

func TestUsageTableGivesBackItsRows(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)
	rows := []Usage{
		{Team: "t", Feed: "f", Provider: "aws", Account: "1", ActorUID: "u", Actor: "a", Permission: "p", Scope: "s", Via: "v", First: at, Last: at.Add(time.Hour), LastID: "id", Days: []uint16{1, 2}, Groups: []string{"g"}},
		{Team: "t", Feed: "f", Provider: "aws", Account: "1", ActorUID: "u", Actor: "a", Permission: "q", FirstDenied: at, LastDenied: at},
		{Team: "t", Feed: "f", Provider: "aws", Account: "2", Actor: "b", Permission: "p", Scope: "s", Via: "v", First: time.UnixMicro(0).UTC(), Last: at},
	}
	table := UsageOf(rows)
	if got := table.All(); !reflect.DeepEqual(got, rows) {
		t.Errorf("got %+v\nwant %+v", got, rows)
	}
	if len(table.Whos) != 2 || len(table.Uses) != 3 {
		t.Errorf("%d whos, %d uses: what two rows share stands once", len(table.Whos), len(table.Uses))
	}
	if table.Reset("x", "y"); table.Len() != 0 || table.Team != "x" || table.Feed != "y" {
		t.Errorf("%+v", table)
	}
}
