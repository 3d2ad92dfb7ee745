package store

import (
	"context"
	"errors"
	"net"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Fault is what is wrong between whoever looks and ClickHouse, as far as an error tells.
type Fault string

// The closed set of faults.
const (
	FaultUnreachable Fault = "unreachable"
	FaultPassword    Fault = "wrong user or password"
	FaultDatabase    Fault = "no such database"
	FaultTable       Fault = "no such table"
	FaultDenied      Fault = "not allowed"
	FaultTLS         Fault = "no trust in its certificate"
	FaultTimeout     Fault = "timeout"
	FaultStatement   Fault = "statement refused" // any other exception: a statement of ours, or a server that is too old
	FaultOther       Fault = "other"             // no ClickHouse that is known here
)

// FaultOf tells what an error of the store is about.
func FaultOf(err error) Fault {
	var ex *clickhouse.Exception
	if errors.As(err, &ex) {
		switch {
		case slices.Contains([]int32{192, 193, 194, 516}, ex.Code):
			return FaultPassword
		case ex.Code == 81:
			return FaultDatabase
		case ex.Code == 60:
			return FaultTable
		case slices.Contains([]int32{164, 497}, ex.Code):
			return FaultDenied
		case ex.Code == 159:
			return FaultTimeout
		}
		return FaultStatement
	}
	var status *clickhouse.HTTPError
	if errors.As(err, &status) && (status.StatusCode == 401 || status.StatusCode == 403) {
		return FaultPassword
	}
	if untrusted(err) {
		return FaultTLS
	}
	var network net.Error
	switch {
	case errors.Is(err, ErrPanelTimeout):
		return FaultTimeout
	case errors.As(err, &network), classify(err) == gone:
		return FaultUnreachable
	}
	return FaultOther
}

// SchemaState says how many migrations the database has had and how many this version knows. It changes nothing.
func (s *Store) SchemaState(ctx context.Context) (had, known int, err error) {
	list, err := migrations(migrationFiles, "migrations")
	if err != nil {
		return 0, 0, err
	}
	past, err := all(ctx, s, "applied_migrations", func(r driver.Rows, a *applied) error { return r.Scan(&a.number, &a.name, &a.checksum) })
	if FaultOf(err) == FaultTable {
		return 0, len(list), nil // nobody has migrated it yet
	}
	return len(past), len(list), err
}

// Clock is the time that the server has.
func (s *Store) Clock(ctx context.Context) (time.Time, error) { return s.moment(ctx, "clock") }

// LastEvaluation is when anything was judged last; zero when nothing was.
func (s *Store) LastEvaluation(ctx context.Context) (time.Time, error) {
	return s.moment(ctx, "last_evaluation")
}

func (s *Store) moment(ctx context.Context, name string) (time.Time, error) {
	got, err := all(ctx, s, name, func(r driver.Rows, t *time.Time) error { return r.Scan(t) })
	if err != nil || len(got) == 0 {
		return time.Time{}, err
	}
	return known(got[0]), nil
}
