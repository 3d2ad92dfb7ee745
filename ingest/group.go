package ingest

import (
	"context"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// RunGroup reads parts that came in on their own, such as requests, as one stream, and returns what became of each of
// them, in order. It is all or nothing for its caller: after an error none of the parts may be acknowledged, although
// some may have been written; read again in the same group they are the same batches.
func (p *Pipeline) RunGroup(ctx context.Context, feed access.Feed, source string, parts []Part, now time.Time, rules EventRules) ([]Stats, error) {
	each := make([]Stats, 0, len(parts))
	_, err := p.runParts(ctx, feed, source, 0, parts, now, rules, func(Stats) {}, func(s Stats) { each = append(each, s) })
	if err != nil {
		return nil, err
	}
	return each, nil
}

// since is what was counted after before.
func (s Stats) since(before Stats) Stats {
	return Stats{Received: s.Received - before.Received, Stored: s.Stored - before.Stored, Filtered: s.Filtered - before.Filtered,
		Dead: s.Dead - before.Dead, Flagged: s.Flagged - before.Flagged, Bytes: s.Bytes - before.Bytes}
}
