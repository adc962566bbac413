package idnumber

// profile is a guess at a text's language and kind, from its commonest words.
type profile struct {
	// share is how much of the Nordic words are each country's, 0 to 1.
	share [nCountries]float64
	// nordic is the number of Nordic words seen, english of English ones.
	nordic, english int
	words           int
	// code is the share of bytes that are punctuation of programs and data.
	code float64
	// bytes is the size of the sample.
	bytes int
}

const (
	sampleSize = 3 << 10 // bytes read from the start and from the middle
)

// profileOf reads two samples of the text, and the neighbourhood of the first
// candidate.
func profileOf(b []byte, at int) profile {
	var p profile
	var hits [nCountries]int
	punct := 0
	read := func(w []byte) {
		p.bytes += len(w)
		var buf [16]byte
		for i := 0; i < len(w); {
			if !isWordByte(w[i]) {
				switch w[i] {
				case '{', '}', '(', ')', ';', '=', '<', '>', '[', ']', '\\', '_', '$', '#', '*', '&', '"':
					punct++
				}
				i++
				continue
			}
			e := i
			for e < len(w) && isWordByte(w[e]) {
				e++
			}
			p.words++
			if e-i <= len(buf) {
				n := foldWord(buf[:], w[i:e])
				m := commonWords[string(buf[:n])]
				if m&englishBit != 0 {
					p.english++
				}
				if m&^englishBit != 0 {
					p.nordic++
					for c := range nCountries {
						if m&(1<<c) != 0 {
							hits[c]++
						}
					}
				}
			}
			// Letters that tell a language apart.
			for k := i; k+1 < e; k++ {
				if w[k] == 0xC3 {
					letterHits(w[k+1], &hits, &p)
				}
			}
			i = e
		}
	}
	read(b[:min(len(b), sampleSize)])
	if len(b) > sampleSize {
		a := min(max(sampleSize, at-sampleSize/2), len(b))
		read(b[a:min(len(b), a+sampleSize)])
	}
	total := 0
	for _, h := range hits {
		total = max(total, h)
	}
	if total > 0 {
		for c, h := range hits {
			p.share[c] = float64(h) / float64(total)
		}
	}
	if p.bytes > 0 {
		p.code = float64(punct) / float64(p.bytes)
	}
	return p
}

// letterHits counts å, ä, ö, æ, ø, ð and þ.
func letterHits(second byte, hits *[nCountries]int, p *profile) {
	var cs []country
	switch second {
	case 0xA5, 0x85: // å
		cs = []country{se, dk, no}
	case 0xA4, 0x84: // ä
		cs = []country{se, fi}
	case 0xB6, 0x96: // ö
		cs = []country{se, fi, is}
	case 0xA6, 0x86: // æ
		cs = []country{dk, no, is}
	case 0xB8, 0x98: // ø
		cs = []country{dk, no, fo}
	case 0xB0, 0x90, 0xBE, 0x9E: // ð, þ
		cs = []country{is, is}
	default:
		return
	}
	p.nordic++
	for _, c := range cs {
		hits[c]++
	}
}

const englishBit = 1 << 15

// commonWords maps folded words to the countries where they are common.
var commonWords = func() map[string]uint16 {
	m := map[string]uint16{}
	add := func(bit uint16, words string) {
		for _, w := range splitWords(words) {
			m[w] |= bit
		}
	}
	add(1<<se, "januari februari mars april maj augusti september oktober november december tisdag onsdag torsdag fredag ut in nu sa medan sjalv alla andra vill skulle kunde fick gick kom tog darfor eftersom kl hem hittade barnets modern anmaler anser tva tre golvet kommer hade blev finns fran nar dar efter over mellan sedan hennes hans skolan hemmet hustru flickan pojken samtal mote moter behov stod utredning ansokan ansoker bor soker galler avser insatser uppger ingen nagon manga mycket fore utan redan behover hemtjanst anmalan kontakt brev skickas enhet handlaggare adress bilaga inte gar vecka forsta ocksa aven bara vid pa sig dig mig ditt mitt sitt deras varit blivit hittar vem mvh hej asso fakturanummer forfaller ordernr levereras skickade och att ar som for med till har inte av den ett det om vid fran eller kan ska hon han men sin vi jag barnet kommun kommunen namn personnummer fodd patient sokande beslut arende enligt samt mot efter under finns ej du er var detta barn hos idag nu elev mamma pappa insats skola ort datum telefon tilldelat modern fadern")
	add(1<<dk, "januar februar marts april august september november december tirsdag onsdag torsdag fredag pa ud ind nu nar hvis sa mens selv alle andre vil ville skulle kunne fandt fik gik kom tog derfor fordi kl hjem barnets kommer havde to tre gulvet bliver finder ved fordi nej ja kunne far mor notat borgere ringer ang boligstotte modtaget efter over mellem siden hendes hans skolen hjemmet samtale mode behov stotte undersogelse ansogning ansoger bor soger galder vedrorer oplyser oplyst ingen nogen mange meget for uden allerede kontakt brev sendes enhed adresse bilag ikke gar uge forste ogsa bare sig dig mig dit mit sit deres varet blevet akterne sager handleplan underretning foranstaltning born barn faderen moderen mener bedes fakturanr kontonr ukendt onsker hjaelp hjalp sporgsmal maj juni juli oktober kaere kare vh og at er som for med til har ikke af den et det om ved fra eller kan skal hun han men sin vi jeg barnet kommune kommunen navn cpr personnummer fodt borger borgeren ansoger sag sagen afgorelse efter under blev hvor gider til bliver mod hos barn hej denne sagsbehandler vedr modtaget op i sagsnr jer dag foraeldre")
	add(1<<no, "januar februar mars april mai juni juli august september oktober november desember tirsdag onsdag torsdag fredag pa ut inn na nar hvis sa mens selv alle andre vil ville skulle kunne fant fikk gikk kom tok derfor fordi kl hjem barnets kommer hadde to tre gulvet blir finner nei ja kunne notat etter over mellom siden hennes hans skolen hjemmet samtale mote behov stotte undersokelse soknad soker bor sokt gjelder opplyser opplyst ingen noen mange mye for uten allerede kontakt brev sendes enhet adresse vedlegg ikke gar uke forste ogsa bare seg deg meg ditt mitt sitt deres vart blitt saksbehandler okonomisk sosialhjelp onsker time bruker brukeren moren faren ringt tildelt skatteetaten vedtaket kontonr sendt og at er som for med til har ikke av den et det om ved fra eller kan skal hun han men sin vi jeg barnet kommune kommunen navn fodselsnummer fodt bruker pasient soker sak saken vedtak etter under ble hvor barn gjelder mot hos barnevern barneverntjenesten barnehageplass innlagt registrert far mor dette noe bekymringsmelding sted fnr personnr i gar")
	add(1<<fi, "hanen heidan minun voi pitaa nyt sitten mika tama niin vaan klo koti kotiin ei eivat olla ollut kaksi kolme lapsia asiakkaan ilmoittaa kertoo loysi mukaan hakija huoltaja ilmoitti soitettu aidille tytar poika koulussa koulu jarjestelmasta tarkistaa mukaan kotona sosiaalityontekija palvelu hakemus puh viitenumero laskun nro seka eli vain viela jalkeen ennen koska asiassa tammikuuta kesakuuta sukunimi etunimi paatoksen lahetetty vastannut ja on ei etta oli se han myos lapsen ovat kun tai mutta sen joka ole jos kanssa hetu henkilotunnus nimi paatos asia asiakas koskee kunta lapsi aiti isa moi voisitko osoite perhe klo viranhaltija")
	add(1<<is, "fra upp ut inn nu thegar thvi svo sinn sin vill skal heim barnid segir fann golfinu eru voru hafa hafi verdur barnsins drengsins stulkunnar hringdi morgun samthykkt umsaekjanda skola skoli heimili simi upplysingar dagsett undirritad stadur eftir milli hennar hans hja ekki bara lika thad thetta faer eru voru sagdi beidni akvordun nafnlaus malsnr sveitarfelagid fjarhagsadstod lagdur byrjar haust og ad er ekki vid sem til tad hefur var um af fyrir med ur hann hun kt kennitala nafn barns barnaverndar malid vardar nemandi sjuklingur inn a i tvi en verid umsokn")
	add(1<<fo, "og at er ikki sum til hevur var av fyri vid p-tal ptal navn hann hon barnid kommuna")
	add(englishBit, "the and of to in is for with this that are was from by not if it be on as or an will can you use used which when has have must should return int void const function new null true false string type file value")
	for _, w := range splitWords("for is of to on as or an a i var new at om er") {
		if m[w]&englishBit != 0 && m[w] != englishBit {
			m[w] = 0 // says nothing
		}
	}
	return m
}()

func splitWords(s string) (out []string) {
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && s[j] != ' ' {
			j++
		}
		if j > i {
			out = append(out, s[i:j])
		}
		i = j + 1
	}
	return out
}

// foreign reports how little the text looks like Nordic prose or records, in
// log-odds to subtract: 0 for Nordic or very short texts.
func (p *profile) foreign() float64 {
	ratio := float64(p.nordic) / float64(max(p.words, 1))
	f := 0.0
	switch {
	case p.english > 3 && 2*p.english > 3*p.nordic:
		f = 2.5
	case p.words > 40 && ratio < 0.02:
		f = 2.2
	case p.english > 0 && p.nordic == 0:
		f = 1
	case p.words > 12 && p.nordic == 0:
		f = 0.8
	}
	if p.bytes > 200 && ratio < 0.08 {
		switch {
		case p.code > 0.10:
			f += 1.8
		case p.code > 0.06:
			f++
		}
	}
	return f
}
