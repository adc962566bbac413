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

var seTestNumbers = sync.OnceValue(func() []uint64 {
	raw, err := io.ReadAll(flate.NewReader(bytes.NewReader(seTestNumbersFile)))
	if err != nil {
		panic("idnumber: embedded list of test numbers: " + err.Error())
	}
	var list []uint64
	var v uint64
	for len(raw) > 0 {
		d, n := binary.Uvarint(raw)
		if n <= 0 {
			panic("idnumber: embedded list of test numbers is cut off")
		}
		v += d
		list, raw = append(list, v), raw[n:]
	}
	return list
})

// testSE reports whether a Swedish number of twelve digits is on the list.
func testSE(c *chars, n int) bool {
	if n != 12 {
		return false
	}
	var v uint64
	for _, b := range c[:12] {
		v = v*10 + uint64(b-'0')
	}
	_, ok := slices.BinarySearch(seTestNumbers(), v)
	return ok
}
