package idnumber

import (
	"bytes"
	"compress/flate"
	_ "embed"
	"encoding/binary"
	"io"
	"slices"
	"sync"
)

// Skatteverket publishes personnummer and samordningsnummer for tests as open
// data (CC0); they are never assigned to a person:
// https://www7.skatteverket.se/portal/apier-och-oppna-data/utvecklarportalen/oppetdata/Test%C2%AD%C2%ADpersonnummer
//
// The list is kept, not the ranges of serials that most of it falls in: real
// people hold numbers in those ranges.
//
// The file is the sorted numbers as varints of their differences, deflated;
// gen_testnumbers.go writes it.
//
//go:embed se_testnumbers.bin
var seTestNumbersFile []byte

// testNumbers is a sorted list; year[i] is the index of the first number of
// the year 1880+i or later.
type testNumbers struct {
	list []uint64
	year [200]int
}

var seTestNumbers = sync.OnceValue(func() *testNumbers {
	raw, err := io.ReadAll(flate.NewReader(bytes.NewReader(seTestNumbersFile)))
	if err != nil {
		panic("idnumber: embedded list of test numbers: " + err.Error())
	}
	t := new(testNumbers)
	var v uint64
	for len(raw) > 0 {
		d, n := binary.Uvarint(raw)
		if n <= 0 {
			panic("idnumber: embedded list of test numbers is cut off")
		}
		v += d
		t.list, raw = append(t.list, v), raw[n:]
	}
	for i := range t.year {
		t.year[i], _ = slices.BinarySearch(t.list, uint64(1880+i)*1e8)
	}
	return t
})

// testSE reports whether a Swedish number of twelve digits is on the list.
func testSE(c chars, n int) bool {
	if n != 12 {
		return false
	}
	var v uint64
	for _, b := range c[:12] {
		v = v*10 + uint64(b-'0')
	}
	t := seTestNumbers()
	y := c.num4(0) - 1880
	if y < 0 || y >= len(t.year)-1 {
		return false
	}
	_, ok := slices.BinarySearch(t.list[t.year[y]:t.year[y+1]], v)
	return ok
}
