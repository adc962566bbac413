//go:build ignore

// gen_testnumbers writes se_testnumbers.bin from Skatteverket's published
// list, one number of twelve digits a line (other lines are skipped):
//
//	go run gen_testnumbers.go LIST > se_testnumbers.bin
package main

import (
	"bufio"
	"compress/flate"
	"encoding/binary"
	"log"
	"os"
	"slices"
	"strconv"
)

func main() {
	in, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var list []uint64
	for s := bufio.NewScanner(in); s.Scan(); {
		if v, err := strconv.ParseUint(s.Text(), 10, 64); err == nil && len(s.Text()) == 12 {
			list = append(list, v)
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	w, err := flate.NewWriter(os.Stdout, flate.BestCompression)
	if err != nil {
		log.Fatal(err)
	}
	var last uint64
	for _, v := range list {
		if _, err := w.Write(binary.AppendUvarint(nil, v-last)); err != nil {
			log.Fatal(err)
		}
		last = v
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
}
