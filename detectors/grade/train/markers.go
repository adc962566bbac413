package main

import (
	"fmt"
	"sort"

	"aktvakt/detectors/grade/fit"
	"aktvakt/detectors/marker"
)

// reportMarkers prints in how many cases and other texts each marker stands,
// those that stand more in other texts first, and how many never stand.
func reportMarkers(samples []*fit.Sample) error {
	c, err := marker.Embedded()
	if err != nil {
		return err
	}
	type count struct{ cases, others int }
	counts := map[*marker.Entry]*count{}
	for _, s := range samples {
		seen := map[*marker.Entry]bool{}
		for _, h := range s.Document.Hits {
			if h.Entry == nil || seen[h.Entry] {
				continue
			}
			seen[h.Entry] = true
			if counts[h.Entry] == nil {
				counts[h.Entry] = &count{}
			}
			if s.Case() {
				counts[h.Entry].cases++
			} else {
				counts[h.Entry].others++
			}
		}
	}
	never := 0
	var fired []*marker.Entry
	for i := range c.Markers {
		if e := &c.Markers[i]; counts[e] != nil {
			fired = append(fired, e)
		} else {
			never++
		}
	}
	sort.SliceStable(fired, func(i, j int) bool {
		a, b := counts[fired[i]], counts[fired[j]]
		return a.others-a.cases > b.others-b.cases
	})
	for _, e := range fired {
		fmt.Printf("%-11s %-18s %-8s cases %3d others %3d  %s\n", e.ID, e.Category, e.Weight, counts[e].cases, counts[e].others, e.Term)
	}
	fmt.Printf("%d of %d markers stand in no text\n", never, len(c.Markers))
	return nil
}
