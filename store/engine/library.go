package engine

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// ptr is memory of the engine: Go's garbage collector does not look at it.
type ptr = unsafe.Pointer

// library is the part of the engine's C interface that is used here. Strings
// go with their lengths, because statements and values may hold NUL bytes.
type library struct {
	setSignalHandlers func(enabled int32)
	connect           func(argc int32, argv ptr) ptr
	closeConn         func(box ptr)

	query       func(conn, sql ptr, sqlLen uintptr, format ptr, formatLen uintptr, names, nameLens, values, valueLens ptr, count uintptr) ptr
	streamQuery func(conn, sql ptr, sqlLen uintptr, format ptr, formatLen uintptr, names, nameLens, values, valueLens ptr, count uintptr) ptr
	streamFetch func(conn, stream ptr) ptr
	streamStop  func(conn, stream ptr)

	insert        func(conn, sql ptr, sqlLen uintptr, format ptr, formatLen uintptr, names, nameLens, values, valueLens ptr, count uintptr) ptr
	insertAppend  func(stream, data ptr, n uintptr) int32
	insertDone    func(stream ptr) ptr
	insertCancel  func(stream ptr)
	insertError   func(stream ptr) string
	insertDestroy func(stream ptr)

	resultBuffer       func(r ptr) ptr
	resultLength       func(r ptr) uintptr
	resultError        func(r ptr) string
	resultRows         func(r ptr) uint64
	resultReadRows     func(r ptr) uint64
	resultReadBytes    func(r ptr) uint64
	resultWrittenRows  func(r ptr) uint64
	resultWrittenBytes func(r ptr) uint64
	resultDestroy      func(r ptr)
}

// loadLibrary loads the engine into this process. It is called once, in the
// child only.
func loadLibrary(path string) (l *library, err error) {
	useUTC()
	h, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, fmt.Errorf("engine: loading %s: %w", path, err)
	}
	// Registering panics on a missing symbol: that is another version of the
	// library, which deserves a message and not a stack.
	defer func() {
		if r := recover(); r != nil {
			l, err = nil, fmt.Errorf("engine: %s is not a libchdb of version %s: %v", path, Version, r)
		}
	}()
	l = &library{}
	for name, fn := range map[string]any{
		"chdb_set_signal_handlers_enabled": &l.setSignalHandlers,
		"chdb_connect":                     &l.connect,
		"chdb_close_conn":                  &l.closeConn,
		"chdb_query_with_params_n":         &l.query,
		"chdb_stream_query_with_params_n":  &l.streamQuery,
		"chdb_stream_fetch_result":         &l.streamFetch,
		"chdb_stream_cancel_query":         &l.streamStop,
		"chdb_stream_insert_with_params_n": &l.insert,
		"chdb_stream_append":               &l.insertAppend,
		"chdb_stream_done":                 &l.insertDone,
		"chdb_stream_cancel_insert":        &l.insertCancel,
		"chdb_stream_insert_error":         &l.insertError,
		"chdb_destroy_insert_stream":       &l.insertDestroy,
		"chdb_result_buffer":               &l.resultBuffer,
		"chdb_result_length":               &l.resultLength,
		"chdb_result_error":                &l.resultError,
		"chdb_result_rows_read":            &l.resultRows,
		"chdb_result_storage_rows_read":    &l.resultReadRows,
		"chdb_result_storage_bytes_read":   &l.resultReadBytes,
		"chdb_result_rows_written":         &l.resultWrittenRows,
		"chdb_result_bytes_written":        &l.resultWrittenBytes,
		"chdb_destroy_query_result":        &l.resultDestroy,
	} {
		purego.RegisterLibFunc(fn, h, name)
	}
	// The signals of this process belong to the Go runtime.
	l.setSignalHandlers(0)
	return l, nil
}

// useUTC sets the time zone where C code looks for it. The engine's merges run
// in the zone of the server and not of the session, so a partition by day
// would otherwise mean something else on another machine.
func useUTC() {
	setenv, err := purego.Dlsym(purego.RTLD_DEFAULT, "setenv")
	if err != nil {
		return // a process that Process started has TZ in its environment already
	}
	var set func(name, value string, overwrite int32) int32
	purego.RegisterFunc(&set, setenv)
	set("TZ", "UTC", 1)
}

// param is one server-side parameter of a statement.
type param struct{ name, value string }

// boundParams is a list of parameters in the shape that C wants.
type boundParams struct {
	names, values       []ptr
	nameLens, valueLens []uintptr
}

func bind(params []param) *boundParams {
	b := &boundParams{}
	for _, p := range params {
		b.names = append(b.names, strData(p.name))
		b.nameLens = append(b.nameLens, uintptr(len(p.name)))
		b.values = append(b.values, strData(p.value))
		b.valueLens = append(b.valueLens, uintptr(len(p.value)))
	}
	return b
}

type statementCall func(conn, sql ptr, sqlLen uintptr, format ptr, formatLen uintptr, names, nameLens, values, valueLens ptr, count uintptr) ptr

// call runs one of the three entry points that take a statement.
func call(fn statementCall, conn ptr, sql, format string, params []param) ptr {
	b := bind(params)
	r := fn(conn, strData(sql), uintptr(len(sql)), strData(format), uintptr(len(format)),
		ptr(unsafe.SliceData(b.names)), ptr(unsafe.SliceData(b.nameLens)),
		ptr(unsafe.SliceData(b.values)), ptr(unsafe.SliceData(b.valueLens)), uintptr(len(params)))
	runtime.KeepAlive(sql)
	runtime.KeepAlive(format)
	runtime.KeepAlive(params)
	runtime.KeepAlive(b)
	return r
}

var emptyString = [1]byte{}

// strData never returns nil: C code reads a nil string as "no string".
func strData(s string) ptr {
	if s == "" {
		return ptr(&emptyString[0])
	}
	return ptr(unsafe.StringData(s))
}
