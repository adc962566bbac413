package main

import (
	"context"
	"os"

	"aktvakt/detectors"
	"aktvakt/detectors/engine"
	"aktvakt/scanner/config"
	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/list"
	"aktvakt/scanner/extract/pdf"
)

// newEngine makes the detectors and the grader as configured.
func newEngine(c config.Detectors) (*engine.Engine, error) {
	opt := detectors.Options{
		HomeCountry: c.HomeCountry, CountTestNumbers: c.CountTestNumbers, NotIdentity: c.NotIdentity,
	}
	for _, name := range c.Markers {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, &usageError{"marker file: " + err.Error(), ""}
		}
		opt.Markers = append(opt.Markers, b)
	}
	e, err := engine.New(opt)
	if err != nil {
		return nil, &usageError{err.Error(), ""}
	}
	return e, nil
}

// extractor reads documents in this process.
type extractor struct{ all []extract.Extractor }

func newExtractor(config.Config) (*extractor, error) {
	return &extractor{append([]extract.Extractor{pdf.New(pdf.Options{})}, list.All()...)}, nil
}

// Extract implements scanner.Extractor.
func (x *extractor) Extract(ctx context.Context, name string, f extract.File, lim extract.Limits) (extract.Document, error) {
	return extract.Run(ctx, f, name, x.all, lim), nil
}

// Notes says what every reader of the report should know.
func (x *extractor) Notes() []string { return nil }

// Close releases what the extractor holds.
func (x *extractor) Close() error { return nil }

// limitsOf are the budgets of one document as configured.
func limitsOf(c config.Extract) extract.Limits {
	return extract.Limits{Text: int64(c.MaxText), Time: c.Timeout.Std()}
}
