package charset

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/charmap"
)

// texts are of three lines or more, as a Nordic office writes them, with only
// letters that all of the single-byte charsets hold.
var texts = map[string]string{
	"sv":         "Handläggaren tog emot en anmälan från förskolan.\nÅsa Öström är vårdnadshavare.\nEnligt § 14 görs en bedömning.\n",
	"sv capital": "BESLUT OM ÅTGÄRDER\nÄRENDE: FÖRSÖRJNINGSSTÖD\nKLIENT: ÅKE ÖBERG\n",
	"sv table":   "Namn;Personnr;Insats\nÅsa;1;försörjningsstöd\nÖrjan;2;avslag på ansökan\n",
	"da":         "Sagen vedrører tvangsfjernelse af børn.\nSøren Kærgård er værge.\nÆgtefællen er på Østerbro.\n",
	"nb":         "Økonomisk sosialhjelp innvilges.\nSærlige hensyn gjør seg gjeldende.\nPågår til våren.\n",
	"fi":         "Asiakkaan lastensuojeluilmoitus käsiteltiin.\nTyöttömyysetuus myönnettiin.\nÄänekoski\n",
	"names":      "Renée\nJosé Andrén\nKjell-Åke Müller\n",
}

var pages = map[string]*charmap.Charmap{
	"cp1252": charmap.Windows1252, "iso-8859-1": charmap.ISO8859_1, "iso-8859-15": charmap.ISO8859_15,
	"cp850": charmap.CodePage850, "cp865": charmap.CodePage865, "mac": charmap.Macintosh,
}

func encode(t *testing.T, m *charmap.Charmap, text string) []byte {
	t.Helper()
	b, err := m.NewEncoder().Bytes([]byte(strings.NewReplacer("§", "par.").Replace(text)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDetectSingleByte(t *testing.T) {
	for page, m := range pages {
		for name, text := range texts {
			b := encode(t, m, text)
			want := strings.ReplaceAll(text, "§", "par.")
			if got := Detect(b, true); got.Decode(b) != want {
				t.Errorf("%s in %s: read as %v: %q", name, page, got, got.Decode(b))
			}
		}
	}
}

func TestDetectSigns(t *testing.T) {
	tests := []struct {
		page *charmap.Charmap
		text string
	}{
		{charmap.Macintosh, "Vedtak etter § 4-2, jf. § 4-12 – se vedlegg\n"},
		{charmap.ISO8859_15, "Hakemus hylätään, 190 € lääkkeisiin\n"},
		{charmap.Windows1252, "Barnet sa: ”jag vill hem” – det är viktigt…\n"},
		{charmap.Windows1252, "Þjónusta við fötluð börn; Jón Þórðarson\n"},
		{charmap.CodePage850, "Þjónusta við fötluð börn; Jón Þórðarson\n"},
		{charmap.CodePage850, "│ Namn    │ Nr │\n├─────────┼────┤\n│ Åsa Öst │ 12 │\n"},
	}
	for _, tt := range tests {
		b, err := tt.page.NewEncoder().Bytes([]byte(tt.text))
		if err != nil {
			t.Fatal(err)
		}
		if got := Detect(b, true); got.Decode(b) != tt.text {
			t.Errorf("%q read as %v: %q", tt.text, got, got.Decode(b))
		}
	}
	ice := "Fr\x8E\x8E og \xDE\x97r\xDDur\nvi\xDD b\x9Arn og b\xFEur\n"
	if got := Detect([]byte(ice), true); got.String() != MacIceland.String() && got.String() != MacRoman.String() {
		t.Errorf("Icelandic Mac text read as %v", got)
	}
}

func utf16Bytes(text string, little, mark bool) []byte {
	var b []byte
	if mark {
		text = "\uFEFF" + text
	}
	for _, r := range text { // no surrogates in these texts
		if little {
			b = append(b, byte(r), byte(r>>8))
		} else {
			b = append(b, byte(r>>8), byte(r))
		}
	}
	return b
}

func TestReaderUnicode(t *testing.T) {
	for name, text := range texts {
		for form, b := range map[string][]byte{
			"utf-8": []byte(text), "utf-8 with mark": []byte("\uFEFF" + text),
			"utf-16le": utf16Bytes(text, true, false), "utf-16be": utf16Bytes(text, false, false),
			"utf-16le with mark": utf16Bytes(text, true, true), "utf-16be with mark": utf16Bytes(text, false, true),
		} {
			for _, r := range []io.Reader{bytes.NewReader(b), iotest.OneByteReader(bytes.NewReader(b))} {
				got, err := io.ReadAll(NewReader(r))
				if err != nil || string(got) != text {
					t.Errorf("%s as %s: %v %q", name, form, err, got)
				}
			}
		}
	}
}

// TestReaderLate: the first letter that tells the charset comes late, and
// characters are cut by the reader's blocks.
func TestReaderLate(t *testing.T) {
	text := strings.Repeat("only plain letters here\n", 20_000) + strings.Repeat("åtgärder för Örjan\n", 20_000)
	for name, b := range map[string][]byte{
		"cp1252": encode(t, charmap.Windows1252, text), "cp850": encode(t, charmap.CodePage850, text),
		"utf-8": []byte(text), "utf-16": utf16Bytes(text, true, false),
	} {
		got, err := io.ReadAll(NewReader(iotest.HalfReader(bytes.NewReader(b))))
		if err != nil || string(got) != text {
			t.Errorf("%s: %v, %d bytes", name, err, len(got))
		}
	}
}

// TestReaderMixed: stray CP1252 lines in a UTF-8 log stay readable.
func TestReaderMixed(t *testing.T) {
	in := strings.Repeat("väntar på svar\n", 20) + "f\xF6rskola\n"
	got, err := io.ReadAll(NewReader(strings.NewReader(in)))
	if err != nil || !strings.HasSuffix(string(got), "förskola\n") {
		t.Errorf("%v %q", err, got)
	}
}

func TestDetectBinary(t *testing.T) {
	noise := make([]byte, 4096)
	x := uint32(1)
	for i := range noise {
		x = x*1664525 + 1013904223
		noise[i] = byte(x >> 24)
	}
	for name, b := range map[string][]byte{
		"noise": noise, "jpeg": []byte("\xFF\xD8\xFF\xE0\x00\x10JFIF\x00\x01"), "elf": []byte("\x7FELF\x02\x01\x01\x00\x00\x00\x00"),
		"zeros": make([]byte, 100), "mpeg": append([]byte{0xFF, 0xFE}, noise...),
	} {
		if got := Detect(b, true); got.String() != Binary.String() {
			t.Errorf("%s: %v", name, got)
		}
		if got, err := io.ReadAll(NewReader(bytes.NewReader(b))); err != nil || len(got) != 0 {
			t.Errorf("%s: %v, %d bytes", name, err, len(got))
		}
	}
}

func TestByLabel(t *testing.T) {
	for label, want := range map[string]Charset{
		"ISO-8859-1": CP1252, " \"utf-8\" ": UTF8, "cp850": CP850, "macintosh": MacRoman, "UTF-16": UTF16LE, "latin1": CP1252,
	} {
		if got, ok := ByLabel(label); !ok || got.String() != want.String() {
			t.Errorf("%q: %v %v", label, got, ok)
		}
	}
	if _, ok := ByLabel("no such"); ok {
		t.Error("unknown label accepted")
	}
}

// TestQuotesAndNeighbours: quotation marks that are letters in another page,
// and Estonian, which shares letters but not their places.
func TestQuotesAndNeighbours(t *testing.T) {
	for _, c := range []struct {
		text string
		in   []Charset
	}{
		{"Hakija kirjoitti sanan ”tuki” lomakkeelle.\nVirkailija luki sanat ”tuki” ja ”hoito”.\nAsia siirtyi tälle viikolle.\n", []Charset{CP1252}},
		{"Kontoret kaller mappen «Barn».\nDen andre heter «Skole».\nIngen andre mapper finnes.\n", []Charset{CP1252, CP850}},
		{"Õpilane elab vanaema juures ning käib koolis.\nÕpetaja kirjutas, et lapse isa tööd ei leidnud.\nKui ülevaade on valmis, teeb sotsiaaltöötaja otsuse.\n", []Charset{CP1252, ISO885915, CP850, MacRoman}},
		{"Öst om ån låg en ö. Där bodde Åke på sin ö.\nÖn är nu såld.\nEn å rinner förbi.\n", []Charset{CP1252, CP850, CP865, MacRoman}},
	} {
		for _, from := range c.in {
			b := encodeIn(t, from, c.text)
			if got := Detect(b, true).Decode(b); got != c.text {
				t.Errorf("%v: read as %v: %q", from, Detect(b, true), got)
			}
		}
	}
}

// encodeIn writes a text in a single-byte charset.
func encodeIn(t *testing.T, c Charset, text string) []byte {
	t.Helper()
	var b []byte
	for _, r := range text {
		i := slices.Index(c.high[:], r)
		switch {
		case r < 0x80:
			b = append(b, byte(r))
		case i < 0:
			t.Fatalf("%q is not in %v", r, c)
		default:
			b = append(b, byte(0x80+i))
		}
	}
	return b
}

// TestCorpus measures the labelled texts that AKTVAKT_CORPUS points to, whose
// names begin with their charset.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("AKTVAKT_CORPUS")
	if dir == "" {
		return // an evaluation on demand
	}
	files, err := filepath.Glob(filepath.Join(dir, "encodings", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no texts: %v", err)
	}
	named := map[string]Charset{
		"cp1252": CP1252, "cp850": CP850, "cp865": CP865, "iso8859-1": CP1252, "iso8859-15": ISO885915,
		"mac-roman": MacRoman, "utf-16": UTF16LE, "utf-16-be": UTF16BE, "utf-16-le": UTF16LE, "utf-8": UTF8,
	}
	right := 0
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		label, _, _ := strings.Cut(filepath.Base(f), "_")
		if got := Detect(b, true); got.Decode(b) == named[label].Decode(b) {
			right++
		} else {
			t.Errorf("%s: read as %v", filepath.Base(f), got)
		}
	}
	t.Logf("%d of %d right", right, len(files))
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("f\xF6rskola"))
	f.Add([]byte("\xFF\xFEa\x00\x00\xD8"))
	f.Add([]byte("\xEF\xBB\xBFå\xC3"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewReader(iotest.HalfReader(bytes.NewReader(b)))
		got, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) > 4*len(b)+4 {
			t.Fatalf("%d bytes became %d", len(b), len(got))
		}
	})
}

func BenchmarkReader(b *testing.B) {
	text := strings.Repeat("Handläggaren tog emot en anmälan från förskolan.\n", 20_000)
	cp1252, err := charmap.Windows1252.NewEncoder().Bytes([]byte(text))
	if err != nil {
		b.Fatal(err)
	}
	for name, in := range map[string][]byte{"utf-8": []byte(text), "cp1252": cp1252} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			for b.Loop() {
				if _, err := io.Copy(io.Discard, NewReader(bytes.NewReader(in))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
