package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"aktvakt/scanner/config"
)

// readerOf is a hash of what decides what is found in a document: the version
// of the program, the settings of extraction and detectors, the marker files,
// and whether pictures can be read. Unchanged files that another reader read
// are read anew.
func readerOf(cfg config.Config, ocr bool) (uint32, error) {
	h := sha256.New()
	b, err := json.Marshal(struct {
		Version   string
		Extract   config.Extract
		Detectors config.Detectors
		OCR       bool
	}{versionString(), cfg.Extract, cfg.Detectors, ocr})
	if err != nil {
		return 0, err
	}
	h.Write(b)
	markers, err := readMarkers(cfg.Detectors.Markers)
	if err != nil {
		return 0, err
	}
	for _, b := range markers {
		fmt.Fprintf(h, "%d\x00", len(b))
		h.Write(b)
	}
	return binary.LittleEndian.Uint32(h.Sum(nil)), nil
}
