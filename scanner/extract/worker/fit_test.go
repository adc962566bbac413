package worker

import (
	"runtime"
	"testing"
)

func TestFit(t *testing.T) {
	const mib, gib = 1 << 20, 1 << 30
	old := runtime.GOMAXPROCS(4)
	defer runtime.GOMAXPROCS(old)
	for _, c := range []struct {
		name          string
		size          int
		memory, limit int64
		workers       int
		each          int64
	}{
		{"no limit", 0, 0, 0, 4, gib},
		{"no limit, two asked for", 2, 0, 0, 2, gib},
		{"ample", 0, 0, 16 * gib, 4, gib},
		{"as deployed", 0, 0, 4 * gib, 4, 768 * mib},
		{"fewer, for each to have enough", 0, 0, 2 * gib, 3, 512 * mib},
		{"one", 0, 0, gib, 1, 768 * mib},
		{"too little for one", 0, 0, 300 * mib, 1, leastMemory},
		{"as many as asked for", 4, 0, 2 * gib, 4, 384 * mib},
		{"too many asked for", 8, 0, gib, 8, leastMemory},
		{"memory asked for", 0, 128 * mib, gib, 4, 128 * mib},
	} {
		if size, each := fit(c.size, c.memory, c.limit); size != c.workers || each != c.each {
			t.Errorf("%s: %d workers of %d MiB, want %d of %d", c.name, size, each/mib, c.workers, c.each/mib)
		}
	}
}
