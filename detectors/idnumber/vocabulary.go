package idnumber

import "bytes"

// class is what a word beside a number says about it.
type class uint8

const (
	wordOther    class = iota
	wordLabel          // names the number: personnummer, cpr, hetu
	wordID             // may name it: id, tunnus
	wordPerson         // a person: patient, barnet, född
	wordNumber         // nr, nummer: the word before says which
	wordFiller         // är, er, on: says nothing
	wordAbout          // för, om, hos: whom or what something is about
	wordTo             // till, från: the same, or the number to call
	wordDoes           // behind the number, what people do: bor, vill, hun
	wordNegative       // names another number: faktura, telefon
	wordCase           // ärende, sag: often kept by identity number
	wordOrg            // organisation number
	wordUnknown        // the number of something unknown: xyznr
	wordUnit           // kr, euro
	wordFate           // behind the number, what befalls things: avläst, levererad
	wordThing          // names a thing, and its number if that follows at once: ritning
	wordDoer           // ends as words for who does something: klagande
	wordRecord         // names a document about a person: utredning
)

// word is an entry of the vocabulary.
type word struct {
	class class
	kinds kindSet
}

const (
	kindsSE  = 1<<sePersonnummer | 1<<seSamordning | 1<<seReserv
	kindsDK  = 1<<dkCPR | 1<<dkErstatning
	kindsNO  = 1<<noFodselsnummer | 1<<noDNummer | 1<<noHNummer | 1<<noFHNummer
	kindsIS  = 1<<isKennitala | 1<<isKerfis
	kindsAll = 1<<nKinds - 1
	// phoneOnly marks words that name a telephone's number: no kind, but a
	// number that cannot be one may be a person's.
	phoneOnly kindSet = 1 << 15
	// clockOnly marks words before a time of day, in the same way.
	clockOnly kindSet = 1 << 14
	// kindsPersonnummer are those that Swedes, Danes and Norwegians call
	// personnummer.
	kindsPersonnummer = kindsSE | kindsDK | kindsNO
)

// exact holds short words, folded; stems are found anywhere in a word.
var exact, stems = vocabulary()

type stem struct {
	text string
	word word
}

// wordList is words separated by blanks.
type wordList struct {
	word  word
	exact string
	stems string
}

var wordLists = []wordList{
	{word{wordLabel, kindsPersonnummer}, "pnr persnr persn personid fnummer", "personnum personnr personn persnum"},
	{word{wordLabel, kindsSE}, "pnummer", "fodelsenum fodelsenr"},
	{word{wordLabel, 1<<seSamordning | 1<<sePersonnummer}, "samnr", "samordningsn samordnnr"},
	{word{wordLabel, 1 << seReserv}, "nrid", "reservn reservid reservperson"},
	{word{wordLabel, kindsDK}, "cpr", "cprn civilregist"},
	{word{wordLabel, 1 << dkErstatning}, "ecpr xecpr decpr", "erstatningscpr erstatningspers erstatningsn"},
	{word{wordLabel, kindsNO}, "fnr fdnr", "fodselsn fodselnu foedselsn fodselsnr"},
	{word{wordLabel, 1<<noHNummer | 1<<noFHNummer}, "hnr fhnr hnummer fhnummer", "hjelpenum hjelpenr hjelpn"},
	{word{wordLabel, 1 << noDNummer}, "dnummer", ""},
	{word{wordLabel, 1 << fiHetu}, "hetu hetun hetua hetut hetuja sotu", "henkilotun hlotun hloturva sosiaaliturvatun personbeteckn hetutun"},
	{word{wordLabel, kindsIS}, "kt ktala", "kennital kennitol"},
	{word{wordLabel, 1 << eeIsikukood}, "ik", "isikukood"},
	{word{wordLabel, 1 << foPtal}, "ptal ptol ptalid", ""},
	{word{wordLabel, kindsAll}, "ssn nin idnummer idnummeret idnr idnumber idnumero", "nationalid nationalident identitynum identitetsnum identitetsn personident personalid personnumber personalnumber personalident personalcode socialsecurity"},
	{word{wordID, kindsAll}, "id ident identitet tunnus tunniste tunnisteen audkenni identifier fodelsedata fodselsdata fodselsdato fodelsedatum fodelsetid fodd fodt syntynyt syntymaaika sista siste sidste loppuosa kontrollsiffror identity", "fodelsedat fodselsdat fodselsdag fodelsedag faedingard fodelsetid syntymaa patientn pasientn klientn elevn brukern borgern medborgarn invanarn innbyggern beboern"},
	{word{wordPerson, kindsAll}, "arbetstagare arbetstagaren arbejdstager arbejdstageren arbeidstaker arbeidstakeren tyontekijan starfsmadur starfsmadurinn launthegi launthega lonmodtager lontagare sjuklings sjuklingurinn nemandinn nemandans modirin fadirinn malsadili fosterbarnet avliden avlidne avlidna avdode afdode vainaja brukar medborgar invanar innbygger borger bruker debitor debitoren gaeldenar galdenar galdenaren skyldner skyldneren velallinen skuldari pat anhorig anhoriga parorende omainen omaisen adstandandi adstandanda patient patienten pasient pasienten klient klienten client patients pt barn barnet barnets barna born barns sokande sokanden soker sokeren ansoger ansogeren borgeren borgerens elev eleven elevens elever elevs potilas potilaan asiakas asiakkaan lapsi lapsen lapset hakija hakijan oppilas oppilaan nemandi nemanda sjuklingur foreldri modir fadir mor mors mamma mamman far fars pappa pappan moder fader foralder vardnadshavare foresatt foresatte verge varge vaerge forsjaradilar foreldrar huvudman brukare brukaren brukeren son sonen sonnen sonnens dotter dottern datter datteren dreng pige pojken flickan anhorig medarbetare anstalld ansat ansatt tyontekija isa isan aiti aidin huoltaja puoliso vanhempi medsokande faderen fadern moderen modern modrar forelderen foraeldrene foreldrene mormor farmor morfar farfar bestemor bedstemor drengen drengens pigen pigens pojkens flickans gutten jenta syskon syskonen soskende sosken umsaekjanda umsakjanda umsakjandi barnsins drengsins stulkan stulkunnar modurinn faderinn idkarinn beboeren beboerens borgers klientens patientens pasientens brukarens sokandens hyresgast hustru hustrun aegtefaelle fosterbarn plejebarn familjehem make maka ektefelle partner samboer sambo boende beboer forsjaraldili misstankt tilltalad mistaenkt siktede tiltalte ung unge ungdom student pupil child mother father guardian user citizen applicant mand manden mannen kone konen bror broder broren brodern soster sosteren systern syster svarmor svarfar svigermor svigerfar svoger svager kusin moster faster onkel farbror morbror tante barnebarn barnbarn styvson stesonn stedatter mummo ukki vaari vaimo veli sisko tati seta poika tytar systir brodir amma afi frandi fraenka eiginkona eiginmadur unnusti unnusta sonur dottir svigermoren vikarie vikar hyresgasten lejer leier lejeren leieren", ""},
	// cues: what a number stands behind, but no person
	{word{wordPerson, 0}, "akten aktens kolla kollar tjek tjekke sjekk sjekke tarkista tarkistaa athuga person personen namn navn nimi nafn namnet anmalan gallande avser avseende gjelder gelder vedrorer vedr vedrorende ang angaende angaaende galler koskee vardar betraffande fodd fodt syntynyt faeddur faedd f agare anmald", ""},
	{word{wordNumber, 0}, "nr nummer nro num numero no number numer nummeret numret nret n", ""},
	{word{wordFiller, 0}, "br td th tr span div strong p ar er on is var og och ja the a har of to i hans hennes min mitt sin sitt din ditt the lapsen barnets och under som heter hedder heiter minun er er siffror siffrorna cifre sifre siffer re sv vs vb vl fw fwd", ""},
	{word{wordAbout, 0}, "for om hos med mot mod av af at rorande over kring efter etter eftir mellan mellem mellom fyrir vegna hja gegn handa", ""},
	{word{wordDoes, 0}, "bor vill vil onsker onskar onsker far fik fick fikk gar gick gikk kom kommer kom kunne mar sov sover spiser spiste at ater ramlade faldt falt sade sager sier siger sa uppger oplyser opplyser berattar fortaeller forteller bad ber grat grater mener anser tycker synes fyller fylder fyltes behover trenger flyttar flytter flyttede flyttet borjar borjade begynner begynte starter startade slutar slutter avled dode doede doda foddes fodte fodde foder du dig deg jag jeg hon hun han honom henne ham hende hann hun hana henni hanelle hanen hanta han onsket bodde boede bodd asuu haluaa sai muutti kertoi kertoo soitti kuoli syntyi aloittaa tarvitsee kieltaytyi byr vill fekk flutti segir sagdi hringdi lest thurfti tharf byrjar utan inskriven innskrevet indskrevet inskreven innlagt indlagt inlagd utskriven utskrevet udskrevet flyttat avliden vagrade vaegrede nektade nektet nektar naegter vagrar samtycker samtykker samtykkede samtykket godkanner godkender fortsatter fortsaetter uteblev udeblev uteble udeblevet uteblitt sjukskriven sykmeldt sygemeldt hemma hjemme placerad anbragt plassert gift ogift skild fraskilt", ""},
	{word{wordFate, 0}, "avlast avlases aflaest aflast avlest luettu lesid bokford bokfort bokfores bogfort bogfores bokad bokud attesterad attesteret attestert betald betalat betalt betales betalas maksettu greidd greitt greiddur levererad levererat levereras leveret levert leveres toimitettu afhent afhentes avhentes hamtas hentes noudettavissa skickad skickat skickas sandes sendes sendt sent avsand afsendt avsendt lahetetty send makulerad makulerat makuleret makulert krediterad krediteret kreditert forfaller forfalder eraantyy fellur tilbagekaldt tilbakekalt aterkallad utlanad udlant utlant lainassa aterlamnad aterlamnat afleveres inlamnad besiktigad besiktigat kontrollerad kontrolleret kontrollert tarkastettu yfirfarid installerad installeret installert asennettu stangd stangt lukket suljettu lokad slackt slukket sperret sparrad sparrat spaerret spaerres publicerad publiceret publisert arkiverad arkiveret arkivert tomd toms tommes losud bestalld bestilt tilattu fakturerad faktureret fakturert laskutettu utgatt utgaet udgaet udloper utloper trasig returnerad returneret returnert palautettu skilad gildir upphor inmatt larm alarm halytys vidvorun expired closed failed passed merged info warn warning error debug trace", ""},
	{word{wordTo, 0}, "till til fran fra pa", ""},
	{word{wordNegative, 0}, "gnr bnr ocr kid bg pg iban bic swift art ean upc gtin isbn issn imei mac ip port sn rev ver vin lot seed exp iat nbf ts epoch hash crc time timestamp tid len size offset index key pin uuid guid bilag cvr ytunnus sum summa belopp total pris price line col row page sid side sida plu doi ticket bug issue change commit kenttä isrc length count backup log vaxel antal antall antallet lukumaara maara fjoldi kontonr regnr postnr zip lon lat konto kontot batch meter avi avin avinr build", "faktur lasku kuitti tosite kvittun strikamerk krofun foljesed folgesed folgjesed forsakringsarend invoice ordern ordre order bestall bestill kontonu kontonr konton account bankgiro plusgiro giro diarie diaari viiten viite artikel varenu varenr vorunu produkt product tuote serien serial streckkod strekkode stregkode viivakoodi avtalsn viittaus asiakirj version timestamp cardn bilagsn verifikat rekvisition leveran tracking kolli matrikel fastighet checksum clearing betalingsid betalning kassan kvitt ordrenr lagern inventar licens license registrerings chassi rapportn maskin patent beslutsn dokumentn journalpost sekvens sequence transaktion transaction tidsstamp pontun pantan reikning sendingarn tilvisun"},
	{word{wordNegative, phoneOnly}, "tel tfn tlf tele telnr mob gsm puh fax simi mobil ring ringer ringa ringe sms nas call", "telefon puhelin mobiln phone ringvaxel telefonvaxel vaxeltel sentralbord omstilling vaihde skiptibord switchboard"},
	{word{wordNegative, 0}, "journaliseret journalisert journalfort diariefort diarieford diarieforts journaliserats arkivert arkiveret bigint int integer varchar default const uint64 int64 float double", ""},
	{word{wordNegative, clockOnly}, "kl kello klockan klokken klukkan", ""},
	// a case number, or a Norwegian D-number
	{word{wordNegative, 1 << noDNummer}, "dnr", ""},
	// numbers that some keep identity numbers as
	{word{wordNegative, kindsAll}, "ref", "arendenr arendenu asiakasn kundn kunden referen referans sagsn saksn journaln malsn malnu asianum kortn korthold medlemsn"},
	{word{wordCase, 0}, "arende arendet sag sagen sak saken mal malet akt asia case journal dossier", ""},
	{word{wordOrg, 0}, "org orgnr", "organisationsn organisasjonsn orgnum orgnr foretagsn"},
	{word{wordThing, 0}, "vare varen vara varan varor modul motet modet moten moder fundur kokous kod koden kode koder koodi kodi pakke paket paketet pakki pakka lippu varaus varauksen img image static assets rute bokun malli modell model typ type laite kohde objekt hanke verkko tili avtal avtalet aftale aftalen avtale avtalen samning ansvar verksamhet virksomhed verksamheten nyckel nokkel nogle ersatter afloser erstatter avain position polis polise police emballage parti charge hnit", "anbud udbud upphandling utbod tarjous skadesa byggesa byggsa matpunkt malepunkt exemplar toner taxiresa vagsedel vejeseddel rfid borrhal meeting vattenmatar elmatar elmaler strommaler vannmaler vandmaler maelir malir ersattningsmodul fjarrvarmematar varaosa vejesed felkod rabattkod kampanjkod virhekood ritning tegning piirustu teikning kontrakt sopimus leasing hyresavtal projekt prosjekt verkefni anlaggning anlagning anlegg matarst malerst mittari abonnem abonnent biljett billet bokning booking kupong kupon etikett forsandelse forsendelse sandning sending lahetys kostnadsst omkostningss kontering kreditor leverantor leverandor toimittaj birgir koordinat felanmal asset komponent reservdel tilbehor"},
	{word{wordRecord, 0}, "plan lvu lvm lss lpt bup sol ppr ppt nav", "beslut vedtak afgor paatos akvordun utred udred undersok ansok ansog soknad hakem umsok anmal underret bekymr ilmoit tilkynn henvis remiss lahet intyg attest erklar lausun vottor kallel indkald innkall notat antecknin merkin plan samtyc samtykk suostum fullmakt fuldmagt valtakirj yttrand udtal uttal placer anbring plasser sijoit bistand insats indsats tiltak journal epikris greinarg kertomus forsorg sosial social barn overvag status opfolg uppfolj oppfolg seuranta"},
	{word{wordUnit, 0}, "kr sek dkk nok eur euro isk st stk kpl kg km byte bytes row rows records rader rekker fordon biler usd kwh mwh m mm cm liter l g ml ha mb gb kb ms tkr mkr kronor kroner tusen", ""},
}

func vocabulary() (map[string]word, map[uint32][]stem) {
	ex, st := map[string]word{}, map[uint32][]stem{}
	for _, l := range wordLists {
		for _, w := range bytes.Fields([]byte(l.exact)) {
			if _, ok := ex[string(w)]; !ok {
				ex[string(w)] = l.word
			}
		}
		for _, w := range bytes.Fields([]byte(l.stems)) {
			k := gram(w)
			st[k] = append(st[k], stem{string(w), l.word})
		}
	}
	return ex, st
}

// gram is the first four bytes of a stem.
func gram(w []byte) uint32 {
	return uint32(w[0]) | uint32(w[1])<<8 | uint32(w[2])<<16 | uint32(w[3])<<24
}

// stemBloom says quickly that no stem starts with four bytes.
var stemBloom = func() (t [1 << 12]bool) {
	for k := range stems {
		t[k*2654435761>>20] = true
	}
	return t
}()

// numberEndings end words that name the number of something.
var numberEndings = func() (list [][]byte) {
	for _, w := range [...]string{
		"nr", "nummer", "nummeret", "nummerets", "numret", "numrets", "nro", "numero", "numeron", "numeronne", "numeromme", "numeroni",
		"numeronsa", "numerosi", "numer", "numeri", "numerid", "numerinu", "numersins",
	} {
		list = append(list, []byte(w))
	}
	return list
}()

// payerEndings end words that name a person beside something that would be
// another number's: fakturamottagare.
var payerEndings = [][]byte{
	[]byte("mottagare"), []byte("mottagaren"), []byte("mottagarens"), []byte("modtager"), []byte("modtageren"),
	[]byte("modtagers"), []byte("mottaker"), []byte("mottakeren"), []byte("betalare"), []byte("betalaren"),
	[]byte("betaler"), []byte("betaleren"), []byte("saaja"), []byte("saajan"), []byte("maksaja"), []byte("maksajan"),
	[]byte("greidandi"), []byte("vidtakandi"),
}

// classify tells a folded word's class. The stem that names an identity
// number wins over others in the same word.
func classify(w []byte) word {
	if x, ok := exact[string(w)]; ok {
		return x
	}
	if n := len(w) - 1; n > 2 && w[n] == 's' {
		if x := exact[string(w[:n])]; x.class == wordPerson && x.kinds != 0 {
			return x // the genitive
		}
	}
	var best word
	for i := 0; i+4 <= len(w); i++ {
		k := gram(w[i:])
		if !stemBloom[k*2654435761>>20] {
			continue
		}
		for _, st := range stems[k] {
			if len(st.text) <= len(w)-i && string(w[i:i+len(st.text)]) == st.text {
				if best.class == wordOther || st.word.class < best.class ||
					st.word.class == best.class && st.word.kinds&best.kinds != 0 && st.word.kinds < best.kinds {
					best = st.word
				}
			}
		}
	}
	if best.class == wordNegative {
		for _, e := range payerEndings {
			if bytes.HasSuffix(w, e) {
				return word{class: wordPerson} // who gets the invoice
			}
		}
	}
	switch best.class {
	case wordOther, wordThing, wordRecord:
		for _, e := range numberEndings {
			if n := len(w) - len(e); n > 1 && bytes.HasSuffix(w, e) {
				if headOf(w[:n]).class == wordPerson {
					return word{wordID, kindsAll} // elevnummer
				}
				return word{class: wordUnknown}
			}
		}
	}
	switch best.class {
	case wordOther, wordThing, wordRecord, wordNegative:
		// A telefonsamtal is a talk, no telephone.
		h := headOf(w)
		if h.class == wordDoer {
			if best.class == wordOther {
				best = headPerson
			}
			break
		}
		if h.class != wordOther && (best.class != wordThing || h.class != wordRecord) && (best.class != wordNegative || h.class != wordThing) {
			best = h
		}
	}
	return best
}

// latin folds the second byte of the letters U+00C0 to U+00FF in UTF-8.
var latin = [64]byte{}

func init() {
	const upper = "aaaaaaaceeeeiiiidnooooo*ouuuuyts"
	copy(latin[:], upper)
	copy(latin[32:], upper)
	latin[63] = 'y'
}

// invisible is the width of a character that shows nothing inside a word, such
// as a soft hyphen or a zero-width space; 0 for others.
func invisible(w []byte) int {
	switch {
	case len(w) > 1 && w[0] == 0xC2 && w[1] == 0xAD:
		return 2
	case len(w) > 2 && w[0] == 0xE2 && (w[1] == 0x80 && w[2] >= 0x8B && w[2] <= 0x8F || w[1] == 0x81 && w[2] == 0xA0):
		return 3
	}
	return 0
}

// foldWord writes the word w[a:e] to buf in lower case without diacritics
// and returns its length.
func foldWord(buf []byte, w []byte) int {
	n := 0
	for i := 0; i < len(w) && n < len(buf); i++ {
		c := w[i]
		switch {
		case c < 0x80:
			switch {
			case c >= 'A' && c <= 'Z':
				c |= 0x20
			case c == '0': // badly read letters inside a word
				c = 'o'
			case c == '1':
				c = 'l'
			}
			buf[n] = c
			n++
		case c == 0xC3 && i+1 < len(w) && w[i+1] >= 0x80 && w[i+1] < 0xC0:
			i++
			buf[n] = latin[w[i]-0x80]
			n++
		case c == 0xCC && i+1 < len(w): // combining marks
			i++
		default:
			if width := invisible(w[i:]); width > 0 {
				i += width - 1
				continue
			}
			buf[n] = '*'
			n++
			for i+1 < len(w) && w[i+1]&0xC0 == 0x80 {
				i++
			}
		}
	}
	return n
}

// isWordByte reports whether b belongs to a word: letters, and bytes of UTF-8
// that are no separator.
func isWordByte(b byte) bool { return isASCIILetter(b) || b >= 0x80 }
