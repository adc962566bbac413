package idnumber

import (
	"bytes"
	"math/bits"
	"sync"
)

// The part of a compound says what it is: an elevkort is a card, a
// kortelev a pupil, a bankkonto an account and a kontohaver a person. So a word
// that is not known as a whole is judged by its end, of which there are few:
// heads are nouns that compounds end in, with their inflections by rule.

// headList is nouns of one class, separated by blanks, and how they are
// inflected.
type headList struct {
	word    word
	endings string
	nouns   string
}

const (
	// Endings of number, definiteness and case, "." for none.
	germanic  = ". s r rs n en et t ar er or na arna erna erne rne ene ns ens ets a e nes"
	finnish   = ". n a t ta tta lle lta sta ssa ssaan lla na ksi ien ja"
	icelandic = ". s i a u ar ir ur um anna inn inum id ins inu in ina"
	asIs      = "."
)

var (
	headPerson = word{wordPerson, 0}   // a number behind it may be that person's
	headDoer   = word{class: wordDoer} // klagande: a person or what is done
	headThing  = word{class: wordThing}
	headOther  = word{class: wordNegative}
	headRecord = word{class: wordRecord}
)

var headLists = []headList{
	// People. Agent nouns by their ending.
	{headPerson, germanic, "aegtepar ektepar soskendepar soskenpar makarna arving arvinge vittne vidne vitne deklarant praktikant informant kasserer kassor testator testamentstagare barn elev patient pasient klient brukar brukare bruker borger sokande soker soger boende beboer hyresgast lejer leier deltagar deltagare deltager deltaker innehavar innehavare indehaver innehaver foralder foraelder forelder pojk pojke flick flicka kvinn kvinna kvinde kvinne dreng pige gutt jent jente medborgar medborgare student kollega kolleg medarbetare medarbeider medarbejder anstalld ansatt anhorig parorende slakting slektning agare forare fodd medlem handlaggare sagsbehandler saksbehandler mottagare tagar tagare givare taker tager havare haver laerer larare person spadbarn spedbarn gravid rekrytering vikarie vikar skyldig pliktig asylsokande larling laerling lekman turist kursist pensionist pensionar pensionaer assistent studerande studerende klagande ordforande leieboer boer jobber tilflytter klager klagare avliden avdode afdode drabbad drabbet skadad skadelidt misstankt mistenkt mistaenkt domd tilltalad siktet nyfodd nyfodt nybor flykting flyktning flygtning arbeidstaker nyanland myndling"},
	{headPerson, finnish, "henkilo lapsi lapse asiakas asiakkaa potilas potilaa oppilas oppilaa nuori nuore jasen jasene vanhempi vanhemma puoliso vainaja hakija tekija saaja hoitaja huoltaja omistaja osallistuja opiskelija ottaja antaja haltija vuokralai hoidettava"},
	{headPerson, icelandic, "leigutak vertak kaupand seljand erfing vitni hjon umsaekjand umsakjand nemand leigjand eigand starfsmad thega thegi hafi hafa adil barn foreldr forsjaradil kona konu dreng stulk skjolstaeding skjolstading sjukling idkar flottamad lattakand"},
	// Documents and places of care and schooling: a person's number is usual.
	{word{}, germanic, "meddelande meddelelse arende kraever kraver krever"},
	{word{}, asIs, "foljande folgende lignende liknande avseende angaende angaaende gallande vedrorende rorande gjeldende gaeldende betraffande nuvarande tidigare inkommande utgaende inngaende indgaende kommende henvendende motsvarande tilsvarende forfarande erbjudande forhallande tusende forpliktende"},
	{headRecord, germanic, "plan utredning utredelse undersokning undersogelse undersokelse bedomning vurdering bedommelse anteckning notat intyg attest erklaring erklaering utlatande uttalelse udtalelse yttrande ansokan ansogning soknad anmalan anmeldelse melding underretning beslut vedtak afgorelse insats indsats tiltak placering anbringelse plassering henvisning remiss epikris epikrise journal behandling vard pleje pleie omsorg tjanst tjeneste sykepleie sygepleje skola skole skolen barnehage bornehave forskola hjem institution institusjon bistand stotte hjalp hjaelp hjelp samtal samtale besok besog kallelse indkaldelse innkalling bevilling registrering visitation omsorgen tandvard tandpleje tannhelse traning traening trening rehabilitering botilbud dagtilbud skoletilbud fritidstilbud formedling formidling kommunikation utbildning uddannelse opplaering"},
	{headRecord, finnish, "suunnitelma paatos lausunto todistus arvio hoito palvelu tuki koulu koti hakemus ilmoitus kaynti neuvola paivakoti kartoitus kuntoutus"},
	{headRecord, icelandic, "aaetlun aatlun greinargerd vottord umsokn tilkynning tjonusta thjonusta tonusta skoli skola heimili medferd adstod kennsla greining vist"},
	// Other things that have numbers.
	{headOther, germanic, "betalingsfil utbetalningsfil betalfil konto kode faktura regning rakning kvitto kvittering kvittens kreditnota nota kassabon bonnen sedel seddel ordr ordre order verifikat giro rykker paminnelse inkasso fordran betaling betalning belopp belob belop gebyr avgift afgift saldo telefon mobil vaxel telefax server session token databas database logg logga build versjon version"},
	{headOther, finnish, "tili koodi lasku kuitti tosite tilaus puhelin viite maksu hinta summa"},
	{headThing, asIs, "daelustod dalustod spennistod dreifistod"},
	{headOther, icelandic, "greidsluskra reikning nota kodi pontun pontunar simi sima greidsl"},
	{headThing, germanic, "avtal avtale aftale kontrakt licens lisens license anbud udbud tilbud offert upphandling indkob innkjop bekraftelse bekreftelse bekraeftelse abonnemang abonnement police polis matare maler dator computer skrivare printer skarm skaerm skjerm modul modell model maskin apparat aggregat pump hiss elevator heis fordon kjoretoy koretoj buss truck traktor vagn vogn paket pakke kolli pall palle forsandelse forsendelse sandning sending frakt varer artikel produkt parti batch charge reservdel komponent utrustning udstyr utstyr inventar inventarium mobel mobler fastighet ejendom eiendom lokal bygg byggnad bygning brunn brond stolpe skylt skilt punkt punktet matpunkt anlaggning anlaeg anlegg ledning kabel tunnel park tomt matrikel objekt nyckel nokkel nogle bricka brik brikke biljett billet billett projekt prosjekt bokning booking bestilling bestallning incident ticket karta koordinat deklaration publikation tidning utgave rutin rutine enhet enhed boks arkivbox aeske felrapport fejlrapport feilrapport pumpestation pumpstation pumpestasjon station stasjon slukker slackare bong vardet verdi vaerdi malevaerdi maleverdi matvarde lodd vinlott lott arbetsorder arbejdsordre arbeidsordre tree dack daek dekk tandstift laskiva batteri lampa lampe armatur belysning belysningspunkt gatelys gadelampe belysningsstolpe beholder behallare dunk tunna tonde container hyresobjekt lejemal leieobjekt material materiale grupp gruppe kategori exemplar eksemplar udlan utlan vannprove vandprove vattenprov drikkevand dricksvatten analyse analys certifikat certifikatet sertifikat standard norm ritning tegning teikning inkop rekvirering bevakning adgangskort passerkort passerkortet nokkelkort bibliotekskort lanekort tankkort bensinkort betalkort kreditkort kredittkort betalingskort handling skade lokale etage vaning lagenhet leilighet lejlighed trapp dorr fonster vindu vindue kran ventil sakring sikring stromforsyning radiator panna kjele kedel filter motor laptop padda surfplatta nettbrett telefoni abonnent mast hydrant avlop avlopp septik slam mangde vikt vaegt vekt volym langd lengde laengde hojd hoyde bredd temperatur tryk tryck trykk hastighet retningslinj riktlinj vejledning kupong kupon rabatt premie trisse etikett maerkat streckkod serie lager hylla hylde hylle rack sensor radio antenn router switch modem linje kanal frekvens"},
	{headThing, finnish, "sopimus tarjous lahetys mittari laite moduuli malli kone ajoneuvo auto paketti kolli tuote tarvike kiinteisto rakennus kohde hanke projekti lippu varaus kartta lisenssi vakuutus avain urakka astia sailio rengas valaisin lamppu nayte vesinayte kulkukortti huone vahinko korvaus kutsu maksukortti vika laina aineisto ryhma luokka vahvistus asiakirja"},
	{headThing, icelandic, "samning tilbod utbod leyfi malir maelir bifreid sending pakki voru eign verkefni verk midi bokun skjal fylgiskjal trygging"},
}

// agentEndings end nouns for people by what they do or what befalls them.
var agentEndings = [...]string{
	"sokande", "sokanden", "sokandens", "boende", "berettigede", "berattigad", "berattigade", "berattigades", "havaren", "havarens", "tagaren", "tagarens", "haveren", "haverens", "ageren", "tageren", "takeren", "skyldige", "pliktige", "pligtige", "maktige", "andi", "anda", "thegi", "thega", "lainen", "laisen", "ttava", "ttavan", "ijan", "ija", "aadili", "radili", "madur", "manns", "manni",
}

// headTable is the nouns in all their forms. lengths has a bit for each length
// of those that end in four letters, by the letters' hash, so that few are
// looked for.
type headTable struct {
	forms   map[string]word
	lengths [1 << tailBits]uint32
}

const tailBits = 13

// tailHash is the hash of the last four letters of w.
func tailHash(w []byte) uint32 { return gram(w[len(w)-4:]) * 2654435761 >> (32 - tailBits) }

// heads is made when the first word needs it: most processes that read
// documents look for no numbers.
var heads = sync.OnceValue(func() *headTable {
	t := &headTable{forms: make(map[string]word, 16<<10)}
	var form []byte
	for _, l := range headLists {
		endings := bytes.Fields([]byte(l.endings))
		for _, noun := range bytes.Fields([]byte(l.nouns)) {
			for _, e := range endings {
				form = append(form[:0], noun...)
				if e[0] != '.' {
					form = append(form, e...)
				}
				t.add(form, l.word)
			}
		}
	}
	for _, a := range agentEndings {
		t.add([]byte(a), headPerson)
	}
	t.add([]byte("ande"), headDoer)
	t.add([]byte("ende"), headDoer)
	return t
})

// add keeps the first class of a form. Forms shorter than four letters cannot
// be told from other words' ends.
func (t *headTable) add(w []byte, x word) {
	if _, ok := t.forms[string(w)]; ok || len(w) < 4 || len(w) > 31 {
		return
	}
	t.forms[string(w)] = x
	t.lengths[tailHash(w)] |= 1 << len(w)
}

// headOf tells the class of a folded word by its head: the longest that it
// ends in, with three letters before it at least or none.
func headOf(w []byte) word {
	n := len(w)
	if n < 4 {
		return word{}
	}
	// With three letters before it, or more in all.
	most := uint(n)
	if n < 8 {
		most = uint(n) - 3
	}
	t := heads()
	set := t.lengths[tailHash(w)]
	if n < 32 && set>>n&1 != 0 {
		if x, ok := t.forms[string(w)]; ok {
			return x
		}
	}
	for set &= 1<<min(most+1, 32) - 1; set != 0; {
		l := bits.Len32(set) - 1
		if x, ok := t.forms[string(w[n-l:])]; ok {
			return x
		}
		set &^= 1 << l
	}
	return word{}
}

// shortened reports whether a folded word of four letters or more is the start
// of a longer one for a person, as in the forms' anst, medarb or vardn.
func shortened(w []byte) bool {
	if h := shortHash(w); shortBloom[h>>6]>>(h&63)&1 == 0 {
		return false
	}
	for _, p := range shortenable {
		if len(p) > len(w) && p[:len(w)] == string(w) {
			return true
		}
	}
	return false
}

var shortenable = [...]string{
	"anstalld", "ansattes", "ansattelse", "arbetstagare", "medarbetare", "medarbejder", "medarbeider", "vardnadshavare", "foraldrar", "foreldre", "foresatte",
	"patient", "pasient", "sokande", "ansoger", "brukare", "borger", "deltagare", "deltager", "deltaker", "hyresgast", "innehavare", "indehaver", "klient",
	"pers", "foraelder", "potilas", "asiakas", "hakija", "oppilas", "tyontekija", "nemandi", "starfsmadur", "umsaekjandi", "sjuklingur", "parorende", "anhorig", "handlaggare",
}

// mayBeShort reports quickly whether a word, not folded yet, may be shortened.
func mayBeShort(w []byte) bool {
	if len(w) < 4 {
		return false
	}
	var four [4]byte
	for i := range four {
		if !isASCIILetter(w[i]) {
			return true
		}
		four[i] = w[i] | 0x20
	}
	h := shortHash(four[:])
	return shortBloom[h>>6]>>(h&63)&1 != 0
}

// shortBloom says quickly that none of them starts with four letters.
var shortBloom = func() (t [16]uint64) {
	for _, p := range shortenable {
		h := shortHash([]byte(p))
		t[h>>6] |= 1 << (h & 63)
	}
	return t
}()

// shortHash is the hash of the first four letters of w.
func shortHash(w []byte) uint32 { return gram(w) * 2654435761 >> 22 }
