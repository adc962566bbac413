package report

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"aktvakt/scanner/finding"
)

// File is a report file in the making. It is readable by its owner alone
// (mode 0600) and bears a temporary name beside the final one until Commit,
// so that a reader meets last night's report or tonight's, never half of one.
type File struct {
	f    *os.File
	w    *bufio.Writer
	path string
}

// Create starts the file that Commit will name path. A folder that does not
// exist is made with mode 0700; the mode of one that exists is its owner's
// choice.
func Create(path string) (*File, error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	sweep(dir, filepath.Base(path))
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*.tmp") // 0600 by itself
	if err != nil {
		return nil, err
	}
	return &File{f: f, w: bufio.NewWriterSize(f, 64<<10), path: path}, nil
}

// abandoned is the age from which a temporary file is one that a killed run
// left: no run takes longer than its night.
const abandoned = 48 * time.Hour

// sweep removes the temporary files of this report that killed runs left, as
// far as it can: they hold what the report holds.
func sweep(dir, name string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "."+name+".") || !strings.HasSuffix(e.Name(), ".tmp") || !e.Type().IsRegular() {
			continue
		}
		if fi, err := e.Info(); err == nil && time.Since(fi.ModTime()) > abandoned {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// Write appends to the file.
func (f *File) Write(p []byte) (int, error) { return f.w.Write(p) }

// Commit gives the file its name, in place of an older one.
func (f *File) Commit() error {
	err := errors.Join(f.w.Flush(), f.f.Sync(), f.f.Close())
	if err == nil {
		err = os.Rename(f.f.Name(), f.path)
	}
	if err != nil {
		os.Remove(f.f.Name())
		return fmt.Errorf("write report %q: %w", f.path, err)
	}
	return nil
}

// Abort throws the file away.
func (f *File) Abort() {
	f.f.Close()
	os.Remove(f.f.Name())
}

// ToFile returns a sink that writes the form made by open to a file, which
// appears when the sink is closed without an error.
func ToFile(path string, open func(io.Writer) Sink) (Sink, error) {
	f, err := Create(path)
	if err != nil {
		return nil, err
	}
	return &fileSink{Sink: open(f), f: f}, nil
}

type fileSink struct {
	Sink
	f *File
}

func (s *fileSink) Close(sum finding.Summary) error {
	if err := s.Sink.Close(sum); err != nil {
		s.f.Abort()
		return fmt.Errorf("write report %q: %w", s.f.path, err)
	}
	return s.f.Commit()
}
