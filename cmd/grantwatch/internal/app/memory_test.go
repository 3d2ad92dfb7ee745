package app

import (
	"math"
	"runtime/debug"
	"testing"
)

func TestMemoryIsHeldWhileReadingAndNotWhileEvaluating(t *testing.T) {
	t.Cleanup(func() { debug.SetMemoryLimit(math.MaxInt64) })
	var m memory
	limit := func() int64 { return debug.SetMemoryLimit(-1) }
	expect := func(what string, want int64) {
		t.Helper()
		if got := limit(); got != want {
			t.Errorf("%s: limit %d, want %d", what, got, want)
		}
	}
	first, second := m.reading(), m.reading()
	expect("two readers", memoryLimit)
	evaluated := m.evaluation()
	expect("an evaluation beside readers", math.MaxInt64)
	first()
	first() // twice is once
	evaluated()
	expect("one reader left", memoryLimit)
	second()
	expect("nobody reads", math.MaxInt64)
}
