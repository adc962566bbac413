package ole_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/rc4"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/extracttest"
	"aktvakt/scanner/extract/ole"
	"aktvakt/scanner/extract/plain"
	"aktvakt/scanner/finding"
)

func TestSuite(t *testing.T) {
	extracttest.Run(t, extracttest.Suite{Extractor: ole.New(), Files: []string{
		"testdata/places.doc", "testdata/places.xls", "testdata/places.ppt",
	}})
}

func run(b []byte) extract.Document {
	return extract.Run(context.Background(), extract.Bytes(b), "x", []extract.Extractor{ole.New()}, extract.Limits{})
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPlaces(t *testing.T) {
	var truth map[string]map[string]string
	if err := json.Unmarshal(read(t, "truth.json"), &truth); err != nil {
		t.Fatal(err)
	}
	delete(truth["xlsx"], "richtext") // the converter lost it; see TestSharedStrings
	for file, kind := range map[string]string{"places.doc": "docx", "places.xls": "xlsx", "places.ppt": "pptx"} {
		t.Run(file, func(t *testing.T) {
			doc := run(read(t, file))
			if doc.Skip != nil {
				t.Errorf("skip %+v", doc.Skip)
			}
			for place, token := range truth[kind] {
				rest := string(doc.Text)
				for part := range strings.SplitSeq(token, "|") {
					i := strings.Index(rest, part)
					if i < 0 {
						t.Errorf("%s: %q not found", place, token)
						break
					}
					rest = rest[i+len(part):]
				}
			}
			if os.Getenv("DUMP") != "" {
				t.Log(string(doc.Text))
			}
		})
	}
}

func TestMessage(t *testing.T) {
	inner := []node{stream("__properties_version1.0", ""), prop("0037", "Bifogat ärende"), prop("1000", "inre text")}
	b := makeCFB([]node{
		stream("__properties_version1.0", ""),
		prop("0037", "Angående Åsa"), prop("0C1A", "Bo Ek"), prop("0E04", "Ann Ås"), prop("1000", "brödtext 19900101-2385\r\nrad två"),
		prop("001A", "IPM.Note"), prop("007D", "X-Spår: ja"),
		{name: "__substg1.0_10130102", data: []byte("<html><p>brödtext 19900101-2385</p><p>bara i html</p>")},
		{name: "__recip_version1.0_#00000000", kids: []node{prop("3001", "Ann Ås"), prop("39FE", "ann@example.se")}},
		{name: "__attach_version1.0_#00000000", kids: []node{prop("3707", "bilaga.txt"), {name: "__substg1.0_37010102", data: []byte(long("bilagans text"))}}},
		{name: "__attach_version1.0_#00000001", kids: []node{prop("3001", "Vidarebefordrat"), {name: "__substg1.0_3701000D", kids: inner}}},
	})
	doc := extract.Run(t.Context(), extract.Bytes(b), "x.msg", []extract.Extractor{ole.New(), plain.New()}, extract.Limits{})
	want := "From: Bo Ek\nTo: Ann Ås\nSubject: Angående Åsa\nX-Spår: ja\nbrödtext 19900101-2385\nrad två\nbara i html\n" +
		"ann@example.se\n"
	got := string(doc.Text)
	for part := range strings.Lines(want) {
		i := strings.Index(got, part)
		if i < 0 {
			t.Fatalf("%q missing or out of order in %q", part, doc.Text)
		}
		got = got[i+len(part):]
	}
	for _, part := range []string{"bilaga.txt\nbilagans text", "Vidarebefordrat\nSubject: Bifogat ärende\ninre text\n"} {
		if !strings.Contains(got, part) {
			t.Errorf("%q missing in %.300q", part, got)
		}
	}
	if doc.Skip != nil || doc.MediaType != "application/vnd.ms-outlook" {
		t.Errorf("%q, skip %+v", doc.MediaType, doc.Skip)
	}
	if strings.Contains(string(doc.Text), "IPM.Note") {
		t.Error("machine strings are told")
	}
}

func TestReasons(t *testing.T) {
	word := make([]byte, 4096)
	word[0xA], word[0xB] = 0, 1 // encrypted
	tests := []struct {
		name string
		root []node
		want finding.Reason
	}{
		{"encrypted package", []node{stream("EncryptedPackage", "x"), stream("EncryptionInfo", "x")}, finding.Encrypted},
		{"encrypted Word", []node{{name: "WordDocument", data: word}}, finding.Encrypted},
		{"encrypted PowerPoint", []node{stream("PowerPoint Document", "\x0F\x00\x14\x2F\x00\x00\x00\x00")}, finding.Encrypted},
		{"something else", []node{stream("Catalog", "x")}, finding.Unsupported},
		{"workbook with an unknown password", []node{{name: "Workbook", data: encrypt(t, "hemligt", plainBook)}}, finding.Encrypted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if s := run(makeCFB(tt.root)).Skip; s == nil || s.Reason != tt.want || s.Partial {
				t.Errorf("skip %+v", s)
			}
		})
	}
}

// rec makes a record of a workbook.
func rec(id int, data ...byte) []byte {
	return append([]byte{byte(id), byte(id >> 8), byte(len(data)), byte(len(data) >> 8)}, data...)
}

func label(row, col byte, text string) []byte {
	return rec(0x204, append([]byte{row, 0, col, 0, 0, 0, byte(len(text)), 0, 0}, text...)...)
}

var plainBook = bytes.Join([][]byte{rec(0x809, 0, 6, 5, 0, 0, 0, 0, 0), label(0, 0, "Personnr"), label(1, 0, "19900101-2385"), rec(0x0A)}, nil)

// encrypt encrypts a workbook by the method of Excel 97, [MS-OFFCRYPTO] 2.3.6.
func encrypt(t *testing.T, password string, book []byte) []byte {
	t.Helper()
	salt := []byte("0123456789abcdef")
	h0 := md5.Sum(wide(password))
	var buf []byte
	for range 16 {
		buf = append(append(buf, h0[:5]...), salt...)
	}
	h1 := md5.Sum(buf)
	key := md5.Sum(append(bytes.Clone(h1[:5]), 0, 0, 0, 0))
	c, err := rc4.NewCipher(key[:])
	if err != nil {
		t.Fatal(err)
	}
	verifier := []byte("verify these all")
	sum := md5.Sum(verifier)
	v, h := make([]byte, 16), make([]byte, 16)
	c.XORKeyStream(v, verifier)
	c.XORKeyStream(h, sum[:])
	pass := rec(0x2F, append(append(append([]byte{1, 0, 1, 0, 1, 0}, salt...), v...), h...)...)
	bof := 12
	out := append(append(bytes.Clone(book[:bof]), pass...), book[bof:]...)
	if c, err = rc4.NewCipher(key[:]); err != nil {
		t.Fatal(err)
	}
	stream := make([]byte, len(out)) // the key stream runs over headers too
	c.XORKeyStream(stream, stream)
	for at := bof + len(pass); at+4 <= len(out); {
		n := int(out[at+2]) | int(out[at+3])<<8
		for i := at + 4; i < at+4+n; i++ {
			out[i] ^= stream[i]
		}
		at += 4 + n
	}
	return out
}

// TestDefaultPassword: a workbook whose structure is protected is encrypted
// with a password that everyone knows.
func TestDefaultPassword(t *testing.T) {
	doc := run(makeCFB([]node{{name: "Workbook", data: encrypt(t, "VelvetSweatshop", plainBook)}}))
	if string(doc.Text) != "Personnr\n19900101-2385\n" || doc.Skip != nil {
		t.Errorf("%q, skip %+v", doc.Text, doc.Skip)
	}
}

// TestSharedStrings: strings with formatting runs, and one that goes on in
// the next record in the other width.
func TestSharedStrings(t *testing.T) {
	sst := []byte{2, 0, 0, 0, 2, 0, 0, 0}
	sst = append(sst, 13, 0, 8, 2, 0) // 13 characters, rich, two runs
	sst = append(sst, "19750505-7504"...)
	sst = append(sst, 0, 0, 1, 0, 4, 0, 1, 0)
	sst = append(sst, 6, 0, 0)
	sst = append(sst, "\xC5sa"...)
	more := append([]byte{1}, wide(" Ek")...)
	cell := func(row, i byte) []byte { return rec(0xFD, row, 0, 0, 0, 0, 0, i, 0, 0, 0) }
	b := bytes.Join([][]byte{rec(0x809, 0, 6, 5, 0, 0, 0, 0, 0), rec(0xFC, sst...), rec(0x3C, more...), cell(0, 0), cell(1, 1), rec(0x0A)}, nil)
	doc := run(makeCFB([]node{{name: "Workbook", data: b}}))
	if string(doc.Text) != "19750505-7504\nÅsa Ek\n" {
		t.Errorf("%q", doc.Text)
	}
}

// TestBareWorkbook: Excel 4 wrote workbooks without a container.
func TestBareWorkbook(t *testing.T) {
	text := func(row byte, s string) []byte {
		return rec(0x204, append([]byte{row, 0, 0, 0, 0, 0, byte(len(s)), 0}, s...)...)
	}
	b := bytes.Join([][]byte{rec(0x409, 0, 4, 16, 0, 0, 0), text(0, "P\xE5l"), text(1, "19900101-2385"), rec(0x0A)}, nil)
	doc := run(b)
	if string(doc.Text) != "Pål\n19900101-2385\n" || doc.Skip != nil {
		t.Errorf("%q, skip %+v", doc.Text, doc.Skip)
	}
}

// TestPackagedFile: a file dropped into a document is handed back by name.
func TestPackagedFile(t *testing.T) {
	content := long("inbäddad text")
	n := []byte{0, 0, 0, 0, 2, 0}
	n = append(n, "bilaga.txt\x00C:\\bilaga.txt\x00\x00\x00\x03\x00"...)
	n = append(n, 6, 0, 0, 0)
	n = append(n, "C:\\tm\x00"...)
	n = append(n, byte(len(content)), byte(len(content)>>8), 0, 0)
	n = append(n, content...)
	b := makeCFB([]node{{name: "Workbook", data: plainBook}, {name: "MBD0001", kids: []node{{name: "\x01Ole10Native", data: n}}}})
	doc := extract.Run(t.Context(), extract.Bytes(b), "x.xls", []extract.Extractor{ole.New(), plain.New()}, extract.Limits{})
	if !strings.Contains(string(doc.Text), "bilaga.txt\ninbäddad text\n") || doc.Skip != nil {
		t.Errorf("%.200q, skip %+v", doc.Text, doc.Skip)
	}
}

// TestMacros: the source of macros is text, without the lines that the
// program writes itself.
func TestMacros(t *testing.T) {
	source := "Attribute VB_Name = \"Modul1\"\r\nSub Brev()\r\n  pnr = \"19900101-2385\"\r\nEnd Sub\r\n"
	var chunk []byte
	for i := 0; i < len(source); i += 8 {
		chunk = append(append(chunk, 0), source[i:min(i+8, len(source))]...)
	}
	packed := append([]byte{1, byte(len(chunk) - 1), 0xB0 | byte((len(chunk)-1)>>8)}, chunk...)
	module := append([]byte("what the program keeps\x00"), packed...)
	project := node{name: "VBA", kids: []node{{name: "_VBA_PROJECT", data: []byte{0xCC, 0x61}}, {name: "dir", data: packed}, {name: "Modul1", data: module}}}
	for name, root := range map[string][]node{
		"in a workbook": {{name: "Workbook", data: plainBook}, {name: "_VBA_PROJECT_CUR", kids: []node{project}}},
		"of a package":  {project, {name: "PROJECT", data: []byte("ID=1")}},
	} {
		doc := run(makeCFB(root))
		if want := "Sub Brev()\n  pnr = \"19900101-2385\"\nEnd Sub\n"; !strings.Contains(string(doc.Text), want) || doc.Skip != nil {
			t.Errorf("%s: %q, skip %+v", name, doc.Text, doc.Skip)
		}
		if strings.Contains(string(doc.Text), "Attribute") {
			t.Errorf("%s: attributes are told", name)
		}
	}
}

// TestCorners: a formula's strings, comments, lists, shapes and names of a
// workbook of LibreOffice.
func TestCorners(t *testing.T) {
	doc := run(read(t, "corners.xls"))
	if doc.Skip != nil {
		t.Errorf("skip %+v", doc.Skip)
	}
	for n := range 20 {
		const titleOfShape = 16 // which LibreOffice does not write
		if want := fmt.Sprintf("3199%02d-%d", n, 2000+13*n); n != titleOfShape && !strings.Contains(string(doc.Text), want) {
			t.Errorf("%s is missing in %q", want, doc.Text)
		}
	}
}

// TestFormulas: strings that formulas quote, of cells and of conditional
// formats.
func TestFormulas(t *testing.T) {
	const n = "19900101-2385"
	str := func(s string) []byte { return append([]byte{0x17, byte(len(s)), 0}, s...) }
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	cellOf := func(result []byte, formula []byte) []byte {
		return rec(0x06, join([]byte{0, 0, 0, 0, 0, 0}, result, make([]byte, 6), []byte{byte(len(formula)), 0}, formula)...)
	}
	text, number := []byte{0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, make([]byte, 8)
	ref := []byte{0x44, 1, 0, 2, 0}
	for _, c := range []struct {
		name   string
		record []byte
		want   string
	}{
		{"compared", cellOf(number, join(ref, str(n), []byte{0x0B})), n},
		{"in a function", cellOf(number, join(ref, str("Åsa"[2:]), str(n), []byte{0x42, 3, 1, 0})), n},
		{"strung together", cellOf(number, join(str("199001"), str("01-2385"), []byte{0x08})), n},
		{"concatenated", cellOf(number, join(str("199001"), str("01-2385"), []byte{0x42, 2, 0x50, 1})), n},
		{"after a choice", cellOf(number, join([]byte{0x19, 4, 1, 0, 1, 0, 2, 0}, str(n))), n},
		{"without a result", cellOf([]byte{3, 0, 0, 0, 0, 0, 0xFF, 0xFF}, str(n)), n},
		{"of a format", rec(0x1B1, join([]byte{2, 0, byte(len(str(n))), 0, 0, 0, 0, 0, 0, 0}, str(n))...), n},
		{"the result says it", append(cellOf(text, str(n)), rec(0x207, join([]byte{byte(len(n)), 0, 0}, []byte(n))...)...), n},
		{"cut off", cellOf(number, []byte{0x17, 200, 0, '1'}), ""},
	} {
		doc := run(join(rec(0x809, 0, 6, 0x10, 0, 0, 0, 0, 0), c.record, rec(0x0A)))
		if got := strings.Count(string(doc.Text), n); got != min(len(c.want), 1) || doc.Skip != nil {
			t.Errorf("%s: %d times in %q, skip %+v", c.name, got, doc.Text, doc.Skip)
		}
	}
}

// TestCommentOfSlide: comments lie in an atom that holds records.
func TestCommentOfSlide(t *testing.T) {
	record := func(version, typ int, body []byte) []byte {
		return append([]byte{byte(version), byte(version >> 8), byte(typ), byte(typ >> 8), byte(len(body)), byte(len(body) >> 8), 0, 0}, body...)
	}
	var text []byte
	for _, c := range "nr 19900101-2385" {
		text = append(text, byte(c), 0)
	}
	comment := record(0xF, 0x2EE0, record(0x10, 0x0FBA, text))
	slide := record(0xF, 0x03EE, record(0xF, 0x138A, record(0, 0x138B, comment)))
	doc := run(makeCFB([]node{{name: "PowerPoint Document", data: slide}}))
	i := strings.Index(string(doc.Text), "nr 19900101-2385\n")
	if i < 0 || doc.At(i).Part != "comments" {
		t.Errorf("%q, skip %+v", doc.Text, doc.Skip)
	}
}

func TestPlacesInSheets(t *testing.T) {
	doc := run(read(t, "places.xls"))
	if got := doc.At(strings.Index(string(doc.Text), "dold rad")).String(); got != "sheet Ärenden ••••••-••••, row 12, column A" {
		t.Errorf("got %q", got)
	}
	doc = run(read(t, "places.doc"))
	if got := doc.At(strings.Index(string(doc.Text), "330303")).String(); got != "header" {
		t.Errorf("got %q", got)
	}
	doc = run(read(t, "places.ppt"))
	if got := doc.At(strings.Index(string(doc.Text), "868686")).String(); got != "page 2" {
		t.Errorf("got %q", got)
	}
}

func FuzzWorkbook(f *testing.F) {
	f.Add(plainBook)
	f.Fuzz(func(t *testing.T, b []byte) { run(append(rec(0x809, 0, 6, 5, 0, 0, 0, 0, 0), b...)) })
}

func FuzzWord(f *testing.F) {
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, doc, table []byte) {
		run(makeCFB([]node{{name: "WordDocument", data: doc}, {name: "0Table", data: table}, {name: "1Table", data: table}}))
	})
}

func FuzzPowerPoint(f *testing.F) {
	f.Add([]byte("\x0F\x00\xEE\x03\x08\x00\x00\x00\x00\x00\xA8\x0F\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) { run(makeCFB([]node{{name: "PowerPoint Document", data: b}})) })
}

func FuzzProperties(f *testing.F) {
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		run(makeCFB([]node{{name: "Workbook", data: plainBook}, {name: "\x05SummaryInformation", data: b}, {name: "\x05DocumentSummaryInformation", data: b}}))
	})
}

func FuzzMacros(f *testing.F) {
	f.Add([]byte("\x01\x03\xB0\x02aE\x00\x00Attribut"))
	f.Fuzz(func(t *testing.T, b []byte) {
		project := node{name: "VBA", kids: []node{{name: "_VBA_PROJECT", data: []byte{0xCC, 0x61}}, {name: "M", data: append([]byte("\x01\x19\xB0\x00Attribut"), b...)}}}
		run(makeCFB([]node{project, {name: "PROJECT", data: []byte("x")}}))
	})
}

func BenchmarkWord(b *testing.B) {
	in := read(b, "places.doc")
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		run(in)
	}
}
