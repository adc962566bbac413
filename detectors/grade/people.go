package grade

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"aktvakt/detectors"
	"aktvakt/detectors/name"
)

// Roles of family and of the person a case is about. A role without a name
// beside it is a person too: "mamman", "drengen".
const (
	roleMother = iota
	roleFather
	roleSister
	roleBrother
	roleSpouse
	roleSon
	roleDaughter
	roleGrandmother
	roleGrandfather
	roleStepfather
	roleStepmother
	roleAunt
	roleUncle
	roleCousin
	roleBoy
	roleGirl
	roleEx
	roleCount
)

// rolesOf are the words of each role; a word has one.
var rolesOf = map[int]string{
	roleMother:      "mamma mamman mammas modern moderns mor mors moren morens mora äiti äidin äidille äitiä äidillä äidiltä äidistä móðir móður mömmu mother mum mom mother's moderen moderens barnemor mødre mum's äitiään",
	roleFather:      "pappa pappan pappas fadern faderns far fars faren farens isä isän isälle isää isällä isältä pabbi pabba faðir föður father dad father's faderen faderens barnefar farsan isäänsä",
	roleSister:      "syster systern lillasyster storasyster søster søsteren lillesøster storesøster systera systra veslesøster storesyster sisko siskon siskolle sisar pikkusisko isosisko systir systur sister lillasystern storasystern lillesøsteren storesøsteren lillesøstra søstra siskonsa systurinnar",
	roleBrother:     "bror brodern lillebror storebror broder broderen veslebror veli veljen pikkuveli isoveli velje bróðir bróður brother lillebroren storebroren minstebror pikkuveljen brorsan",
	roleSpouse:      "make maken makens maka makan hustru hustrun frun sambo sambon mannen manden konen kona hustruen ægtefælle samlever samleveren kæreste kæresten ektefelle kjæreste kjæresten kjærast kjærasten samboer samboeren sambuar sambuaren vaimo vaimon puoliso puolison aviomies avopuoliso avomies maki eiginmaður eiginkona sambýlismaður sambýliskona husband wife partner pojkvän pojkvännen flickvän flickvännen ægtefællen ægtemanden ektemannen ektefellen gubben kjerringa miehensä vaimonsa eiginmaðurinn eiginkonan konan",
	roleSon:         "son sonen sonens søn sønnen sønn sonur sonar pojan poikansa sonurinn",
	roleDaughter:    "dotter dottern datter datteren dottera dattera tytär tyttären dóttir dóttur daughter dotra dóttirin eldstejenta tyttärensä",
	roleGrandmother: "mormor farmor bedstemor bestemor mummo mummi amma ömmu grandmother grandma mormoren farmoren bedstemoderen bestemora mummon",
	roleGrandfather: "morfar farfar bedstefar bestefar ukki vaari afi afa grandfather grandpa bedstefaren bestefaren papan",
	roleStepfather:  "styvpappa styvfar styvpappan plastpappa stedfar stedfaren stefar stefaren isäpuoli stjúpi stjúpfaðir stepfather",
	roleStepmother:  "styvmor styvmamma stedmor stemor äitipuoli stjúpmóðir stepmother",
	roleAunt:        "moster faster mostern fastern tante täti frænka",
	roleUncle:       "farbror morbror onkel setä eno frændi uncle",
	roleCousin:      "kusin kusinen fætter kusine fetter søskenbarn serkku cousin",
	roleBoy:         "pojken pojkens drengen drengens gutten guttens guten strákurinn drengurinn poika grabben killen knægten strákur drengur dreng gutt boy",
	roleGirl:        "flickan flickans pigen pigens jenta jenten tyttö tytön stúlkan stelpan tjejen tøsen jentungen stelpa stúlka girl",
	roleEx:          "exet exmaken exmannen exfrun eksen eksmanden eksmand ekskone ekskæreste ex-mannen eksmannen exen ekset exman exhusband exsambo exsambon exmake",
}

// roleStems map words to roles.
var roleStems = map[string]int{}

func init() {
	for role, stems := range rolesOf {
		for _, w := range bytes.Fields([]byte(stems)) {
			roleStems[string(w)] = role
		}
	}
}

// count adds up the people of a stretch of the text.
func count(d *Document, mentions []name.Mention, s span) people {
	p := people{main: map[int]bool{}}
	type one struct {
		client, field     bool
		official, clients int // mentions
		kin               bool
		mentions          int
		kind              name.Kind
	}
	byPerson := map[int]*one{}
	var order []int
	for _, m := range mentions {
		p.mentions++
		o := byPerson[m.Person]
		if o == nil {
			o = &one{kind: m.Kind}
			byPerson[m.Person] = o
			order = append(order, m.Person)
		}
		o.mentions++
		o.client = o.client || m.Client
		o.kin = o.kin || m.Kin
		if m.Official {
			o.official++
		}
		o.field = o.field || m.Field && !m.Official
		o.kind = min(o.kind, m.Kind)
		if m.Client {
			o.clients++
			p.clientMentions++
		}
	}
	for _, id := range order {
		o := byPerson[id]
		// Whom the text keeps telling of is no official, though present at a
		// meeting.
		if o.official > 0 && !o.kin && o.clients < 2 {
			p.officials++
			continue
		}
		switch {
		case o.client:
			p.clients++
			p.main[id] = true
		case o.field:
			p.others++
			p.inFields++
			p.main[id] = true
		case o.mentions > 1 || o.kind == name.Full:
			p.others++
			p.known++
			p.main[id] = true
		default:
			p.others++
			p.once++
		}
		switch o.kind {
		case name.Full:
			p.full++
		case name.Initials:
			p.initials++
		default:
			p.given++
		}
		if o.field {
			p.fields++
		}
	}
	roles(&p, d.Text.Body[s.start:s.end], mentions, s.start)
	return p
}

// severalWords are definite plurals of children and siblings: two people at
// least.
var severalWords = wordSet(`barnen barnens syskonen döttrarna sönerna pojkarna flickorna tvillingarna
	børnene børnenes drengene drengenes pigerne pigernes sønnerne døtrene tvillingerne drenge piger
	barna barnas guttene gutane jentene sønnene døtrene søsknene tvillingene
	lapset lasten lapsia pojat tytöt kaksoset börnin börnum börnunum drengirnir stúlkurnar
	children twins brothers siblings brödrana bröderna systrarna brødrene søstrene`)

// roles counts distinct roles of family that no name follows, and children
// without a name.
func roles(p *people, text []byte, mentions []name.Mention, base int) {
	named := map[int]bool{}
	for _, m := range mentions {
		named[m.Start-base] = true
	}
	var seen, hasName [roleCount]bool
	plural := map[string]bool{}
	var buf [40]byte
	for i := 0; i < len(text); {
		r, n := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(text[i:])
		}
		if !unicode.IsLetter(r) {
			i += n
			continue
		}
		start, w := i, buf[:0]
		for i < len(text) {
			r, n := utf8.DecodeRune(text[i:])
			if !unicode.IsLetter(r) {
				break
			}
			if len(w) < len(buf)-4 {
				w = utf8.AppendRune(w, unicode.ToLower(r))
			}
			i += n
		}
		if severalWords[string(w)] {
			plural[string(w)] = true
		}
		if role, ok := roleStems[string(w)]; ok && !named[start] {
			if named[i+1] || named[i+2] {
				hasName[role] = true
			}
			seen[role] = true
		}
	}
	for role, yes := range seen {
		if yes && (role == roleSister || role == roleBrother || role == roleSon || role == roleDaughter || role == roleBoy || role == roleGirl) {
			p.childRoles++
		}
		switch {
		case !yes || hasName[role]:
		case role == roleBoy || role == roleGirl:
			p.unnamed++
		default:
			p.roles++
		}
	}
	p.several = len(plural)
}

// distinctNumbers counts different numbers and those of minors.
func distinctNumbers(ids []detectors.Match, max int) (persons, minors int) {
	seen := map[[16]byte]bool{}
	for _, m := range ids {
		k := m.Value.Key(countKey)
		if seen[k] {
			continue
		}
		if len(seen) < max {
			seen[k] = true
		}
		persons++
		if m.Minor {
			minors++
		}
	}
	return persons, minors
}

// countKey only serves to tell numbers of one document apart in memory.
var countKey = []byte("count")
