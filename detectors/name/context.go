package name

import "strings"

// kin are words of family and of children, bare and definite, as they stand
// right before a name.
var kin = set(`mamma mamman mammas pappa pappan mor far modern fadern syster systern bror brodern lillebror lillasyster storebror
	storasyster son sonen dotter dottern dottera syskonen make maken maka makan hustru hustrun man mannen fru frun sambo sambon exman exmake
	exmannen pojkvän pojkvännen flickvän flickvännen mormor morfar farmor farfar moster faster farbror morbror kusin kusinen styvfar
	styvpappa styvmor barn barnet pojken flickan tonåringen bebisen klient klienten brukaren eleven patienten
	moren faren lillesøster storesøster søster søsteren broder broderen søn sønnen datter datteren hustruen konen manden kæreste
	kæresten eksmand eksmanden eksen samlever samleveren mormor farmor bedstefar fætter kusine stedfar stedmor plejemor plejefar
	drengen pigen barnet borger borgeren beboer beboeren eleven patienten
	mora faren syster systera bestemor bestefar sønn sønnen datter dattera kone kona kjæreste kjæresten samboer samboeren
	stefar stemor fostermor fosterfar gutten guten jenta jenten bruker brukeren bebuar
	äiti äidin isä isän veli veljen sisko siskon poika pojan tytär tyttären vaimo vaimon mies miehen puoliso mummo ukki pikkuveli
	isoveli pikkusisko isosisko serkku täti setä isäpuoli lapsi lapsen asiakas asiakkaan oppilas oppilaan potilas asukas
	móðir móðirin faðir faðirinn mamma pabbi bróðir systir sonur sonurinn dóttir dóttirin amma afi maki eiginmaður eiginkona sambýlismaður
	mother father sister brother son daughter husband wife partner stepfather grandmother client pupil resident
	syskon søsken søskende barna børnene sysken lapset familjen familien fam familie perhe`)

// verb are the verbs of notes on a case.
var verb = set(`säger sa sade berättar berättade uppger uppgav beskriver vill ville har hade är var kom kommer ringde ringer går gick blev blir
	fick får mår mådde sover sov gråter grät vägrar vägrade behöver bor bodde flyttade uttrycker önskar svarar svarade tar tog
	siger sagde fortæller fortalte oplyser oplyste beskriver vil havde er kom kommer ringede gik får fik græder sover nægter bor boede
	flyttede ønsker svarede møder mødte viser forklarer
	sier seier fortalte forteller fortel oppgir oppgjev er var kom kjem ringte ringde gikk gjekk går fikk fekk får sov gråter græt nekter
	bor bur budde bodde ønsker ønskjer svarte møtte viser har hadde ville skal
	sanoo sanoi kertoo kertoi on oli ei tuli tulee soitti soittaa meni menee haluaa halusi itki itkee nukkui nukkuu asuu asui pelkää
	kieltäytyy kokee toivoo vastasi löi
	segir sagði greinir lýsir er var kom kemur hringdi fór fer vill vildi grét sefur svaf býr bjó þarf neitar óskar fékk
	says said is was has had came called went wants wanted told lives lived needs refuses hits hit`)

// stopWord begins sentences without being a name.
var stopWord = set(`ville vad hvad hva kva hvem vem kven hvor hvordan hvorfor hur varför nu där der her här sen først först også också paikalla det den de han hon hun ho hän se hann hún það vi jag jeg eg du ni i på efter når när da då men och og så
	alla alle nogen någon ingen mor far mamma pappa barnet eleven borgeren brukaren klienten barnen kommunen skolan skolen polisen politiet
	äiti isä lapsi poliisi koulu móðir faðir barnið skólinn it he she they we the there`)

// titleStems are beginnings of the titles of those who act in a role; title
// words in compounds are found by titleEnds.
var titleStems = []string{
	"socialsekr", "enhetschef", "avdelningschef", "handlägg", "utredare", "rektor", "kurator", "sjuksköt", "läkare", "överläk", "psykolog",
	"advokat", "ordförande", "ordf", "ledamot", "åklagare", "polis", "chef", "direktör", "barnsekr", "familjehemssekr", "lärare", "mentor", "specialped",
	"kontaktperson", "jurist", "borgmäst", "kommunalråd", "förvaltningschef", "socialchef", "samordnare", "föredragande", "sekreterare",
	"rådgiver", "socialrådg", "sagsbeh", "leder", "afdelingsleder", "teamleder", "forstander", "læge", "overlæge", "sygeplejerske", "skoleleder", "borgmester",
	"konsulent", "direktør", "formand", "pædagog", "lærer", "visitator", "kontaktpæd", "tillidsrep", "sundhedsplej", "familieråd", "advokat", "politi",
	"saksbeh", "rådgivar", "rådgjev", "leiar", "barnevernsl", "lege", "overlege", "lensmann", "ordfør", "kommunedir", "kommunalsjef", "helsesykepl",
	"sykepleier", "sjukepleiar", "kontaktlær", "lærar", "vernepl", "tilsynspers", "verneombod", "hovudtill", "tillitsv",
	"sosiaalityöntek", "sosiaaliohj", "johtaja", "päällikkö", "lääkäri", "opettaja", "rehtori", "kuraattori", "psykologi", "hoitaja", "ohjaaja",
	"esihenkilö", "esimies", "luokanvalvoja", "pääluottam", "asianajaja", "puheenjohtaja", "omahoitaja",
	"félagsráðgj", "ráðgjafi", "skólastj", "læknir", "hjúkrunarfr", "sálfræð", "lögmaður", "formaður", "forstöðu", "deildarstj", "kennari", "sveitarstj",
	"social worker", "manager", "director", "teacher", "doctor", "nurse", "lawyer", "chair", "head", "officer", "counsellor", "professor", "dr", "redaktör",
	"journalist", "projektleder", "projektledare", "prosjektleiar", "utvecklingsl", "administratör", "assistent", "vikar", "föreläs",
}

var titleEnds = []string{"chef", "sekreterare", "ledare", "leder", "leiar", "rådgiver", "konsulent", "handläggare", "terapeut", "pedagog",
	"pædagog", "läkare", "læge", "lege", "sköterska", "plejerske", "pleier", "sjef", "päällikkö", "johtaja", "ohjaaja", "hoitaja", "työntekijä", "stjóri", "fulltrúi", "ansvarig", "samordnare"}

func isTitle(w string) bool {
	if len(w) < 3 {
		return w == "dr"
	}
	for _, s := range titleStems {
		if strings.HasPrefix(w, s) {
			return true
		}
	}
	for _, s := range titleEnds {
		if len(w) > len(s) && strings.HasSuffix(w, s) {
			return true
		}
	}
	return false
}

// officialLabels begin lines that name those who write, receive or decide.
var officialLabels = set(`från fra frå lähettäjä frá from avsändare afsender avsender till til vastaanottaja to mottagare cc kopia kopi
	handläggare utredare rådgiver sagsbehandler saksbehandler saksbehandlar käsittelijä kirjaaja beslutande beslutsfattare närvarande föredragande ordförande
	ansvarig ansvarlig ansvarleg kontaktperson referent møteleder mötesledare afgivet skribent underskrift sign signatur
	møtende møtande forfall vara deltagare deltagere deltakere deltakarar deltakara tilstede ledamöter justerare rapportör författare forfatter
	uppdragsgivare beställare projektledare projektleder prosjektleder kouluttaja laatija osallistujat læstjóri viðstödd skráð ráðgjafi
	kurator psykolog läkare læge lege rektor foredragsholder omahoitaja lääkäri luokanvalvoja klasslärare kontaktlærer tilsynsperson ombud biträde advokat`)

// closings begin a signature.
var closings = []string{
	"med vänlig hälsning", "vänlig hälsning", "vänliga hälsningar", "hälsningar", "mvh", "hälsn", "med venlig hilsen", "venlig hilsen", "de bedste hilsner",
	"hilsen", "hilsner", "kh", "kærlig hilsen", "vennlig hilsen", "med vennleg helsing", "med vennlig hilsen", "venleg helsing", "helsing", "beste hilsen", "bh",
	"ystävällisin terveisin", "terveisin", "terv", "t.", "yst.", "kveðja", "bestu kveðjur", "virðingarfyllst", "kær kveðja",
	"kind regards", "best regards", "regards", "sincerely", "best wishes", "för socialnämnden", "på vegne af",
}

// region is what is known of a line.
type region struct {
	// official: the names up to this offset belong to people in their role.
	official int
	field    bool // has a label and a value, or cells
}

// regions marks the lines of signatures, mail headers, greetings in mails,
// speakers of chats and officials' fields, and those with a label.
func (f *finder) regions() {
	lines := strings.Split(string(f.text), "\n")
	f.line = make([]region, len(lines)+1)
	mail, sign, offset, last := 0, 0, 0, -1
	for i, line := range lines {
		end := offset + len(line)
		l := strings.ToLower(strings.Trim(line, " \t\r>*-–|#_~"))
		r := &f.line[i]
		r.field = labelled(l)
		label, _, ok := strings.Cut(l, ":")
		first, _, _ := strings.Cut(strings.TrimSpace(label), " ")
		switch {
		case l == "":
		case sign > 0 && len(l) < 60:
			r.official = end
			sign--
		case closing(l):
			r.official, sign = end, 3
		case strings.HasPrefix(strings.TrimSpace(line), "/") && len(l) < 60:
			r.official = end
		case ok && len(label) < 40 && (officialLabels[first] || isTitle(first)):
			r.official = end
			if mailLabels[first] {
				mail++
				f.signed(last)
			}
		case mail > 0 && greeting(l):
			r.official = end
		default:
			r.official = speaker(line, offset)
		}
		if l != "" {
			last = i
		}
		if slash := strings.LastIndexByte(line, '/'); slash > 0 && len(line)-slash < 25 && (line[slash-1] == ' ' || line[slash-1] == '.') {
			f.trailing = append(f.trailing, span{offset + slash, end})
		}
		offset = end + 1
	}
	f.signed(last)
}

// span is a stretch of text.
type span struct{ start, end int }

// signed marks a last line of a mail or note that is short enough to be a
// name and nothing else.
func (f *finder) signed(i int) {
	if i <= 0 || f.line[i].field {
		return
	}
	start, end, n := -1, 0, 0
	for _, t := range f.tok {
		if t.line != i {
			continue
		}
		if !t.upper {
			return
		}
		if start < 0 {
			start = t.start
		}
		end = t.end
		n++
	}
	if n > 0 && n <= 3 && end-start < 40 {
		f.line[i].official = end
	}
}

var mailLabels = set(`från fra frå lähettäjä frá from till til vastaanottaja to`)

var greetings = []string{"hej ", "hejsan ", "hei ", "heisann ", "hi ", "hello ", "moi ", "sæl ", "sæll ", "hæ ", "god morgon ", "godmorgen ", "hallo "}

// greeting tells the first words of a mail to a colleague.
func greeting(l string) bool {
	for _, g := range greetings {
		if strings.HasPrefix(l, g) && len(l) < 40 {
			return true
		}
	}
	return false
}

// speaker returns the end of the speaker's name in a line of a chat that
// begins with a time, or 0.
func speaker(line string, offset int) int {
	head, _, ok := strings.Cut(line, ": ")
	if !ok || len(head) > 50 {
		return 0
	}
	digits := 0
	for i := 0; i < len(head); i++ {
		if head[i] >= '0' && head[i] <= '9' {
			digits++
		}
	}
	if digits < 3 || digits > 14 {
		return 0
	}
	return offset + len(head)
}

func closing(l string) bool {
	for _, c := range closings {
		if rest, ok := strings.CutPrefix(l, c); ok && len(rest) < 40 && (rest == "" || strings.ContainsAny(rest[:1], " ,./!:")) {
			return true
		}
	}
	return false
}

// labelled tells a line with a label and a value: "Namn: …", "Elev   …".
func labelled(l string) bool {
	i := strings.IndexByte(l, ':')
	return i > 1 && i < 40 && i+1 < len(l) && strings.Count(l[:i], " ") < 5 ||
		strings.Contains(l, "\t") || strings.Count(l, ";") > 1 || strings.Contains(l, "   ") ||
		strings.Count(l, ",") > 3 && strings.Count(l, ", ") == 0
}
