package name

import (
	"embed"
	"strings"
	"sync"
)

//go:embed lists/*.txt
var files embed.FS

type lists struct {
	given, family map[string]bool
}

var load = sync.OnceValue(func() lists {
	return lists{
		given:  read("lists/given.txt", "lists/given-more.txt"),
		family: read("lists/family.txt", "lists/family-more.txt"),
	}
})

func read(names ...string) map[string]bool {
	set := map[string]bool{}
	for _, name := range names {
		data, err := files.ReadFile(name)
		if err != nil {
			panic(err) // embedded: cannot happen
		}
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				set[strings.ToLower(line)] = true
			}
		}
	}
	return set
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// alsoWords are given names that are also ordinary words: where a sentence or
// a line may begin they count only with a family name.
var alsoWords = set(`per bo tor stig liv my siv sol dag hans else gro maj mai love can le win storm ask alt sander lage
	else and ida may will mark bill frank rose grace hope faith joy art don jan mar april june august juni juli
	onni rauha toivo sisko satu lumi taru usko meri aamu sini tuuli ilo voitto aatos armas kukka eine mies
	dagur björn steinn örn ari ósk sól úlfur valur freyr hreinn logi máni bára sunna von ýr aron gestur ernir
	dan ole ann vår vide saga nova stella vega milla alma lo tom tim rita sten kai can le linn iris viola
	lilja lea tora flora tea melody sally kent rask finn find lis ib ole vila line stine fie merete magne
	svend gry siri eskil bjørg bjørn asta tage håkan sune rune dag ulf björk tina eva egon aftur inga
	ville pers alle lotta kaisa heli armi satu salla sami mari rosa karma sara lina dina hanna ella`)

// familyEndings are endings of family names and Icelandic patronymics; a
// capitalised word of at least five letters with one of them is probably a
// name where a name may stand.
var familyEndings = []string{
	"sson", "ssen", "sen", "nen", "lä", "lainen", "läinen", "dóttir", "dottir", "son", "ström", "strøm",
	"qvist", "kvist", "berg", "lund", "gren", "gaard", "gård", "dahl", "holm", "stedt", "stad", "man",
	"mark", "lin", "én", "sköld", "fors", "felt", "feldt", "bæk", "bech", "skov", "toft", "rup", "vik",
	"nes", "heim", "haug", "rud", "moen", "land", "saari", "mäki", "niemi", "koski", "lahti", "suo",
	"vuori", "järvi", "pää", "salo", "oja", "virta", "ović", "ovic", "ić", "zadeh", "oğlu", "ski", "ska",
}

// notNames are capitalised words that stand beside names without being one.
var notNames = set(`klass klasse klassen luokka bekkur kommun kommune kommunen kunta skola skolan skole skolen skule koulu barn barnet elev dato datum
	sida side blad journal akt sag sak saken ärende dnr personnr personnummer cpr fnr född født fødd hetu kt
	adress adresse osoite telefon tlf tfn mobil namn navn nimi beslut beslutet bakgrund baggrund bakgrunn
	mandag måndag tisdag tirsdag onsdag torsdag fredag lördag lørdag söndag søndag
	januari januar februari februar mars marts april maj mai juni juli augusti august september oktober november december desember
	mor far mamma pappa mamman pappan modern fadern moren faren äiti isä móðir faðir
	han hon hun ho hän hann hún vi jag jeg eg minä ég du ni de det den dom dei det er är var
	ingen inget ingenting foresatte føresette föräldrar forældre foreldre vad hvad hva kva när når hvornår hvem vem kven hvor var kvar mvh kh
	och og ja en et ett ei i på av til till om med som at att ikke inte ikkje ej har hade hadde fik fick
	nav bup dps ppt ppr lvu lvm lss sol ivo sip ab as aps oy oyj ehf kf a/s ks hb bvc sfo ok ja nei nej
	skt sankt st norra södra östra västra nordre søndre østre vestre gamla gamle nya nye stora store lilla lille`)

// Known reports whether a word is on a list of given or family names, in any
// case. A word that ends like a family name is not enough.
func Known(word []byte) bool {
	var buf [32]byte
	if len(word) < 2 || len(word) > len(buf) {
		return false
	}
	lower := buf[:copy(buf[:], word)]
	for i, c := range lower {
		switch {
		case c >= 'A' && c <= 'Z':
			lower[i] = c | 0x20
		case i > 0 && lower[i-1] == 0xC3 && c >= 0x80 && c < 0x9F:
			lower[i] = c + 0x20 // U+00C0 to U+00DE
		}
	}
	l := load()
	return l.given[string(lower)] || l.family[string(lower)]
}
