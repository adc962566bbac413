// Command train learns the weights of package grade from labelled texts and
// measures them on writers left out.
//
//	go run ./detectors/grade/train -labels DIR             measure
//	go run ./detectors/grade/train -labels DIR -errors     and list the errors
//	go run ./detectors/grade/train -labels DIR -out FILE   measure and write
//	go run ./detectors/grade/train -labels DIR -markers    how the markers do
//
// FILE is detectors/grade/model.json. DIR holds the texts and labels.jsonl, one
// object a line with file, writer, sensitivity, categories, persons and minors.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"os"
	"time"

	"aktvakt/detectors"
	"aktvakt/detectors/engine"
	"aktvakt/detectors/grade/fit"
)

func main() {
	log.SetFlags(0)
	labels := flag.String("labels", "", "folder with texts and labels.jsonl")
	out := flag.String("out", "", "write the weights to this file")
	errors := flag.Bool("errors", false, "list the texts graded wrongly")
	markers := flag.Bool("markers", false, "report in which texts each marker stands, and stop")
	flag.Parse()
	if err := run(*labels, *out, *errors, *markers); err != nil {
		log.Fatal("train: error: ", err)
	}
}

// now is the day on which ages are counted, fixed so that training can be
// repeated.
var now = time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)

func run(labels, out string, errors, markers bool) error {
	e, err := engine.New(detectors.Options{CountTestNumbers: true, Now: now})
	if err != nil {
		return err
	}
	folder := os.DirFS(labels)
	samples, names, err := e.Samples(folder)
	if err != nil {
		return err
	}
	own, _, err := e.OwnSamples()
	if err != nil {
		return err
	}
	samples = append(samples, own...)
	if markers {
		return reportMarkers(samples)
	}
	v, err := e.Evaluate(folder, true)
	if err != nil {
		return err
	}
	v.Print(os.Stdout, errors)
	if out == "" {
		return nil
	}
	data, err := json.MarshalIndent(fit.Model(samples, names), "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(data, '\n'), 0o644)
}
