// Package reader is what the readers of entitlements share: their options, their errors, how a file is opened, and the stable
// id of a grant.
package reader

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/grantwatch/grantwatch/access"
)

// Options says where a file comes from; what the file itself does not state is taken from here.
type Options struct {
	Entitlement string    // name of the entitlements entry
	Team        string    // team of the entry
	Provider    string    // for formats that do not imply one (csv)
	Account     string    // account, cluster or organisation that the configuration names
	Accounts    []string  // the entry's list of them; the first is used where the file names none and Account is empty
	Source      string    // file name, for errors and snapshots
	TakenAt     time.Time // when the snapshot was taken
	Dated       bool      // false when nothing dates it and TakenAt is the time of reading
}

// DefaultAccount is the account of a file that names none itself.
func (o Options) DefaultAccount() string {
	if o.Account != "" || len(o.Accounts) == 0 {
		return o.Account
	}
	return o.Accounts[0]
}

// Snapshot starts a snapshot of one account.
func (o Options) Snapshot(provider, account string) access.Snapshot {
	return access.Snapshot{
		Entitlement: o.Entitlement, Team: o.Team, Provider: provider, Account: account,
		TakenAt: o.TakenAt, Dated: o.Dated, Source: o.Source, Grants: []access.Grant{}, Accounts: []access.Account{},
	}
}

// ErrTruncated is the error of a snapshot that ends before its end: a page is missing, or the file is cut off.
// Such a snapshot is refused; it never reads as "everyone lost access".
var ErrTruncated = access.Reject(access.ReasonTruncated, "the snapshot ends before its end")

// SyntaxError says what is wrong with a file, and where.
type SyntaxError struct {
	File         string
	Line, Column int // 1-based; 0 when the place is not known
	Msg          string
	Err          error // why, when there is a cause worth testing for (ErrTruncated)
}

func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Msg)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Msg)
}

// Unwrap gives the cause.
func (e *SyntaxError) Unwrap() error { return e.Err }

// MaxBytes is how large a file may be after decompression *: forty times a very large account's, and less than what a
// decompression bomb would need to hurt.
const MaxBytes = 1 << 30

// ReadAll reads a file that may be plain, gzip or zstd (told by its first bytes), and drops a byte order mark.
func ReadAll(r io.Reader, file string) ([]byte, error) {
	return readAll(r, file, MaxBytes)
}

func readAll(r io.Reader, file string, limit int64) ([]byte, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	magic, _ := br.Peek(4)
	var body io.Reader = br
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(br)
		if err != nil {
			return nil, compressionError(file, err)
		}
		defer z.Close()
		body = z
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
		if err != nil {
			return nil, compressionError(file, err)
		}
		defer z.Close()
		body = z
	}
	data, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return nil, compressionError(file, err)
	}
	if int64(len(data)) > limit {
		return nil, &SyntaxError{File: file, Msg: fmt.Sprintf("larger than %d bytes", limit), Err: access.Reject(access.ReasonTooLarge, "")}
	}
	return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), nil
}

func compressionError(file string, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return &SyntaxError{File: file, Msg: "the compressed file ends in the middle", Err: ErrTruncated}
	}
	return &SyntaxError{File: file, Msg: "cannot be read: " + err.Error(), Err: err}
}
