//go:build unix

package access_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"aktvakt/scanner/access"
)

// city is a directory of many people in nested groups, some in a loop.
func city(people, groups int) *access.Directory {
	rnd := rand.New(rand.NewPCG(1, 2))
	base := access.MustSID(dom)
	d := &access.Directory{Complete: true, Domains: []access.Domain{{SID: base, Name: "LAB", Complete: true}}}
	person := func(i int) access.SID { return base.WithRID(uint32(100000 + i)) }
	group := func(i int) access.SID { return base.WithRID(uint32(2000 + i)) }
	for i := range people {
		d.Accounts = append(d.Accounts, access.Account{SID: person(i), Name: fmt.Sprintf(`LAB\e%06d`, i), Primary: base.WithRID(513), Disabled: rnd.IntN(14) == 0})
	}
	d.Groups = append(d.Groups, access.Group{SID: base.WithRID(513), Name: `LAB\Domain Users`})
	for i := range groups {
		g := access.Group{SID: group(i), Name: fmt.Sprintf(`LAB\g%d`, i)}
		if i < groups*3/4 {
			for range 3 + rnd.IntN(40) {
				g.Members = append(g.Members, person(rnd.IntN(people)))
			}
		} else {
			for range 2 + rnd.IntN(8) {
				g.Members = append(g.Members, group(rnd.IntN(groups)))
			}
		}
		d.Groups = append(d.Groups, g)
	}
	return d
}

// streets are distinct descriptors as they lie on a server.
func streets(n, groups int) []string {
	rnd := rand.New(rand.NewPCG(3, 4))
	base := access.MustSID(dom)
	out := make([]string, n)
	for i := range out {
		sd := &access.SecurityDescriptor{Owner: access.MustSID("S-1-5-32-544"), Group: base.WithRID(513)}
		sd.DACL = append(sd.DACL, access.ACE{Mask: 0x1f01ff, Flags: 0x10, SID: access.MustSID("S-1-5-32-544")})
		for range 2 + rnd.IntN(10) {
			sd.DACL = append(sd.DACL, access.ACE{Type: byte(rnd.IntN(8) / 7), Flags: 0x10, Mask: 0x1301bf, SID: base.WithRID(uint32(2000 + rnd.IntN(groups)))})
		}
		if i%10 == 0 {
			sd.DACL = append(sd.DACL, access.ACE{Mask: 0x1200a9, Flags: 0x10, SID: base.WithRID(513)})
		}
		out[i] = string(sd.Encode())
	}
	return out
}

// BenchmarkMillionFiles judges 1,000,000 files with 500 distinct descriptors
// among 100,000 people. Each descriptor lies in memory several times, so that
// no comparison ends at equal pointers. Making the resolver (30,000 groups) is
// not in the time, see BenchmarkExpand.
func BenchmarkMillionFiles(b *testing.B) {
	const files, distinct, copies, people, groups = 1_000_000, 500, 8, 100_000, 30_000
	dir := city(people, groups)
	var raw []access.Descriptor
	one := streets(distinct, groups)
	for range copies {
		for _, s := range one {
			raw = append(raw, access.Descriptor{Kind: access.NT, Raw: strings.Clone(s)})
		}
	}
	cpu := time.Duration(0)
	for b.Loop() {
		b.StopTimer()
		r := access.NewResolver(dir, nil, nil, access.Options{})
		b.StartTimer()
		total, t0 := 0, cpuTime(b)
		for i := range files {
			total += r.Audience(raw[i%len(raw)]).People
		}
		if total == 0 {
			b.Fatal("nobody reads anything")
		}
		cpu += cpuTime(b) - t0
		b.StopTimer()
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "MiB-held")
		b.StartTimer()
		runtime.KeepAlive(r)
		runtime.KeepAlive(dir)
	}
	b.ReportMetric(float64(cpu.Milliseconds())/float64(b.N), "cpu-ms/op")
}

// cpuTime is what all threads of the process used: the collector's too.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkExpand(b *testing.B) {
	for _, n := range []struct{ people, groups int }{{3000, 800}, {100_000, 30_000}} {
		dir := city(n.people, n.groups)
		b.Run(fmt.Sprintf("%d people, %d groups", n.people, n.groups), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				access.NewResolver(dir, nil, nil, access.Options{})
			}
		})
	}
}
