package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// everyday are lines of the papers that make up most of a share. %d stands for
// a number, %s for a word of the trade.
var everyday = []string{
	"Nämnden beslutade att godkänna %s enligt förslag, dnr KS 2019/%d.",
	"Kostnaden för %s beräknas till %d kronor exklusive moms.",
	"Förvaltningen har tagit fram underlag om %s inför mötet i lokal %d.",
	"Kontakta växeln på telefon 0500-49 %d vid frågor om %s.",
	"Arbetet med %s pågår och beräknas vara klart vecka %d.",
	"Utvärderingen av %s visar att målen för året nåddes till %d procent.",
	"Enheten ansvarar för %s och rapporterar till direktören.",
	"Bilaga %d beskriver %s och hur rutinen ska följas upp.",
	"Samråd om %s hölls den 14 mars, protokoll nummer %d.",
	"Upphandlingen av %s avser åren 2021 till 2024, ramavtal %d.",
	"Kommunen indkalder til møde om %s i lokale %d.",
	"Udvalget tog orienteringen om %s til efterretning, sag %d.",
	"Budgettet for %s er på %d kroner i indeværende år.",
	"Forvaltningen foreslår, at %s behandles på næste møde.",
	"Kommunestyret vedtok planen for %s med %d stemmer.",
	"Rådmannen legger frem sak %d om %s til behandling.",
	"Lautakunta hyväksyi suunnitelman %s, pykälä %d.",
	"Please return the form about %s before week %d.",
	"Leverans av %s, artikelnummer 7312%d, faktureras per månad.",
	"Mötet avslutades. Nästa möte om %s hålls klockan 13.00 i sal %d.",
}

var (
	tradeFirst = strings.Fields("skol väg vatten bygg energi avfalls biblioteks idrotts lek gatu park ekonomi löne semester fastighets miljø trafik affalds kultur havne byggnads detalj översikts brand städ kost it data utbildnings")
	tradeLast  = strings.Fields("plan budget rutin policy organisation underhåll upphandling rapport strategi projekt lokal avtal utredning uppföljning prognos taxa anläggning entreprenad investering inventering planlægning drift ordning program modell")
)

// caseGiven and caseNumbers are invented people: the numbers are among the
// published test numbers of Skatteverket.
var (
	caseGiven   = []string{"Gunilla", "Bertil", "Anna", "Kerstin", "Johan", "Maria", "Nils", "Eva"}
	caseFamily  = []string{"Testberg", "Provlund", "Exempelsson", "Påhittsson", "Låtsasgren"}
	caseNumbers = []string{"19780415-2382", "19660518-3398", "19810706-2385"}
	caseFacts   = []string{
		"%s uppger att hon har återfallit i missbruk och är sjukskriven för depression. Den fackliga organisationen har underrättats om varslet.",
		"%s söker försörjningsstöd och har skulder hos Kronofogden. Ekonomiskt bistånd beviljas för mars månad.",
		"%s berättar att sambon har slagit henne vid flera tillfällen. Skyddat boende beviljas, polisanmälan är gjord.",
		"Orosanmälan har kommit in från skolan. %s uteblir från mötena och barnen har synliga blåmärken. Utredning enligt 11 kap. 1 § SoL inleds.",
		"%s vårdas enligt LPT efter ett självmordsförsök. Boendestöd beviljas efter utskrivning.",
	}
)

// length is how many bytes of text a document has: 4 KB is the middle, one in
// a thousand has over 120 KB.
func (m *maker) length() int {
	return min(200+int(4000*math.Exp(1.1*m.rnd.NormFloat64())), 2<<20)
}

// text makes a text of some length, a line a paragraph, or that of a case.
func (m *maker) text() string {
	if m.cases {
		return m.caseText()
	}
	var b strings.Builder
	for n := m.length(); b.Len() < n; {
		b.WriteString(m.sentence())
		if m.rnd.IntN(3) == 0 {
			b.WriteByte('\n')
		} else {
			b.WriteByte(' ')
		}
	}
	b.WriteByte('\n')
	return b.String()
}

func (m *maker) sentence() string {
	s := everyday[m.rnd.IntN(len(everyday))]
	s = strings.Replace(s, "%s", m.trade(), 1)
	return strings.Replace(s, "%d", fmt.Sprint(1+m.rnd.IntN(9999)), 1)
}

// trade is a word of the trade; some six hundred there are.
func (m *maker) trade() string {
	return tradeFirst[m.rnd.IntN(len(tradeFirst))] + tradeLast[m.rnd.IntN(len(tradeLast))]
}

func (m *maker) caseText() string {
	if m.rnd.IntN(2) == 0 {
		return childCase(m.rnd.IntN(20_000))
	}
	given := oneOf(m.rnd, caseGiven)
	fact := strings.Replace(oneOf(m.rnd, caseFacts), "%s", given, 1)
	return fmt.Sprintf("SEKRETESS\nUtredning\nNamn: %s %s, personnummer %s\nDatum: %d-03-14\nBakgrund: %s\nBedömning: Behovet kan inte tillgodoses på annat sätt.\nBeslut: Ansökan beviljas till och med den 30 april.\n",
		given, oneOf(m.rnd, caseFamily), oneOf(m.rnd, caseNumbers), 2010+m.rnd.IntN(15), fact)
}

func oneOf[T any](rnd *rand.Rand, of []T) T { return of[rnd.IntN(len(of))] }
