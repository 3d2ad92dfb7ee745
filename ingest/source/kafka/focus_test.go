package kafka

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func chooser(records int, left map[int32]int64) *Consumer {
	c := &Consumer{cfg: Config{Records: records}, parts: map[key]*partition{}}
	for id, n := range left {
		c.parts[key{"t", id}] = &partition{topic: "t", id: id, position: 0, high: n}
	}
	return c
}

func TestChooseReadsAllWhenLittleIsLeft(t *testing.T) {
	if out := chooser(100, map[int32]int64{0: 50, 1: 150, 2: 0}).choose(); len(out) != 0 {
		t.Errorf("left out: %v", out)
	}
	if out := chooser(100, map[int32]int64{0: 150, 1: 150, 2: 150}).choose(); len(out) != 2 {
		t.Errorf("left out: %v, want two of three", out)
	}
}

// A partition that the client has given up is always asked for: it would otherwise never be tried again.
func TestChooseNeverLeavesOutWhatFailed(t *testing.T) {
	c := chooser(10, map[int32]int64{0: 1000, 1: 1000, 2: 1000})
	c.parts[key{"t", 2}].failed = true
	for range 5 {
		c.turns++
		out := c.choose()
		if out[key{"t", 2}] {
			t.Fatalf("left out: %v", out)
		}
		for k, p := range c.parts {
			if !out[k] {
				p.served = c.turns
			}
		}
	}
}

// Of those that have waited as long, the one that is held in part comes first: it takes memory until it is written.
func TestChooseFinishesWhatWasBegun(t *testing.T) {
	c := chooser(10, map[int32]int64{0: 1000, 1: 1000})
	begun := c.parts[key{"t", 1}]
	begun.held = []Message{{Offset: 0, next: 1}}
	if out := c.choose(); out[key{"t", 1}] || !out[key{"t", 0}] {
		t.Errorf("left out: %v", out)
	}
	if begun.served = 7; !c.choose()[key{"t", 1}] {
		t.Error("it comes before one that has waited for longer")
	}
}

// However much each partition has, all is read, and none waits for longer than it takes to serve every other one once.
func TestChooseIsFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		records := rapid.IntRange(1, 50).Draw(t, "records")
		left := map[int32]int64{}
		for id, n := range rapid.SliceOfN(rapid.Int64Range(0, 300), 1, 12).Draw(t, "left") {
			left[int32(id)] = n
		}
		c := chooser(records, left)
		waited := map[key]int{}
		for {
			todo := false
			for _, p := range c.parts {
				todo = todo || p.position < p.high
			}
			if !todo {
				return
			}
			if c.turns++; c.turns > 10_000 {
				t.Fatal("it does not end")
			}
			out := c.choose()
			room, moved := int64(records), false
			for k, p := range c.parts {
				n := min(p.high-p.position, room)
				if out[k] || n == 0 {
					if p.position < p.high {
						if waited[k]++; waited[k] > 2*len(c.parts)+2 && out[k] {
							t.Fatalf("%v waits for %d rounds", k, waited[k])
						}
					}
					continue
				}
				p.position, p.served, waited[k], moved = p.position+n, c.turns, 0, true
				room -= n
			}
			if !moved {
				t.Fatal(fmt.Sprintf("round %d reads nothing, left out %v", c.turns, out))
			}
		}
	})
}
