package charts

import (
	"encoding/xml"
	"errors"
	"flag"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

var update = flag.Bool("update", false, "rewrite goldens")

const nasty = `<script>alert("x")</script>'&` + "\xff"

func at(day, hour int) time.Time { return time.Date(2026, 9, day, hour, 0, 0, 0, time.UTC) }

// samples are one drawing of each sort with ordinary and hostile words.
func samples() map[string]func() template.HTML {
	w := access.Interval{From: at(1, 0), To: at(29, 0)}
	gap := func(fromDay, fromHour, toDay, toHour int, why string) Stretch {
		return Stretch{Interval: access.Interval{From: at(fromDay, fromHour), To: at(toDay, toHour)}, Why: why}
	}
	segments := []Segment{{Label: "Critical", Value: 3, Tone: Critical}, {Label: nasty, Value: 1, Tone: High}, {Label: "none", Value: 0, Tone: Low}, {Label: "many", Value: 12430, Text: "12 430", Tone: Unknown}}
	return map[string]func() template.HTML{
		"defs":        Defs,
		"stack":       func() template.HTML { return StackedBar("Findings "+nasty, segments) },
		"stack-empty": func() template.HTML { return StackedBar("Findings", nil) },
		"legend":      func() template.HTML { return Legend(segments) },
		"meter":       func() template.HTML { return Meter("Coverage", 0.4242424242, Good) },
		"list": func() template.HTML {
			return BarList("By team", []Row{{Label: nasty, Value: 7, Tone: Plain}, {Label: strings.Repeat("w", 99), Value: 0}, {Label: "b", Value: 3, Tone: "no such tone"}})
		},
		"spark": func() template.HTML { return Sparkline("Findings per week", []int{0, 3, 9, -1, 2}) },
		"trend": func() template.HTML {
			return Trend("Open "+nasty, []Point{{Label: "2026-W45", Value: 3, Text: "3", Known: true}, {Label: nasty}, {Label: "2026-W47", Value: 9, Text: "9", Known: true}}, 0).SVG()
		},
		"trend-none": func() template.HTML { return Trend("Open", nil, 1).SVG() },
		"slope": func() template.HTML {
			return Slopes("Drift", "2026-W40", "2026-W47", []Slope{{Label: nasty, Then: 10, Now: 12, ThenText: "10", NowText: "12", Worse: true}, {Label: "b", Then: 11, Now: 12, ThenText: "11", NowText: "12"}, {Label: "new", Now: 40, NowText: "40", ThenAbsent: true}}).SVG()
		},
		"heat": func() template.HTML {
			return HeatMap("Coverage "+nasty, at(1, 0), 6, []HeatRow{{Label: nasty, Shares: []float64{1, 1, 0.5, 0, 0, -1}, Why: []string{"", "", nasty, "silent", "silent", ""}}, {Label: "b", Shares: []float64{1, 1, 1, 1, 1, 1}}}).SVG()
		},
		"strip-clear": func() template.HTML { return Strip("feed", w, nil) },
		"strip-none":  func() template.HTML { return Strip("feed", access.Interval{}, nil) },
		"strip": func() template.HTML {
			return Strip("feed "+nasty, w, []Stretch{gap(20, 0, 30, 0, "silent"), gap(3, 1, 3, 2, nasty), gap(3, 2, 3, 3, "again"), gap(10, 0, 12, 0, "StopLogging")})
		},
	}
}

func TestGolden(t *testing.T) {
	for name, draw := range samples() {
		t.Run(name, func(t *testing.T) {
			got := string(draw()) + "\n"
			path := filepath.Join("testdata", name+".svg.golden")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs from its golden; look and run with -update\n%s", name, got)
			}
		})
	}
}

func TestDrawingsAreWellFormedAndHarmless(t *testing.T) {
	for name, draw := range samples() {
		t.Run(name, func(t *testing.T) {
			if first, again := draw(), draw(); first != again {
				t.Error("two drawings of the same differ")
			}
			d := xml.NewDecoder(strings.NewReader(string(draw())))
			for {
				tok, err := d.Token()
				if errors.Is(err, io.EOF) {
					return
				}
				if err != nil {
					t.Fatalf("not well formed: %v", err)
				}
				el, ok := tok.(xml.StartElement)
				if !ok {
					continue
				}
				if el.Name.Local == "script" || el.Name.Local == "foreignObject" {
					t.Errorf("holds <%s>", el.Name.Local)
				}
				for _, a := range el.Attr {
					if a.Name.Local == "style" || a.Name.Local == "href" || strings.HasPrefix(a.Name.Local, "on") {
						t.Errorf("<%s> has the attribute %s", el.Name.Local, a.Name.Local)
					}
				}
			}
		})
	}
}

func TestImagesHaveARoleAndATitle(t *testing.T) {
	for name, draw := range samples() {
		s := string(draw())
		if strings.Contains(s, "gw-chart") && (!strings.Contains(s, `role="img"`) || !strings.Contains(s, "<title>")) {
			t.Errorf("%s has no role or title", name)
		}
	}
}

func TestNoTwoTonesDifferByColourAlone(t *testing.T) {
	// Good and Plain never stand in one bar; Critical is the only solid dark one beside them.
	bySolid := map[string][]Tone{}
	for tone, l := range looks {
		bySolid[l.fill+"/"+l.pattern] = append(bySolid[l.fill+"/"+l.pattern], tone)
	}
	for look, tones := range bySolid {
		if len(tones) > 1 {
			t.Errorf("%v all look like %s", tones, look)
		}
	}
	patterned := map[string]Tone{}
	for _, v := range []access.Verdict{access.VerdictUnused, access.VerdictOverbroad, access.VerdictUnverifiable, access.VerdictUnloggable, access.VerdictTooYoung, access.VerdictRedundant, access.VerdictClosed} {
		tone := VerdictTone(v)
		_, p := tone.look()
		if p == "" || patterned[p] != "" {
			t.Errorf("%s has the pattern %q, which is none or another's", v, p)
		}
		patterned[p] = tone
	}
}

func TestWidthsFillTheBar(t *testing.T) {
	for _, values := range [][]int{{1}, {1, 99999}, {5, 0, 5}, {1, 1, 1, 1, 1, 1, 1000000}} {
		total := 0
		var segs []Segment
		for _, v := range values {
			total += v
			segs = append(segs, Segment{Value: v})
		}
		sum := 0.0
		for i, w := range widths(segs, total) {
			sum += w
			if (w > 0) != (values[i] > 0) {
				t.Errorf("%v: part %d has the width %v", values, i, w)
			}
		}
		if sum < 0.9999 || sum > 1.0001 {
			t.Errorf("%v: the parts add up to %v", values, sum)
		}
	}
}

func TestAnUnknownVerdictNeverLooksFine(t *testing.T) {
	if VerdictTone(access.VerdictUnverifiable) == Good || VerdictTone(access.VerdictUnverifiable) == VerdictTone(access.VerdictUnused) {
		t.Error("UNVERIFIABLE must look neither like USED nor like UNUSED")
	}
}
