package tnef

import (
	"encoding/base64"
	"encoding/binary"
	"flag"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/extracttest"
	"aktvakt/scanner/extract/mail"
	"aktvakt/scanner/extract/mapi"
	"aktvakt/scanner/extract/plain"
)

func le32(b []byte, n int) []byte { return binary.LittleEndian.AppendUint32(b, uint32(n)) }

func attribute(level byte, id int, v []byte) []byte {
	b := le32(le32([]byte{level}, id), len(v))
	b = append(b, v...)
	sum := 0
	for _, c := range v {
		sum += int(c)
	}
	return append(b, byte(sum), byte(sum>>8))
}

func padded(v []byte) []byte {
	b := append(le32(nil, len(v)), v...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s + "\x00")) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// variable is a property of one value that tells its length.
func variable(id, typ int, v []byte) []byte {
	return append(le32(le32(nil, id<<16|typ), 1), padded(v)...)
}

func properties(list ...[]byte) []byte {
	b := le32(nil, len(list))
	for _, p := range list {
		b = append(b, p...)
	}
	return b
}

func build(attributes ...[]byte) []byte {
	b := append([]byte(magic), 1, 0)
	for _, a := range attributes {
		b = append(b, a...)
	}
	return b
}

// sample is a file with text in every place.
func sample() []byte {
	named := le32(nil, 0x8001<<16|mapi.TypeUnicode)
	named = append(named, make([]byte, 16)...)
	named = append(le32(named, 1), padded(wide("Sekretess"))...)
	named = append(le32(named, 1), padded(wide("Nyckelord: barn"))...)
	numbered := le32(nil, 0x8002<<16|mapi.TypeInt32)
	numbered = append(numbered, make([]byte, 16)...)
	numbered = le32(le32(le32(numbered, 0), 77), 5)
	several := le32(le32(nil, 0x3A58<<16|mapi.Multiple|mapi.TypeUnicode), 2)
	several = append(append(several, padded(wide("Första"))...), padded(wide("Andra"))...)
	short := le32(le32(nil, 0x0017<<16|mapi.TypeInt16), 1)
	date := append(le32(nil, 0x0039<<16|0x40), make([]byte, 8)...)
	rtf := `{\rtf1 Endast i rtf, 19900101-2385}`
	packed := le32(le32(nil, len(rtf)+12), len(rtf))
	packed = append(append(packed, "MELA\x00\x00\x00\x00"...), rtf...)
	inner := build(attribute(levelMessage, attSubject, []byte("Bifogat brev\x00")), attribute(levelMessage, attBody, []byte("930405-2384\x00")))
	return build(
		attribute(levelMessage, 0x089006, []byte{0, 0, 1, 0}),
		attribute(levelMessage, attCodepage, le32(le32(nil, 1252), 0)),
		attribute(levelMessage, attSubject, []byte("S\xF8ren \xC6r\xF8\x00")),
		attribute(levelMessage, attBody, []byte("Text i klartext\r\n\x00")),
		attribute(levelMessage, attRecipients, append(le32(nil, 2), append(
			properties(variable(mapi.Display, mapi.TypeUnicode, wide("Åsa Öberg")), variable(mapi.SMTP, mapi.TypeUnicode, wide("asa@kommun.example"))),
			properties(variable(mapi.Display, mapi.TypeANSI, []byte("Bo Ek\x00")))...)...)),
		attribute(levelMessage, attProperties, properties(short, date, named, numbered, several,
			variable(0x0C1A, mapi.TypeUnicode, wide("Avsändare Ek")),
			variable(mapi.HTML, mapi.TypeBinary, []byte("<p>Text i klartext</p><p>Endast i html</p>")),
			variable(mapi.RTF, mapi.TypeBinary, packed))),
		attribute(levelFile, attNewFile, make([]byte, 14)),
		attribute(levelFile, attFileTitle, []byte("UTREDN~1.TXT\x00")),
		attribute(levelFile, attFileData, []byte("Bilagans text")),
		attribute(levelFile, attFileProps, properties(variable(mapi.LongName, mapi.TypeUnicode, wide("utredning åsa.txt")))),
		attribute(levelFile, attNewFile, make([]byte, 14)),
		attribute(levelFile, attFileTitle, []byte("Brevet\x00")),
		attribute(levelFile, attFileProps, properties(variable(mapi.AttachData, mapi.TypeObject, append(make([]byte, 16), inner...)))),
	)
}

func read(t *testing.T, b []byte) extract.Document {
	return extract.Run(t.Context(), extract.Bytes(b), "winmail.dat", []extract.Extractor{New(), mail.New(), plain.New()}, extract.Limits{})
}

func TestEveryPlace(t *testing.T) {
	doc := read(t, sample())
	if doc.Skip != nil || doc.MediaType != MediaType {
		t.Fatalf("media type %q, skip %+v", doc.MediaType, doc.Skip)
	}
	text := string(doc.Text)
	for token, place := range map[string]string{
		"Subject: Søren Ærø": "", "From: Avsändare Ek": "", "Text i klartext": "", "Endast i html": "", "Endast i rtf, 19900101-2385": "",
		"Nyckelord: barn": "properties", "Första": "properties", "Andra": "properties", "Åsa Öberg\nasa@kommun.example\nBo Ek": "recipients",
		"utredning åsa.txt": "utredning åsa.txt, file name", "Bilagans text": "utredning åsa.txt",
		"Bifogat brev": "Brevet", "930405-2384": "Brevet",
	} {
		i := strings.Index(text, token)
		if i < 0 {
			t.Errorf("%q not found", token)
		} else if got := doc.At(i).String(); got != place {
			t.Errorf("%q is at %q, want %q", token, got, place)
		}
	}
	if n := strings.Count(text, "Text i klartext"); n != 1 {
		t.Errorf("text told %d times", n)
	}
}

// TestCutShort: what came before the cut is told, and that there is more.
func TestCutShort(t *testing.T) {
	b := sample()
	doc := read(t, b[:len(b)*2/3])
	if doc.Skip == nil || doc.Skip.Reason != "corrupt" || !doc.Skip.Partial || !strings.Contains(string(doc.Text), "Text i klartext") {
		t.Errorf("skip %+v, text %q", doc.Skip, doc.Text)
	}
}

// TestInMail: a winmail.dat attached to a mail is read where it stands.
func TestInMail(t *testing.T) {
	msg := "From: a@kommun.example\nTo: b@kommun.example\nMIME-Version: 1.0\nContent-Type: application/ms-tnef; name=winmail.dat\n" +
		"Content-Disposition: attachment; filename=winmail.dat\nContent-Transfer-Encoding: base64\n\n"
	doc := extract.Run(t.Context(), extract.Bytes(msg+base64.StdEncoding.EncodeToString(sample())), "x.eml", []extract.Extractor{New(), mail.New(), plain.New()}, extract.Limits{})
	if !strings.Contains(string(doc.Text), "930405-2384") || !strings.Contains(string(doc.Text), "Endast i html") {
		t.Errorf("skip %+v, text %q", doc.Skip, doc.Text)
	}
}

var update = flag.Bool("update", false, "write the file in testdata")

func TestSuite(t *testing.T) {
	const path = "testdata/winmail.dat"
	if *update {
		if err := os.WriteFile(path, sample(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	extracttest.Run(t, extracttest.Suite{Extractor: New(), Files: []string{path}})
}

func FuzzExtract(f *testing.F) {
	f.Add(sample())
	f.Add(build())
	f.Fuzz(func(t *testing.T, b []byte) {
		var r extracttest.Recorder
		_ = New().Extract(t.Context(), "", extract.Bytes(b), &r)
	})
}

func BenchmarkExtract(b *testing.B) {
	data := sample()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		var r extracttest.Recorder
		if err := New().Extract(b.Context(), "", extract.Bytes(data), &r); err != nil {
			b.Fatal(err)
		}
	}
}
