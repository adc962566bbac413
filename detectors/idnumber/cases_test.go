package idnumber_test

import (
	"strings"
	"testing"
	"time"

	"aktvakt/detectors"
	"aktvakt/detectors/idnumber"
)

// Each case is a text with the expected numbers in ⟦ ⟧, the detector behind a
// bar. Numbers are published test numbers. A case without brackets must give
// no match at all.
var cases = []struct{ name, text string }{
	// Labels, near and far.
	{"label", "Personnummer: ⟦850707-2380|se-personnummer⟧"},
	{"label after", "⟦850707-2380|se-personnummer⟧ (personnr)"},
	{"label dots", "Pers.nr. . . . . . . ⟦8507072380|se-personnummer⟧"},
	{"label line above", "Personnummer\n⟦8507072380|se-personnummer⟧\nNamn\nAnna"},
	{"label glued", "pnr⟦8507072380|se-personnummer⟧"},
	{"label glued upper", "PNR⟦198507072380|se-personnummer⟧;Test"},
	{"label glued long", "personnummer⟦19850707-2380|se-personnummer⟧"},
	{"label camel", `{"barnPersonnummer": "⟦200806042396|se-personnummer⟧"}`},
	{"label snake", `elev_pnr=⟦200806042396|se-personnummer⟧&skola=3`},
	{"label hyphen", "p-nr ⟦850707-2380|se-personnummer⟧"},
	{"label in sentence", "Hennes personnummer är ⟦850707-2380|se-personnummer⟧ och hon bor i Testköping."},
	{"two after one label", "Personnummer: ⟦850707-2380|se-personnummer⟧, ⟦780801-2384|se-personnummer⟧"},
	{"samordning", "Samordningsnr ⟦20220672-2387|se-samordningsnummer⟧"},
	{"sole trader", "Org.nr: ⟦850707-2380|se-personnummer⟧"},
	{"sole trader with 16", "Organisationsnummer ⟦16850707-2380|se-personnummer⟧"},
	{"danish label", "CPR-nr.: ⟦231251-9995|dk-cpr⟧"},
	{"danish glued", "cpr⟦2312519995|dk-cpr⟧"},
	{"danish in words", "Borgerens cprnummer er ⟦2312519995|dk-cpr⟧"},
	{"norwegian label", "Fødselsnr. ⟦22904001930|no-fodselsnummer⟧"},
	{"norwegian f.nr", "f.nr. ⟦229040 01930|no-fodselsnummer⟧"},
	{"norwegian d", "D-nummer: ⟦53042520795|no-dnummer⟧"},
	{"finnish label", "Henkilötunnus: ⟦090814C952K|fi-hetu⟧"},
	{"finnish inflected", "Lapsen henkilötunnuksella ⟦090814C952K|fi-hetu⟧ ei löydy"},
	{"finland swedish", "Personbeteckning ⟦230146-969S|fi-hetu⟧"},
	{"icelandic label", "Kennitala: ⟦010130-2559|is-kennitala⟧"},
	{"icelandic kt", "Jóna Prufudóttir, kt. ⟦0101302559|is-kennitala⟧"},
	{"estonian", "isikukood ⟦36805280109|ee-isikukood⟧"},
	{"faroese", "P-tal: ⟦230180-123|fo-ptal⟧"},
	{"ssn column", "name,ssn,city\nAnna,⟦198507072380|se-personnummer⟧,Lund\nBo,⟦197808012384|se-personnummer⟧,Lund\n"},

	// Ways of writing.
	{"figure dash", "född ⟦850707‒2380|se-personnummer⟧"},
	{"hyphen and soft hyphen", "Pnr ⟦850707-\u00ad2380|se-personnummer⟧"},
	{"zero width", "Personnummer ⟦850707\u200b-2380|se-personnummer⟧"},
	{"percent hyphen", "GET /akt?pnr=⟦850707%2D2380|se-personnummer⟧&x=1"},
	{"percent space before", "GET /sok?q=Anna%20⟦850707-2380|se-personnummer⟧"},
	{"percent en dash", "pnr=⟦850707%E2%80%932380|se-personnummer⟧"},
	{"entity", "<td>Personnummer</td><td>⟦850707&#8209;2380|se-personnummer⟧</td>"},
	{"json escape", `{"pnr":"⟦850707\u20132380|se-personnummer⟧"}`},
	{"json newline", `"text":"Personnummer:\n⟦8507072380|se-personnummer⟧"`},
	{"full width", "個人 ⟦８５０７０７－２３８０|se-personnummer⟧"},
	{"letter spaced", "Personnummer ⟦8 5 0 7 0 7 - 2 3 8 0|se-personnummer⟧"},
	{"letter spaced 12", "P e r s o n n u m m e r : ⟦1 9 8 5 0 7 0 7 - 2 3 8 0|se-personnummer⟧ T e s t"},
	{"letter spaced wide", "Pnr:  ⟦8  5  0  7  0  7  -  2  3  8  0|se-personnummer⟧"},
	{"letter spaced hetu", "Hetu: ⟦0 9 0 8 1 4 C 9 5 2 K|fi-hetu⟧"},
	{"odd spaces", "Personnummer: ⟦850 707-2380|se-personnummer⟧"},
	{"pairs", "Personnummer: ⟦85 07 07 23 80|se-personnummer⟧"},
	{"pairs with century", "Personnummer ⟦1985 07 07-2380|se-personnummer⟧"},
	{"pairs and dash", "CPR: ⟦23 12 51 - 9995|dk-cpr⟧"},
	{"dots", "CPR ⟦23.12.51-9995|dk-cpr⟧"},
	{"iso", "Personnummer ⟦1985-07-07-2380|se-personnummer⟧"},
	{"ocr zero", "Personnr: ⟦85O7O7-238O|se-personnummer⟧"},
	{"ocr one", "CPR: ⟦23l25l-9995|dk-cpr⟧"},
	{"ocr first", "Fnr: ⟦O69O1650339|no-fodselsnummer⟧"},
	{"indent after break", "Personnummer 850707-\n"},
	{"line break", "Anna Testsson ⟦850707-\n    2380|se-personnummer⟧ sökte"},
	{"crlf break", "Patient ⟦850707-\r\n2380|se-personnummer⟧"},
	{"quoted printable", "Personnummer: ⟦850707-=\r\n2380|se-personnummer⟧"},
	{"century apart", "Personnr ⟦19 850707-2380|se-personnummer⟧"},
	{"no 6 5", "fødselsnummer ⟦069016 50339|no-fodselsnummer⟧"},
	{"no 6 3 2", "fødselsnummer ⟦069016 503 39|no-fodselsnummer⟧"},
	{"no dots", "Fødselsnr: ⟦06.90.16 50339|no-fodselsnummer⟧"},
	{"hetu lower", "hetu ⟦090814c952k|fi-hetu⟧"},
	{"hetu spaced letter", "Hetu: ⟦090814 C 952K|fi-hetu⟧"},
	{"reserve VGR", "Reservnummer ⟦19810829M071|se-reservnummer⟧"},
	{"reserve SLL", "Reservnummer: ⟦991981000010|se-reservnummer⟧"},
	{"reserve NRID", "NRID ⟦22950606FH20|se-reservnummer⟧"},
	{"reserve TF", "Tillfälligt personnummer ⟦20000101-TF10|se-reservnummer⟧"},
	{"ecpr", "Erstatnings-CPR: ⟦020329-1WQ3|dk-erstatningscpr⟧"},
	{"erstatning day 60", "Erstatningspersonnummer ⟦831251-9995|dk-erstatningscpr⟧"},
	{"system id", "Kerfiskennitala ⟦892350-1739|is-kerfiskennitala⟧"},

	{"year in full", "CPR ⟦23.12.1951-9995|dk-cpr⟧"},
	{"tilde", "Personnr: ⟦850707~2380|se-personnummer⟧"},
	{"middle dot", "Personnr: ⟦850707·2380|se-personnummer⟧"},
	{"boxes", "Personnummer: |⟦8|5|0|7|0|7|-|2|3|8|0|se-personnummer⟧|"},
	{"wrapped date", "Personnummer: ⟦8507\n07-2380|se-personnummer⟧"},
	{"wrapped digits", "Personnummer: ⟦85070\n72380|se-personnummer⟧"},
	{"break before hyphen", "Patienten ⟦850707\n-2380|se-personnummer⟧ sökte"},
	{"break without hyphen", "Patienten ⟦850707\n2380|se-personnummer⟧ sökte akut"},
	{"hetu break", "Hakija ⟦230146-\n969S|fi-hetu⟧ on"},
	{"iso and cell", "Födelsedatum\tSista fyra\n⟦1985-07-07\t2380|se-personnummer⟧\n"},
	{"customer column of identity numbers", "Kundnr;Ort\n⟦8507072380|se-personnummer⟧;Lund\n⟦7808012384|se-personnummer⟧;Lund\n⟦0806042396|se-personnummer⟧;Ystad\n⟦1512312396|se-personnummer⟧;Lund\n⟦7805292385|se-personnummer⟧;Lund\n⟦0803032390|se-personnummer⟧;Lund\n⟦7801102398|se-personnummer⟧;Lund\n⟦8503042395|se-personnummer⟧;Lund\n"},
	{"three in prose", "Syskonen är ⟦850707-2380|se-personnummer⟧, ⟦780801-2384|se-personnummer⟧ och ⟦080604-2396|se-personnummer⟧."},

	// Places.
	{"url path", "https://intra.test/barn/⟦20080604-2396|se-personnummer⟧/akt"},
	{"file name", "Utredning_⟦20080604-2396|se-personnummer⟧_slutlig.docx"},
	{"file name hyphen", "akt-⟦200806042396|se-personnummer⟧-beslut.pdf"},
	{"xml", "<PersonId>⟦198507072380|se-personnummer⟧</PersonId>"},
	{"markdown", "| Anna | ⟦850707-2380|se-personnummer⟧ |\n| Bo | ⟦780801-2384|se-personnummer⟧ |\n"},
	{"parentheses", "Anna Testsson (⟦850707-2380|se-personnummer⟧) ansöker"},
	{"list number", "1. ⟦850707-2380|se-personnummer⟧ Anna\n2. ⟦780801-2384|se-personnummer⟧ Bo\n"},
	{"sentence end", "Beslutet gäller ⟦850707-2380|se-personnummer⟧."},
	{"split over cells", "Namn\tPersonnr\tSista fyra\nAnna\t⟦850707\t2380|se-personnummer⟧\nBo\t⟦780801\t2384|se-personnummer⟧\n"},
	{"split over lines", "Personnummer\n⟦850707\n2380|se-personnummer⟧"},
	{"lost zero", "Namn;CPR\nBo;⟦105419995|dk-cpr⟧\nLis;⟦3107519995|dk-cpr⟧\n"},
	{"lost zero norwegian", "Navn;Fødselsnummer\nBo;⟦6901650339|no-fodselsnummer⟧\nLis;⟦22904001930|no-fodselsnummer⟧\n"},
	{"comma table with row numbers", "nr,personnummer,ort\n1,⟦198507072380|se-personnummer⟧,Lund\n2,⟦197808012384|se-personnummer⟧,Lund\n"},
	{"header far above", "Id;Namn;Personnummer\n" + strings.Repeat("x;y;saknas\n", 50) + "1;A;⟦8507072380|se-personnummer⟧\n"},
	{"invoice elsewhere", "Fakturanummer 4711. Barnets personnummer ⟦20080604-2396|se-personnummer⟧, ordernummer 0712133883."},
	{"case named by number", "Ärende: ⟦20080604-2396|se-personnummer⟧"},

	// Not identity numbers.
	{"invoice", "Fakturanummer: 850707-2380"},
	{"order bare", "Ordernr 8507072380"},
	{"phone", "Tel: 0703-07 23 90"},
	{"phone bare", "Ring mig på 0703072390 i kväll"},
	{"organisation", "Org.nr 556036-0793, Bankgiro 5050-1055"},
	{"guid", "id 20080604-2396-4b1c-9e2f-77aa01bc3d4e"},
	{"iban", "IBAN SE35 5000 0000 0549 1000 0003"},
	{"decimal", "värde 0.8507072380 och 12,8507072380"},
	{"version", "version 10.0.850707-2380"},
	{"longer digits", "18507072380123"},
	{"letter behind", "8507072380L"},
	{"hex", "0x8507072380 a8507072380f"},
	{"timestamp", "20080604-1215 start\n20080604-1216 stop\n"},
	{"timestamp file", "backup_202401231035.zip"},
	{"epoch", `"iat":1701216929,"exp":1701216929`},
	{"masked", "Personnr 850707-XXXX och 850707-****"},
	{"date only", "Personnr 850707-"},
	{"isbn", "ISBN 978-91-27-11111-1"},
	{"card", "Kortnr 4507 8507 0723 8012"},
	{"unknown number", "Rekvisitionsnummer: 8507072380"},
	{"company kennitala", "Prufubanki hf., kt. 450401-3150"},
	{"konto", "Kontonummer 231251-9995"},
	{"kid", "KID 13021614844"},
	{"css", "td.id_1907313603 { color:red }"},
	{"hexdump", "00000010  2019 0401 1234 3132 3334 3536  |..123456|"},
	{"amount", "Totalt 8507072380 kr"},
}

// unmark takes the expectations out of a case.
func unmark(t *testing.T, s string) (text string, want []detectors.Match) {
	t.Helper()
	var b strings.Builder
	for {
		i := strings.Index(s, "⟦")
		if i < 0 {
			b.WriteString(s)
			return b.String(), want
		}
		b.WriteString(s[:i])
		inner, rest, ok := strings.Cut(s[i+len("⟦"):], "⟧")
		bar := strings.LastIndexByte(inner, '|')
		if !ok || bar < 0 {
			t.Fatalf("bad case %q", s)
		}
		number, name := inner[:bar], inner[bar+1:]
		m := detectors.Match{Start: b.Len(), Detector: name}
		b.WriteString(number)
		m.End = b.Len()
		want = append(want, m)
		s = rest
	}
}

func TestCases(t *testing.T) {
	f := newFinder(t, detectors.Options{})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text, want := unmark(t, c.text)
			// The scan strides over the text: every phase must do.
			for phase := range 5 {
				check(t, f, strings.Repeat("\n", phase)+text, phase, want)
			}
		})
	}
}

func check(t *testing.T, f *idnumber.Finder, text string, shift int, want []detectors.Match) {
	t.Helper()
	got := f.Find(detectors.Text{Body: []byte(text), Date: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
	for i, m := range got {
		if i >= len(want) {
			t.Errorf("%q: unexpected %s %q at %.2f", text, m.Detector, text[m.Start:m.End], m.Confidence)
			continue
		}
		w := want[i]
		if m.Start != w.Start+shift || m.End != w.End+shift || m.Detector != w.Detector {
			t.Errorf("%q: got %s %q, want %s %q", text, m.Detector, text[m.Start:m.End], w.Detector, text[w.Start+shift:w.End+shift])
		}
		if m.Confidence < 0.8 {
			t.Errorf("%q: %s at %.2f only", text, m.Detector, m.Confidence)
		}
	}
	for _, w := range want[min(len(got), len(want)):] {
		t.Errorf("%q: missed %s %q", text, w.Detector, text[w.Start+shift:w.End+shift])
	}
}
