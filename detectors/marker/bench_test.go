package marker

import (
	"bytes"
	"syscall"
	"testing"
	"time"
)

// cpu reports the processor time of the benchmark per byte: the wall clock
// tells little on a shared machine.
func cpu(b *testing.B, size int) func() {
	var before syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	return func() {
		var after syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
		d := time.Duration(after.Utime.Nano() - before.Utime.Nano())
		b.ReportMetric(float64(size)*float64(b.N)/1e6/d.Seconds(), "MB/cpu-s")
	}
}

// prose is ordinary administrative text with few markers.
var prose = bytes.Repeat([]byte(`Kommunstyrelsen behandlade vid sitt sammanträde frågan om ombyggnad av
gång- och cykelvägen mellan Storgatan och idrottsplatsen. Förvaltningen fick i uppdrag att
återkomma med ett förslag till finansiering före sommaren. Ledamöterna underströk att arbetet
bör samordnas med renoveringen av vattenledningarna, så att gatan bara grävs upp en gång.
Der blev desuden spurgt til, hvornår den nye hal står færdig, og om budgettet holder.
`), 2000)

func BenchmarkFind(b *testing.B) {
	c, err := Embedded()
	if err != nil {
		b.Fatal(err)
	}
	m := New([]*Catalogue{c}, nil)
	b.Logf("states %d, table %d KiB", len(m.auto.out), len(m.auto.next)*4>>10)
	b.SetBytes(int64(len(prose)))
	b.ReportAllocs()
	defer cpu(b, len(prose))()
	for b.Loop() {
		m.Find(prose, func(Hit) bool { return true })
	}
}

func BenchmarkNew(b *testing.B) {
	c, err := Embedded()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		New([]*Catalogue{c}, nil)
	}
}

func BenchmarkParse(b *testing.B) {
	data, err := embedded.ReadFile("catalogue/sv.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := parse(data); err != nil {
			b.Fatal(err)
		}
	}
}
