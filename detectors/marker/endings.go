package marker

// endings are the inflections that a language adds to a whole word. The forms
// of the catalogue give the word itself; these save listing each case of each.
type endings struct {
	set map[string]bool
	// any, if positive, allows every ending of at most so many bytes:
	// Finnish puts its cases and clitics in rows.
	any int
}

func (e *endings) allow(b []byte) bool {
	if e == nil {
		return false
	}
	if e.any > 0 && len(b) <= e.any {
		return true
	}
	return e.set[string(b)]
}

func endingSet(list ...string) *endings {
	e := &endings{set: map[string]bool{}}
	for _, s := range list {
		e.set[s] = true
	}
	return e
}

// The endings of nouns: definite, plural, genitive.
var languageEndings = map[string]*endings{
	"sv": endingSet("n", "en", "et", "t", "ns", "ens", "ets", "s", "ar", "er", "or", "r",
		"arna", "erna", "orna", "na", "arnas", "ernas", "nas", "ars", "ers", "a", "e"),
	"da": endingSet("n", "en", "et", "ns", "ens", "ets", "s", "er", "e", "r", "ers", "es",
		"erne", "ene", "ne", "ernes", "enes", "nes"),
	"no": endingSet("n", "en", "et", "a", "ns", "ens", "ets", "s", "er", "e", "r", "ar", "ers",
		"ene", "ane", "ne", "enes", "anes"),
	"is": endingSet("s", "i", "ar", "ir", "ur", "um", "a", "na", "inn", "in", "ið", "ins", "inum",
		"num", "anna", "unum", "arnar", "irnar", "nar", "na", "u", "inni", "innar"),
	"en": endingSet("s", "'s", "es"),
	"fi": {any: 6},
}

// endingsFor returns the endings of a language for a form. Short forms and
// references to law take none: too many words begin like them.
func endingsFor(lang, kind, text string) *endings {
	if len(text) < 7 || kind == "lawref" || kind == "casenumber" || kind == "filename" {
		return nil
	}
	if lang == "sv-FI" {
		lang = "sv"
	}
	return languageEndings[lang]
}
