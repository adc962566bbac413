package main

import (
	"fmt"
	"os"
	"path/filepath"

	"aktvakt/detectors"
	"aktvakt/detectors/engine"
	"aktvakt/scanner/config"
	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/worker"
)

// newEngine makes the detectors and the grader as configured.
func newEngine(c config.Detectors) (*engine.Engine, error) {
	opt := detectors.Options{
		HomeCountry: c.HomeCountry, CountTestNumbers: c.CountTestNumbers, NotIdentity: c.NotIdentity,
	}
	var err error
	if opt.Markers, err = readMarkers(c.Markers); err != nil {
		return nil, err
	}
	e, err := engine.New(opt)
	if err != nil {
		return nil, &usageError{err.Error(), ""}
	}
	return e, nil
}

// readMarkers reads the organisation's own marker files.
func readMarkers(names []string) (files [][]byte, err error) {
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, &usageError{"marker file: " + err.Error(), ""}
		}
		files = append(files, b)
	}
	return files, nil
}

// extractor reads documents in worker processes of this program, so that a
// document that loops or eats memory costs itself alone.
type extractor struct {
	*worker.Pool
	notes []string
}

func newExtractor(cfg config.Config) (*extractor, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start workers: %w", err)
	}
	opt := worker.Options{
		Command:  []string{self, workerCommand},
		Size:     cfg.Limits.Workers,
		Settings: worker.Settings{FastPDF: cfg.Extract.PDF == "fast", PDFCache: cacheDir()},
	}
	if ocr := cfg.Extract.OCR; ocr == nil || *ocr {
		opt.Settings.OCR = &worker.OCR{Languages: cfg.Extract.Languages}
	}
	p, err := worker.NewPool(opt)
	if err != nil {
		return nil, fmt.Errorf("start workers: %w", err)
	}
	x := &extractor{Pool: p}
	if opt.Settings.OCR == nil {
		x.notes = append(x.notes, "Scanned pages and pictures were not read: OCR is switched off.")
	} else if err := p.OCR(); err != nil {
		x.notes = append(x.notes, fmt.Sprintf("Scanned pages and pictures were not read: %v. Install tesseract-ocr and its languages.", err))
	}
	return x, nil
}

// Notes says what every reader of the report should know.
func (x *extractor) Notes() []string { return x.notes }

// cacheDir keeps compiled code between runs; empty where there is no place.
func cacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "aktvakt")
}

// limitsOf are the budgets of one document as configured.
func limitsOf(c config.Extract) extract.Limits {
	return extract.Limits{Text: int64(c.MaxText), Time: c.Timeout.Std()}
}
