package directory

import (
	"encoding/gob"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"aktvakt/scanner/access"
)

// cached is what the file of Cached holds.
type cached struct {
	Version   int
	Fetched   time.Time
	Directory access.Directory
}

// cacheVersion changes with the meaning of access.Directory.
const cacheVersion = 1

// Cached returns the directory from a file that is younger than maxAge, else
// from fetch, whose answer it keeps in the file (mode 0600). Where fetch fails,
// an old file is better than nothing: its age is then in the notes and the
// directory counts as incomplete.
func Cached(path string, maxAge time.Duration, fetch func() (*access.Directory, error)) (*access.Directory, error) {
	old, age, err := load(path)
	if err == nil && age >= 0 && age <= maxAge {
		old.Notes = append(old.Notes, fmt.Sprintf("The directory was read %s ago.", age.Round(time.Minute)))
		return old, nil
	}
	d, fetchErr := fetch()
	if fetchErr != nil {
		if err != nil {
			return nil, fetchErr
		}
		old.Complete = false
		old.Notes = append(old.Notes, fmt.Sprintf("The directory could not be read; what is known of it is %s old.", age.Round(time.Minute)))
		return old, nil
	}
	if err := save(path, d); err != nil {
		d.Notes = append(d.Notes, "The directory could not be kept for the next run: "+err.Error()+".")
	}
	return d, nil
}

func load(path string) (*access.Directory, time.Duration, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	var c cached
	if err := gob.NewDecoder(f).Decode(&c); err != nil {
		return nil, 0, err
	}
	if c.Version != cacheVersion {
		return nil, 0, fmt.Errorf("version %d", c.Version)
	}
	return &c.Directory, time.Since(c.Fetched), nil
}

// save writes beside the file and renames, so that a crash leaves the old one.
func save(path string, d *access.Directory) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".directory-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = gob.NewEncoder(f).Encode(cached{Version: cacheVersion, Fetched: time.Now(), Directory: *d})
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
