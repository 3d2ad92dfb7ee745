package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// measure is a stretch of time and of the processor time of this process, the engine and the broker.
type measure struct {
	at                     time.Time
	engine, broker         int
	ours, engines, brokers time.Duration
}

// begin starts a measure with the memory's high-water mark set back; engine and broker are process ids, 0 without one.
func begin(engine, broker int) measure {
	runtime.GC()
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o200) // where it cannot be set back the peak is of the whole run
	return measure{time.Now(), engine, broker, cpu(os.Getpid()), cpu(engine), cpu(broker)}
}

// end adds the rows and returns events a second.
func (m measure) end(b *bench, name string, events, size int) float64 {
	s := time.Since(m.at).Seconds()
	rate := float64(events) / s
	ours, engines, brokers := (cpu(os.Getpid()) - m.ours).Seconds(), (cpu(m.engine) - m.engines).Seconds(), (cpu(m.broker) - m.brokers).Seconds()
	b.add(name, rate, "events/s")
	b.add("  bytes of log", float64(size)/s/1e6, "MB/s")
	b.add("  cores used", (ours+engines+brokers)/s, "cores")
	b.add("  our processor time", ours/float64(events)*1e6, "us an event")
	if m.engine != 0 {
		b.add("  the engine's processor time", engines/float64(events)*1e6, "us an event")
	}
	if m.broker != 0 {
		b.add("  the broker's processor time", brokers/float64(events)*1e6, "us an event")
	}
	if m.engine == 0 {
		return rate
	}
	// What a machine could do that has nothing else to do: on one that has, this is nearer to the truth than the clock.
	b.add("  which two idle cores would take", 2*float64(events)/(ours+engines+brokers), "events/s")
	return rate
}

// cpu is the processor time of a process so far, in hundredths of a second, where the system tells.
func cpu(pid int) time.Duration {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(raw), ") ") // behind the name, which may hold anything
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, err1 := strconv.Atoi(f[11])
	system, err2 := strconv.Atoi(f[12])
	if err1 != nil || err2 != nil {
		return 0
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

// peak is the most memory that was resident since begin, in bytes; 0 where the system does not tell.
func peak() int64 {
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(raw) {
		if rest, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
			kb, err := strconv.ParseInt(strings.Fields(string(rest))[0], 10, 64)
			if err == nil {
				return kb << 10
			}
		}
	}
	return 0
}

func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}
