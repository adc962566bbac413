package list_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var longDigits = regexp.MustCompile(`\d{6,8}-\d{4}|\d{6,}`)

// TestWorkbooksPeer compares the numbers in the workbooks of the folder
// AKTVAKT_WORKBOOKS with those that LibreOffice shows: strings of six digits
// and more, of all sheets, white space removed. It is a measurement on demand.
func TestWorkbooksPeer(t *testing.T) {
	dir := os.Getenv("AKTVAKT_WORKBOOKS")
	if dir == "" {
		return
	}
	var files []string
	for _, ext := range []string{"xls", "xlsx", "xlsm", "ods"} {
		found, err := filepath.Glob(filepath.Join(dir, "*."+ext))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		t.Fatal("no workbooks")
	}
	total, hits := map[string]int{}, map[string]int{}
	for i, path := range files {
		shown, err := libreOffice(t, path, filepath.Join(t.TempDir(), fmt.Sprint(i)))
		if err != nil {
			t.Logf("%s: %v", filepath.Base(path), err)
			continue
		}
		text := strings.Join(strings.Fields(string(readFile(t, path).Text)), "")
		ext := filepath.Ext(path)
		var missing []string
		for _, number := range longDigits.FindAllString(shown, -1) {
			total[ext]++
			if strings.Contains(text, number) {
				hits[ext]++
			} else {
				missing = append(missing, number)
			}
		}
		if len(missing) > 0 {
			t.Logf("%s: %d missing, as %s", filepath.Base(path), len(missing), missing[0])
		}
	}
	for ext, n := range total {
		t.Logf("%s: %d of %d, %.4f", ext, hits[ext], n, float64(hits[ext])/float64(n))
	}
}

// libreOffice returns all sheets of a workbook as LibreOffice shows them,
// cells separated by tabs.
func libreOffice(t *testing.T, path, to string) (string, error) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	profile := "-env:UserInstallation=file://" + filepath.Join(os.TempDir(), "aktvakt-peer-office")
	const all = "csv:Text - txt - csv (StarCalc):9,34,76,1,,0,false,true,true,false,false,-1"
	if out, err := exec.CommandContext(ctx, "soffice", "--headless", profile, "--convert-to", all, "--outdir", to, path).CombinedOutput(); err != nil {
		return "", fmt.Errorf("soffice: %w: %s", err, out)
	}
	sheets, err := filepath.Glob(filepath.Join(to, "*.csv"))
	if err != nil {
		return "", err
	}
	if len(sheets) == 0 {
		return "", errors.New("not read by LibreOffice")
	}
	slices.Sort(sheets)
	var shown strings.Builder
	for _, s := range sheets {
		b, err := os.ReadFile(s)
		if err != nil {
			return "", err
		}
		shown.Write(b)
		shown.WriteByte('\n')
	}
	return shown.String(), nil
}
