package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The demo's municipality is invented, and so is everybody in it. Danish
// numbers have serials that MedCom reserves for tests (9989, 9990, 9995, 9996;
// they fail modulus 11 on purpose); the Swedish one is among the published
// test numbers of Skatteverket.

// demoStaff is how many people work in the municipality.
const demoStaff = 1300

// demoChildren is how many children have a case in the open workroom. With a
// parent each that makes the 452 citizens of Lejre.
const demoChildren = 226

// demoFolder is a folder of the municipality; closed ones can be entered by
// their group alone.
type demoFolder struct {
	path   string
	closed bool
	docs   map[string]string
}

// writeMunicipality makes the municipality below dir.
func writeMunicipality(dir string) error {
	for _, f := range municipalityFolders() {
		path := filepath.Join(dir, filepath.FromSlash(f.path))
		if err := os.MkdirAll(path, 0o755); err != nil {
			return err
		}
		for name, text := range f.docs {
			data := []byte(text)
			if strings.HasSuffix(name, ".docx") {
				var err error
				if data, err = wordDocument(text); err != nil {
					return err
				}
			}
			if err := os.WriteFile(filepath.Join(path, name), data, 0o644); err != nil {
				return err
			}
			// The mode must not depend on the umask.
			if err := os.Chmod(filepath.Join(path, name), 0o644); err != nil {
				return err
			}
		}
		mode := os.FileMode(0o755)
		if f.closed {
			mode = 0o750
		}
		if err := os.Chmod(path, mode); err != nil {
			return err
		}
	}
	return nil
}

func municipalityFolders() []demoFolder {
	room := demoFolder{path: "Intranet/Arbejdsrum/Visitationsudvalg", docs: map[string]string{}}
	for i := range demoChildren {
		room.docs[fmt.Sprintf("Referat %03d.docx", i+1)] = childCase(i)
	}
	return []demoFolder{
		room,
		{path: "Intranet/Nyheder", docs: map[string]string{
			"Velkommen tilbage.docx": "Velkommen tilbage efter ferien\nKantinen åbner igen på mandag. Husk at bestille mødelokaler i god tid.\nVi glæder os til et nyt år på rådhuset.\n",
			"Ny cykelordning.docx":   "Ny cykelordning for medarbejdere\nKommunen tilbyder lånecykler til møder i byen. Cyklerne står i gården bag rådhuset.\n",
			"Antal underretninger.csv": "år;underretninger;undersøgelser;anbringelser\n2022;1012;402;64\n2023;1077;415;66\n2024;1101;431;61\n" +
				"Kilde: kommunens ledelsestilsyn, opgjort på kommuneniveau\n",
		}},
		{path: "Huvudkontoret/Gemensamt", docs: map[string]string{
			"Semesterrutin.docx":     "Rutin för semesterplanering\nAlla enheter lämnar sin plan senast den 1 april. Chefen beslutar om önskemål som krockar.\n",
			"Möteskalender.csv":      "vecka;möte;lokal\n14;Ledningsgrupp;Tjörn\n15;Budgetberedning;Orust\n16;Arbetsplatsträff;Tjörn\n",
			"Lokalbokning.docx":      "Så bokar du lokal\nBokningen görs i kalendern. Glöm inte att ställa i ordning efter mötet.\n",
			"Städschema.txt":         "Städschema för köket\nUdda veckor: ekonomi. Jämna veckor: kommunikation.\n",
			"Protokoll apt mars.txt": "Arbetsplatsträff mars\n1. Föregående protokoll\n2. Ny skrivare på plan 2\n3. Fikalista\n4. Övrigt\n",
			"Utredning avstängning.docx": "SEKRETESS\nUtredning i personalärende\nMedarbetare: Gunilla Testberg, personnummer 19780415-2382\n" +
				"Datum: 2017-03-14\nBakgrund: Medarbetaren har vid upprepade tillfällen uteblivit från arbetet och uppträtt påverkad. " +
				"Vid samtal den 6 mars uppger Gunilla att hon har återfallit i missbruk och är sjukskriven för depression.\n" +
				"Bedömning: Grund för skriftlig varning föreligger. Den fackliga organisationen har underrättats om varslet.\n" +
				"Beslut: Medarbetaren stängs av från arbetet med bibehållen lön till den 30 april och erbjuds rehabilitering.\n",
		}},
		{path: "Huvudkontoret/HR", closed: true, docs: map[string]string{
			"Varning 2016.docx": "SEKRETESS\nSkriftlig varning\nMedarbetare: Bertil Provlund, personnummer 19660518-3398\n" +
				"Arbetsgivaren meddelar härmed skriftlig varning för upprepad misskötsamhet. Medarbetaren uteblev den 3 och 4 maj.\n" +
				"Överläggning enligt MBL har hållits med den fackliga organisationen.\n",
			"Rehabplan.docx": "SEKRETESS\nPlan för rehabilitering\nMedarbetare: Anna Exempelsson, personnummer 19810706-2385\n" +
				"Anna är sjukskriven på heltid för utmattningsdepression sedan den 2 februari. Beslut: arbetsträning 25 procent från den 1 maj.\n",
		}},
	}
}

var (
	demoGiven  = []string{"Alma", "Anton", "Clara", "Emil", "Freja", "Noah", "Ida", "Oscar", "Luna", "Malthe", "Sofie", "Viggo", "Karla", "Storm", "Laura", "Elias"}
	demoParent = []string{"Mette", "Lars", "Camilla", "Jesper", "Trine", "Henrik", "Louise", "Kasper", "Pernille", "Thomas", "Rikke"}
	demoFamily = []string{"Prøvesen", "Mønsterby", "Eksempelgaard", "Tænktoft", "Skabelund", "Opdigtholm", "Fiktborg"}
	demoCase   = []string{
		"Skolen har underrettet om blå mærker på barnets arme. Barnet fortæller, at far slår, når han har drukket.",
		"Mor oplyser, at hun er i misbrugsbehandling og har haft et tilbagefald. Barnet har haft 31 dages fravær.",
		"Barnet har skåret sig selv og fortæller om selvmordstanker. Der er henvist til børnepsykiatrisk afdeling.",
		"Politiet har været tilkaldt til hjemmet på grund af vold mod mor, mens barnet var til stede.",
		"Plejefamilien oplyser, at barnet vågner om natten og ikke vil på samvær med far.",
	}
	demoDecision = []string{
		"Indstilling: Barnet anbringes uden for hjemmet efter barnets lov § 46.",
		"Beslutning: Der iværksættes børnefaglig undersøgelse efter barnets lov § 20.",
		"Beslutning: Familien bevilges familiebehandling, og der udpeges en kontaktperson.",
	}
)

// childCase is the minutes on one child and one parent. Every child and every
// parent has a number of their own.
func childCase(i int) string {
	serials := []string{"9989", "9990", "9995", "9996"}
	day, month := i%28+1, i/28%12+1
	child := fmt.Sprintf("%02d%02d%02d-%s", day, month, 10+i%14, serials[i%4])
	parent := fmt.Sprintf("%02d%02d%02d-%s", day, month, 76+i%16, serials[(i+1)%4])
	given, family := demoGiven[i%len(demoGiven)], demoFamily[i%len(demoFamily)]
	elder := demoParent[i%len(demoParent)]
	return fmt.Sprintf(`FORTROLIGT
Referat fra visitationsudvalget, Center for Børn og Unge
Barnets navn: %s %s
Barnets cpr-nr.: %s
Forælder: %s %s
Forælders cpr-nr.: %s
Dato: %02d-%02d-2019
Sagsfremstilling: %s
Barnets perspektiv: %s fortæller, at det er svært at være hjemme.
Faglig vurdering: Barnets udvikling er i fare, og forælderen samarbejder ikke om støtten.
%s
`, given, family, child, elder, family, parent, day, month, demoCase[i%len(demoCase)], given, demoDecision[i%len(demoDecision)])
}

// wordDocument makes a small Word document of a text, a paragraph a line.
func wordDocument(text string) ([]byte, error) {
	var body bytes.Buffer
	body.WriteString(xml.Header + `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>`)
	for line := range strings.Lines(text) {
		body.WriteString(`<w:p><w:r><w:t xml:space="preserve">`)
		escape(&body, line)
		body.WriteString(`</w:t></w:r></w:p>`)
	}
	body.WriteString(`</w:body></w:document>`)
	return packed([]part{
		{"[Content_Types].xml", []byte(xml.Header + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
			`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`)},
		{"_rels/.rels", []byte(relations(`<Relationship Id="rId1" Type="` + openTypes + `/officeDocument" Target="word/document.xml"/>`))},
		{"word/document.xml", body.Bytes()},
	})
}
