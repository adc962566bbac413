package grade

import (
	"bytes"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"aktvakt/detectors/name"
)

// Scanned pages come with words in pieces and with digits for letters ("Hän
// delse", "s1ået"), so that no word of any list is found. Repair mends the
// commonest damage where a text is full of it; elsewhere it changes nothing.

const (
	// maxRepaired bounds the text that is mended, in bytes.
	maxRepaired = 64 << 10
	// A text is damaged when at least so many words are, and one in so many.
	minDamaged, oneDamagedIn = 5, 10
)

// shortWords are those of at most three letters that stand alone, in all
// languages: what is as short and not among them is a piece of a word.
var shortWords = wordSet(`
	a ad adr af afd akt all alt am an and ang any apr are arg ark arm art arv as at att aug av avd að b ba bad bag bak bar bað be bed ben ber bil ble bli
	blå bo bor box boy bra bup bur bus but bvc bvl by bíl bör bød bør c ca can cm cpr cut d da dad dag day de dec deg dei dej del dem den der des det di
	did dig din dit ditt dk dnr do dog dom dr dro du dum dvs där då dér dö död død dør e eat ef eg ei ein eit ej ekki eks el eli elv en ena end ene enl
	enn er ero eru et ete etg ett evt ex eye eða f fam far fat feb fek fel fem fer fick fik for fr fra fre fri fru frá frå från fx fái få får fær fór för
	før g gaf gav ge ger ges ggr gick gik gis giv god gr gul gym gå går gör gør h ha had ham han har has he hei hej hel hem hen hep her him his hjá hjå
	ho hon hos hot how hr hrs hui hun hur hus hva hvad hän här hår hér hög hör høj høy hún i if ift iht in ind inn is isä it its ja jag jan jeg jer jf
	jfr jo job jos ju jul jun já jäv kan kap ke ked kg kk kl klo knæ kod kom kr kun kva kön köp kör la lag leg let lex lgh liv log lov lss lue lvm lvu
	lys lá lå låg lån lås låt læg löi lön lör løb løn lør m ma mad mai maj mal man mar mat may md mdr me med meg mej men mer með mg mhp mht mig min mio
	mit mitt mm mnd mod mor mot mtp mum mun mut muu my mye má mál mä män må mål mån mår mér mín n nat nav ne ned nei nej ner ni nio no noe nog nok not
	nov nr nu ny nya nye nyt när nää nå nån når nås nóv nú o och of off og ois ok okt ole oli om oma on one ons ont op opp or ord oro ort orð os oss ota
	our out own p par pas pc pdf pe per pga ph pkt pnr pois pr put pv på rad ref ren ret rev ro rom rum rus råd rån röd rød røg s sa saa sad sag sai sak
	sal sat se see seg sei sem sen sep ser ses set sex she si sig sin sit sitt sju sjó ska ske sko skv slå sms små so soc som son sov ssk st stk sto stå
	su sun svo syg syk syn syv sä säg så såg sår sæt sér sín sön søn søv t ta tag tai tak tal tar tas te tel ten tfn the ti tid til tim tio tir tis tk
	tlf to tog tok tom tor tre tro tuo tur tv tvo två two typ työ tää tíu tók tør u ud ude uge uka uke um ung up upp ur uro us use usk ut ute v vad vai
	var vc ve ved vedr vei vem ven vet vi via vid vie vil vin vit við vko voi väg väl vår våt væk was we who why x y you yta yö à á án ár ára äiti än är
	äta å åk åka år års åt ég én ét í ö öl øje øl úr út þar það því þá þér þú`)

// Repaired returns a damaged text mended, and for each of its bytes and its end
// the offset in the text. It returns nil for a text that is whole.
func Repaired(text []byte) (mended []byte, at []int32) {
	if len(text) > maxRepaired || !damaged(text) {
		return nil, nil
	}
	whole := bytes.Clone(text)
	for i := 0; i < len(whole); {
		n := pieceAt(whole, i)
		if n > 0 {
			toLetters(whole[i : i+n])
		} else {
			_, n = utf8.DecodeRune(whole[i:])
		}
		i += n
	}
	mended, at = make([]byte, 0, len(text)), make([]int32, 0, len(text)+1)
	put := func(from, to int) {
		for ; from < to; from++ {
			mended, at = append(mended, whole[from]), append(at, int32(from))
		}
	}
	for i := 0; i < len(whole); {
		pieces := piecesAt(whole, i)
		if len(pieces) == 0 {
			_, n := utf8.DecodeRune(whole[i:])
			put(i, i+n)
			i += n
			continue
		}
		k := joined(whole, pieces)
		for _, p := range pieces[:k] {
			put(p.start, p.end)
		}
		i = pieces[k-1].end
	}
	return mended, append(at, int32(len(text)))
}

// mostPieces is in how many pieces a word is looked for.
const mostPieces = 5

// piecesAt returns the runs of letters from offset i on that one space parts,
// at most mostPieces; of the later ones none begins with a capital.
func piecesAt(text []byte, i int) (pieces []span) {
	for len(pieces) < mostPieces {
		n := pieceAt(text, i)
		if n == 0 || !allLetters(text[i:i+n]) && len(pieces) > 0 || len(pieces) > 0 && unicode.IsUpper(firstRune(text[i:i+n])) {
			return pieces
		}
		pieces = append(pieces, span{i, i + n})
		if !allLetters(text[i:i+n]) || i+n+1 >= len(text) || text[i+n] != ' ' {
			return pieces
		}
		i += n + 1
	}
	return pieces
}

// joined returns how many pieces make up the first word: the most that are a
// known word together; else two of which one is too short to be a word and the
// other is none of the words that stand alone.
func joined(text []byte, pieces []span) int {
	word := func(k int) []byte {
		var w []byte
		for _, p := range pieces[:k] {
			w = append(w, text[p.start:p.end]...)
		}
		return bytes.ToLower(w)
	}
	first := text[pieces[0].start:pieces[0].end]
	for k := len(pieces); k > 1; k-- {
		if w := word(k); utf8.RuneCount(w) > 3 && knownWord(w) && !(shortWords[string(word(1))] && shortWords[string(text[pieces[1].start:pieces[1].end])]) {
			return k
		}
	}
	if len(pieces) > 1 {
		second := text[pieces[1].start:pieces[1].end]
		if piece(first) && !shortWords[string(second)] && !knownWord(second) || piece(second) && !shortWords[string(bytes.ToLower(first))] && !knownWord(bytes.ToLower(first)) {
			return 2
		}
	}
	return 1
}

// shortestStem is that of a stem of the vocabulary that makes a word known,
// however it goes on; longestSuffix is what may follow.
const shortestStem, longestSuffix = 4, 8

// knownWord tells a word of the vocabulary, a name and a short word.
func knownWord(w []byte) bool {
	if shortWords[string(w)] || name.Known(w) {
		return true
	}
	known := known()
	if _, ok := known[string(w)]; ok {
		return true
	}
	for n := len(w); n >= shortestStem && len(w)-n <= longestSuffix; n-- {
		if stem := known[string(w[:n])]; stem {
			return true
		}
	}
	return false
}

// known are the single words of the vocabulary; true for stems.
var known = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for _, w := range Words() {
		text := strings.ToLower(w.Text)
		if strings.Contains(text, " ") {
			for _, part := range strings.Fields(text) {
				if _, ok := words[part]; !ok && !strings.Contains(part, "*") {
					words[part] = false
				}
			}
			continue
		}
		stem := strings.HasSuffix(text, "*")
		text = strings.Trim(text, "*")
		words[text] = words[text] || stem
	}
	return words
})

// piece tells a short word that no language has.
func piece(w []byte) bool {
	var buf [3 * utf8.UTFMax]byte
	if len(w) > len(buf) || utf8.RuneCount(w) > 3 || !allLetters(w) {
		return false
	}
	lower := buf[:0]
	for i := 0; i < len(w); {
		r, n := utf8.DecodeRune(w[i:])
		lower = utf8.AppendRune(lower, unicode.ToLower(r))
		i += n
	}
	return !shortWords[string(lower)]
}

func allLetters(w []byte) bool {
	for i := 0; i < len(w); {
		r, n := utf8.DecodeRune(w[i:])
		if !unicode.IsLetter(r) {
			return false
		}
		i += n
	}
	return len(w) > 0
}

// pieceAt is the length of the letters and digits at offset i.
func pieceAt(text []byte, i int) int {
	start := i
	for i < len(text) {
		r, n := utf8.DecodeRune(text[i:])
		if !unicode.IsLetter(r) && (r < '0' || r > '9') {
			break
		}
		i += n
	}
	return i - start
}

// mixed reports whether w is a word with digits that were letters: more
// letters than digits, of which all look like letters.
func mixed(w []byte) bool {
	n, digits := 0, 0
	for i := 0; i < len(w); {
		r, size := utf8.DecodeRune(w[i:])
		switch {
		case r == '0' || r == '1' || r == '5':
			digits++
		case r >= '0' && r <= '9':
			return false
		default:
			n++
		}
		i += size
	}
	return digits > 0 && n > digits && n > 1
}

// toLetters puts letters for the digits of a mixed word.
func toLetters(w []byte) {
	if !mixed(w) {
		return
	}
	for i, c := range w {
		switch c {
		case '0':
			w[i] = 'o'
		case '1':
			w[i] = 'l'
		case '5':
			w[i] = 's'
		}
	}
}

// damaged reports whether many words of a text are in pieces or hold digits.
func damaged(text []byte) bool {
	words, bad := 0, 0
	for i := 0; i < len(text); {
		n := pieceAt(text, i)
		if n == 0 {
			_, n = utf8.DecodeRune(text[i:])
			i += n
			continue
		}
		w := text[i : i+n]
		spaced := i > 1 && text[i-1] == ' ' && text[i-2] != ' ' && unicode.IsLower(firstRune(w)) && n <= 3*utf8.UTFMax
		switch {
		case w[0] >= '0' && w[0] <= '9' && !mixed(w):
		case mixed(w) && n > 3:
			words++
			bad++
		case spaced && piece(w) && (i+n == len(text) || text[i+n] != '.'):
			words++
			bad++
		default:
			words++
		}
		i += n
	}
	return bad >= minDamaged && bad*oneDamagedIn >= words
}

func firstRune(w []byte) rune {
	r, _ := utf8.DecodeRune(w)
	return r
}
