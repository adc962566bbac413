package idnumber_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"aktvakt/detectors"
	"aktvakt/detectors/detecttest"
	"aktvakt/detectors/idnumber"
)

func TestDetector(t *testing.T) {
	var samples []detecttest.Sample
	for _, c := range cases {
		text, want := unmark(t, c.text)
		samples = append(samples, detecttest.Sample{Text: text, Want: len(want)})
	}
	detecttest.Run(t, newFinder(t, detectors.Options{}), samples)
}

func find(t *testing.T, o detectors.Options, text string, date time.Time) []detectors.Match {
	t.Helper()
	return newFinder(t, o).Find(detectors.Text{Body: []byte(text), Date: date})
}

func one(t *testing.T, o detectors.Options, text string, date time.Time) detectors.Match {
	t.Helper()
	ms := find(t, o, text, date)
	if len(ms) != 1 {
		t.Fatalf("%d matches in %q, want one", len(ms), text)
	}
	return ms[0]
}

func on(s string) time.Time {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return d
}

func TestBirthAndAge(t *testing.T) {
	for _, c := range []struct {
		text, now, date, birth string
		minor, then            bool
		masked                 string
	}{
		{"Personnummer 080604-2396", "2026-06-03", "2020-01-01", "2008-06-04", true, true, "2008••••-••••"},
		{"Personnummer 080604-2396", "2026-06-04", "", "2008-06-04", false, false, "2008••••-••••"},
		{"Personnummer 151231-2396", "2026-01-01", "2020-01-01", "2015-12-31", true, true, "2015••••-••••"},
		// The century follows the document's date.
		{"Personnummer 240108-2389", "2026-01-01", "", "2024-01-08", true, true, "2024••••-••••"},
		{"Personnummer 850707+2380", "2026-01-01", "", "1885-07-07", false, false, "1885••••-••••"},
		// Digit 7 and the year tell a CPR number's century.
		{"CPR 231251-9995", "2026-01-01", "", "1951-12-23", false, false, "1951••••-••••"},
		{"CPR 231212-9995", "2026-01-01", "2014-01-01", "2012-12-23", true, true, "2012••••-••••"},
		{"Henkilötunnus 090814C952K", "2026-01-01", "", "2014-08-09", true, true, "2014••••-••••"},
		{"Kennitala 010130-2559", "2026-01-01", "", "1930-01-01", false, false, "1930••••-••••"},
		{"Kerfiskennitala 892350-1739", "2026-01-01", "", "", false, false, "••••••••-••••"},
	} {
		t.Run(c.text+" "+c.now+" "+c.date, func(t *testing.T) {
			var date time.Time
			if c.date != "" {
				date = on(c.date)
			}
			m := one(t, detectors.Options{Now: on(c.now)}, c.text, date)
			got := ""
			if !m.Birth.IsZero() {
				got = m.Birth.Format(time.DateOnly)
			}
			if got != c.birth || m.Minor != c.minor || m.MinorThen != c.then || m.Masked != c.masked {
				t.Errorf("birth %s minor %v then %v masked %q, want %s %v %v %q", got, m.Minor, m.MinorThen, m.Masked, c.birth, c.minor, c.then, c.masked)
			}
		})
	}
}

func TestTestNumbers(t *testing.T) {
	for text, want := range map[string]bool{
		"Personnummer 850707-2380":       true, // on Skatteverket's list
		"Personnummer 19570428-9999":     false,
		"Samordningsnummer 220672-2387":  true,
		"CPR 251248-9996":                true, // MedCom
		"CPR 010180-0008":                false,
		"Fødselsnummer 22904001930":      true, // month + 80
		"Fødselsnummer 20036914700":      false,
		"Hetu 090814C952K":               true, // serial 900-999
		"Hetu 131052-308T":               false,
		"Kennitala 010130-2559":          true, // Gervimaður
		"Reservnummer 19810829M071":      true,
		"Kerfiskennitala 892350-1739":    true,
		"Erstatnings-cpr 0203291WQ3":     true,
		"Personnummer 191500882392":      true, // month 00
		"Samordningsnummer 191500882392": true,
	} {
		if m := one(t, detectors.Options{}, text, time.Time{}); m.TestNumber != want {
			t.Errorf("%q: test number %v, want %v", text, m.TestNumber, want)
		}
	}
}

func TestNormalForm(t *testing.T) {
	same := func(want string, texts ...string) {
		t.Helper()
		for _, text := range texts {
			if m := one(t, detectors.Options{}, text, time.Time{}); !m.Value.Equal(detectors.NewSecret(want)) {
				t.Errorf("%q has another normal form", text)
			}
		}
	}
	same("198507072380", "Personnr 850707-2380", "Personnr 8507072380", "Personnr 19850707 2380", "Personnr 1985-07-07-2380",
		"Personnr 8 5 0 7 0 7 - 2 3 8 0", "Personnr ８５０７０７-２３８０", "Personnr 85O7O7-238O", "Org.nr 16850707-2380")
	same("2312519995", "CPR 231251-9995", "CPR 23.12.51-9995", "CPR 23.12.1951-9995")
	same("090814C952K", "hetu 090814c952k", "hetu 090814 C 952K")
	same("230146-969S", "hetu 230146–969S", "hetu 230146 - 969S")
	same("06901650339", "fnr 069016 50339", "fnr 069016 503 39")
}

func TestNames(t *testing.T) {
	f := newFinder(t, detectors.Options{})
	for name, want := range map[string]string{
		"barn/20080604-2396/utredning.docx":      "20080604-2396",
		"Akter/8507072380 Anna.pdf":              "8507072380",
		"IFO/2019/Testsson_Anna_850707-2380.pdf": "850707-2380",
		"fakturor/faktura_8507072381.pdf":        "",
		"logg/backup_202401231035.zip":           "",
		"bilder/IMG_20240123_103512.jpg":         "",
		"Sager/231251-9995 - afgørelse.docx":     "231251-9995",
		"paatokset/090814C952K/paatos.pdf":       "090814C952K",
		"exports/3f2504e0-4f89-11d3-9a0c-0305e8": "",
	} {
		ms := f.FindInName(detectors.Text{Name: name})
		got := ""
		if len(ms) > 0 {
			got = name[ms[0].Start:ms[0].End]
		}
		if got != want || len(ms) > 1 {
			t.Errorf("%q: found %q, want %q", name, got, want)
		}
	}
}

func TestNotIdentity(t *testing.T) {
	text := "Vår ref 850707-2380, patienten Anna Testsson 780801-2384"
	o := detectors.Options{NotIdentity: []string{`ref \d{6}-\d{4}`}}
	m := one(t, o, text, time.Time{})
	if got := text[m.Start:m.End]; got != "780801-2384" {
		t.Errorf("found %q", got)
	}
	if _, err := idnumber.New(detectors.Options{NotIdentity: []string{"("}}); err == nil {
		t.Error("a broken pattern is no error")
	}
}

// TestHomeCountry: the same digits are read as the home country's number.
func TestHomeCountry(t *testing.T) {
	text := "180392-0769" // a CPR number or a kennitala
	for home, want := range map[string]string{"dk": "dk-cpr", "is": "is-kennitala"} {
		if m := one(t, detectors.Options{HomeCountry: home}, text, time.Time{}); m.Detector != want {
			t.Errorf("home country %s: %s, want %s", home, m.Detector, want)
		}
	}
}

// TestStatistics: a column of order numbers of which one passes by chance
// gives nothing; a labelled number among them stays possible.
func TestStatistics(t *testing.T) {
	var s strings.Builder
	s.WriteString("Vara;Kod;Antal\n")
	for i := range 60 {
		fmt.Fprintf(&s, "vara;%02d%02d%02d%04d;%d\n", 10+i%15, 1+i%12, 1+i%28, 1000+i*137, i)
	}
	for _, m := range find(t, detectors.Options{HomeCountry: "se"}, s.String(), time.Time{}) {
		if m.Confidence >= 0.8 {
			t.Errorf("%s at %.2f among order numbers", m.Detector, m.Confidence)
		}
	}
	s.WriteString("\nBarnets personnummer: 8507072380\n")
	ms := find(t, detectors.Options{}, s.String(), time.Time{})
	if len(ms) == 0 || !ms[len(ms)-1].Labelled {
		t.Errorf("the labelled number is lost: %v", ms)
	}
}

func TestInfos(t *testing.T) {
	seen := map[string]bool{}
	for _, i := range idnumber.Infos() {
		if i.Name == "" || i.Country == "" || !strings.HasPrefix(i.Source, "https://") || seen[i.Name] {
			t.Errorf("info %+v", i)
		}
		seen[i.Name] = true
	}
	for _, name := range []string{
		"se-personnummer", "se-samordningsnummer", "se-reservnummer", "dk-cpr", "dk-erstatningscpr",
		"no-fodselsnummer", "no-dnummer", "no-hnummer", "fi-hetu", "is-kennitala",
	} {
		if !seen[name] {
			t.Errorf("%s is missing", name)
		}
	}
}
