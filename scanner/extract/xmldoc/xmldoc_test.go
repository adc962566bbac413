package xmldoc_test

import (
	"context"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/extracttest"
	"aktvakt/scanner/extract/xmldoc"
)

func TestSuite(t *testing.T) {
	extracttest.Run(t, extracttest.Suite{Extractor: xmldoc.New(), Files: []string{"testdata/export.xml", "testdata/word2003.xml", "testdata/excel2003.xml"}})
}

func run(b []byte) extract.Document {
	return extract.Run(context.Background(), extract.Bytes(b), "x.xml", []extract.Extractor{xmldoc.New()}, extract.Limits{})
}

func TestText(t *testing.T) {
	for file, want := range map[string]string{
		"export.xml":    "system: Procapita\ndnr: SN 2024-17\npersonnummer: 19900101-2385\nnamn: Åsa & Bo\ntext: Orosanmälan från förskolan\n",
		"word2003.xml":  "19900101-2385\nNamn\tNr\n",
		"excel2003.xml": "Namn\tPersonnr\nÅsa\t19900101-2385\n",
	} {
		b, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		doc := run(b)
		if diff := cmp.Diff(want, string(doc.Text)); diff != "" || doc.Skip != nil {
			t.Errorf("%s: %s skip %+v", file, diff, doc.Skip)
		}
	}
}

func TestCharsets(t *testing.T) {
	for name, in := range map[string]string{
		"utf-8": "<?xml version='1.0'?><n>för</n>", "claimed latin": "<?xml version='1.0' encoding='ISO-8859-1'?><n>för</n>",
		"latin": "<?xml version='1.0' encoding='ISO-8859-1'?><n>f\xF6r</n>", "850": "<?xml version='1.0' encoding='cp850'?><n>f\x94r</n>",
		"utf-16": utf16("<?xml version='1.0' encoding='UTF-16'?><n>för</n>"),
	} {
		if got := string(run([]byte(in)).Text); got != "n: för\n" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func utf16(s string) string {
	b := []byte{0xFF, 0xFE}
	for _, r := range s {
		b = append(b, byte(r), byte(r>>8))
	}
	return string(b)
}

func FuzzText(f *testing.F) {
	f.Add("<a b='ccc'>x<t>y</t></a>")
	f.Fuzz(func(t *testing.T, in string) { run([]byte("<?xml version='1.0'?>" + in)) })
}
