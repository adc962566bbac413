package marker

import (
	"bytes"
	"testing"
)

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
