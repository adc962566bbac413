package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"aktvakt/scanner/source/smb/sambatest"
)

// BenchmarkShareNights scans a share of AKTVAKT_ENTRIES small texts (10,000),
// one in a hundred of them a case, on a first and a second night, whole
// programs, near and at a round trip of 20 ms, beside smbclient that lists it.
// Each file has a security descriptor
// of its own, as what came over SMB has.
//
//	go test ./cmd/aktvakt -run '^$' -bench ShareNights -benchtime 1x
func BenchmarkShareNights(b *testing.B) {
	files := 10_000
	if n, err := strconv.Atoi(os.Getenv("AKTVAKT_ENTRIES")); err == nil {
		files = n
	}
	s := municipality(b)
	s.Put(sambatest.Admin, "docs", "gemensamt/first", []byte("x"))
	kept := s.Kept("docs", "gemensamt/first")
	for i := range files {
		text := fmt.Sprintf("Protokoll %d från nämndens möte om gator och parker. Paragraf %d antogs.\n", i, i)
		if i%100 == 0 {
			text = "Journalanteckning. Orosanmälan om Elsa, 20090528-2380. Utredning enligt 11 kap. 1 § SoL, misstänkt misshandel i hemmet.\n"
		}
		path := fmt.Sprintf("gemensamt/mapp %03d/handling %05d.txt", i/500, i)
		s.WriteFile("docs", path, []byte(text))
		s.SetKept("docs", path, kept)
	}
	dir := b.TempDir()
	far := s.Proxy(10 * time.Millisecond)
	scan := func(b *testing.B, at string, extra ...string) {
		args := append([]string{"scan", "--count-test-numbers", "--home-country", "se", "--report", filepath.Join(dir, "report")}, extra...)
		if _, stderr, code := aktvakt(b, logon(dir), append(args, "smb://"+at+"/docs")...); code != 0 {
			b.Fatalf("exit code %d\n%s", code, stderr)
		}
	}
	run := func(name string, f func(b *testing.B)) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f(b)
			}
			b.ReportMetric(float64(files*b.N)/b.Elapsed().Seconds(), "files/s")
		})
	}
	run("first", func(b *testing.B) { scan(b, s.Addr, "--full") })
	run("second", func(b *testing.B) { scan(b, s.Addr) })
	distant := fmt.Sprintf("%s:%d", far.Host, far.Port)
	run("first at 20 ms", func(b *testing.B) { scan(b, distant, "--full") })
	run("second at 20 ms", func(b *testing.B) { scan(b, distant) })
	run("smbclient", func(b *testing.B) {
		if _, err := s.Smbclient("scanner", "docs", "recurse; ls"); err != nil {
			b.Fatal(err)
		}
	})
}
