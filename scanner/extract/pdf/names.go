package pdf

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"aktvakt/scanner/extract"
)

// Fonts of type 3 paint each glyph by a small program. Print servers and old
// drivers make them, and number the glyphs as they come. What a glyph is, its
// name tells ("five", "odieresis"); PDFium goes by such names in all fonts
// but these, and gives the number instead. Where a page has characters that
// are only numbers, the document is searched for such fonts, and a table of
// their characters (ISO 32000-2, 9.10.3) is appended to each. So are tables
// that PDFium does not take, written anew.

const (
	// maxNamedFonts bounds the fonts that get a table: some KiB each.
	maxNamedFonts = 256
	// tableLimit is the longest table of characters that is looked at, in
	// bytes, tablesLimit bounds all of a document, and blockEntries the
	// entries of one block of a table.
	tableLimit   = 1 << 20
	tablesLimit  = 8 << 20
	blockEntries = 100
	// mapSamples is how many characters of a page are asked for whether
	// PDFium knows them.
	mapSamples = 16
)

// namedFonts returns an update that gives the fonts of type 3 a table of
// their characters, where glyph names tell other characters than numbers do.
// It returns nothing for encrypted documents.
func namedFonts(ctx context.Context, f *reader) ([]byte, error) {
	if f.size > repairBytes {
		return nil, nil
	}
	t, ok, err := lastTrailer(f)
	if err != nil || !ok || t.dict["Encrypt"] != "" {
		return nil, err
	}
	s := newSalvage(ctx, f)
	s.tables = make(map[int]bool)
	s.fonts, s.differences = make(map[int]map[string]string), make(map[int]string)
	if err := s.search(); err != nil {
		return nil, err
	}
	u := newUpdate(f, t)
	for _, number := range slices.Sorted(maps.Keys(s.fonts)) {
		font := s.fonts[number]
		if table := characterMap(s.namesOf(font)); table != "" && s.has(number) && len(u.rows) < 2*maxNamedFonts {
			object := u.add(streamOf(table))
			u.replace(number, s.objects[number].gen, type3(font, object))
		}
	}
	total := 0
	for _, number := range slices.Sorted(maps.Keys(s.tables)) {
		if len(u.rows) >= 2*maxNamedFonts || total >= tablesLimit {
			break
		}
		table, err := s.readStream(number)
		if err != nil {
			return nil, err
		}
		total += len(table)
		if table = countEntries(table); table != nil {
			u.replace(number, s.objects[number].gen, streamOf(table))
		}
	}
	if len(u.rows) == 0 {
		return nil, nil
	}
	return u.end(), nil
}

// streamOf writes a stream that is not packed.
func streamOf[T string | []byte](data T) string {
	return fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(data), data)
}

// readStream returns the content of a stream that stands in the file, up to
// tableLimit bytes.
func (s *salvage) readStream(number int) ([]byte, error) {
	o, ok := s.objects[number]
	if !ok || o.in != 0 {
		return nil, nil
	}
	head := make([]byte, 1<<10)
	n, err := s.f.readAt(head, o.offset)
	if err != nil && err != io.EOF {
		return nil, err
	}
	mark := bytes.Index(head[:n], []byte("obj"))
	if mark < 0 {
		return nil, nil
	}
	d, end := dictionary(head[mark+len("obj") : n])
	if end == 0 {
		return nil, nil
	}
	data := s.content(d, o.offset+int64(mark+len("obj")+end), tableLimit)
	return data, extract.Alive(s.ctx)
}

var (
	tableBlock = regexp.MustCompile(`(?s)(\d+)\s+beginbf(char|range)(.*?)endbf(?:char|range)`)
	tableEntry = map[string]*regexp.Regexp{
		"char":  regexp.MustCompile(`<[^<>]*>\s*<[^<>]*>`),
		"range": regexp.MustCompile(`<[^<>]*>\s*<[^<>]*>\s*(?:<[^<>]*>|\[[^\]]*\])`),
	}
)

// countEntries mends a table of characters whose blocks have another number
// of entries than they say, or more than the 100 that are allowed: PDFium
// takes nothing of it. It returns nil if there is nothing to mend.
func countEntries(table []byte) []byte {
	end := bytes.Index(table, []byte("endcmap"))
	if end < 0 {
		return nil
	}
	wrong := false
	mended := tableBlock.ReplaceAllFunc(table[:end], func(block []byte) []byte {
		m := tableBlock.FindSubmatch(block)
		kind := string(m[2])
		entries := tableEntry[kind].FindAllString(string(m[3]), -1)
		if said, err := strconv.Atoi(string(m[1])); err == nil && said == len(entries) && said <= blockEntries {
			return block
		}
		wrong = true
		var b bytes.Buffer
		writeBlocks(&b, kind, entries)
		return b.Bytes()
	})
	if !wrong {
		return nil
	}
	return append(mended, tableEnd...)
}

// tableEnd ends a table of characters.
const tableEnd = "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"

// writeBlocks writes the entries of a table, of the kind "char" or "range", in
// blocks of the size that is allowed.
func writeBlocks(w io.Writer, kind string, entries []string) {
	for part := range slices.Chunk(entries, blockEntries) {
		fmt.Fprintf(w, "%d beginbf%s\n%s\nendbf%s\n", len(part), kind, strings.Join(part, "\n"), kind)
	}
}

// namesOf returns the part of a font's encoding that names glyphs.
func (s *salvage) namesOf(font map[string]string) string {
	encoding := font["Encoding"]
	if n, err := strconv.Atoi(encoding); err == nil {
		return s.differences[n]
	}
	d, _ := dictionary([]byte(encoding))
	return d["Differences"]
}

// type3 writes a font's dictionary anew, with a table of its characters.
func type3(font map[string]string, table int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<</Type/Font/Subtype/Type3/ToUnicode %d 0 R", table)
	for _, key := range []string{"Name", "FontBBox", "FontMatrix", "CharProcs", "Encoding", "Widths", "FontDescriptor", "Resources"} {
		if v := font[key]; v != "" {
			b.WriteString("/" + key + " " + reference(v))
		}
	}
	for _, key := range []string{"FirstChar", "LastChar"} {
		if v := font[key]; v != "" {
			b.WriteString("/" + key + " " + v)
		}
	}
	b.WriteString(">>")
	return b.String()
}

// characterMap writes the table of a font's characters from its differences
// "[0 /exclam /A 65 /B]"; nothing if they tell no more than the numbers.
func characterMap(differences string) string {
	var lines []string
	news := false
	code := 0
	for _, word := range strings.Fields(strings.NewReplacer("[", " ", "]", " ", "/", " /").Replace(differences)) {
		if n, err := strconv.Atoi(word); err == nil {
			code = n
			continue
		}
		name, ok := strings.CutPrefix(word, "/")
		if !ok {
			continue
		}
		if c := glyphNamed(name); c != 0 && code >= 0 && code < 256 {
			news = news || int(c) != code
			line := fmt.Sprintf("<%02x> <", code)
			for _, unit := range utf16.Encode([]rune{c}) {
				line += fmt.Sprintf("%04x", unit)
			}
			lines = append(lines, line+">")
		}
		code++
	}
	if !news || len(lines) > 256 {
		return ""
	}
	var b strings.Builder
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapType 2 def\n" +
		"1 begincodespacerange\n<00> <FF>\nendcodespacerange\n")
	writeBlocks(&b, "char", lines)
	b.WriteString(tableEnd)
	return b.String()
}

// glyphNamed returns the character of a glyph's name, 0 if it is not known.
// Known are the Latin ones of the Adobe Glyph List and "uni20AC"
// (https://github.com/adobe-type-tools/agl-specification).
func glyphNamed(name string) rune {
	name, _, _ = strings.Cut(name, ".") // "a.sc" is a small capital
	if len(name) == 1 && (name[0]|0x20) >= 'a' && (name[0]|0x20) <= 'z' {
		return rune(name[0])
	}
	if c, ok := glyphNames[name]; ok {
		return c
	}
	for _, prefix := range []string{"uni", "u"} {
		if digits, ok := strings.CutPrefix(name, prefix); ok && len(digits) >= 4 && len(digits) <= 6 {
			if n, err := strconv.ParseUint(digits, 16, 32); err == nil && n >= ' ' && utf8.ValidRune(rune(n)) {
				return rune(n)
			}
		}
	}
	if len(name) > 1 {
		if accent, ok := glyphAccents[name[1:]]; ok {
			c, n := utf8.DecodeRuneInString(norm.NFC.String(name[:1] + string(accent)))
			if n == len(norm.NFC.String(name[:1]+string(accent))) {
				return c
			}
		}
	}
	return 0
}

var glyphAccents = map[string]rune{
	"grave": 0x300, "acute": 0x301, "circumflex": 0x302, "tilde": 0x303, "macron": 0x304, "breve": 0x306,
	"dotaccent": 0x307, "dieresis": 0x308, "ring": 0x30A, "hungarumlaut": 0x30B, "caron": 0x30C,
	"cedilla": 0x327, "ogonek": 0x328,
}

var glyphNames = map[string]rune{
	"zero": '0', "one": '1', "two": '2', "three": '3', "four": '4',
	"five": '5', "six": '6', "seven": '7', "eight": '8', "nine": '9',
	"space": ' ', "nbspace": ' ', "exclam": '!', "quotedbl": '"', "numbersign": '#', "dollar": '$', "percent": '%',
	"ampersand": '&', "quotesingle": '\'', "parenleft": '(', "parenright": ')', "asterisk": '*', "plus": '+',
	"comma": ',', "hyphen": '-', "minus": '-', "sfthyphen": '-', "period": '.', "slash": '/', "colon": ':',
	"semicolon": ';', "less": '<', "equal": '=', "greater": '>', "question": '?', "at": '@', "bracketleft": '[',
	"backslash": '\\', "bracketright": ']', "asciicircum": '^', "underscore": '_', "grave": '`', "braceleft": '{',
	"bar": '|', "braceright": '}', "asciitilde": '~', "quoteleft": '‘', "quoteright": '’', "quotesinglbase": '‚',
	"quotedblleft": '“', "quotedblright": '”', "quotedblbase": '„', "guillemotleft": '«', "guillemotright": '»',
	"endash": '–', "emdash": '—', "bullet": '•', "ellipsis": '…', "section": '§', "paragraph": '¶', "degree": '°',
	"Euro": '€', "sterling": '£', "yen": '¥', "cent": '¢', "currency": '¤', "copyright": '©', "registered": '®',
	"trademark": '™', "periodcentered": '·', "plusminus": '±', "multiply": '×', "divide": '÷', "mu": 'µ',
	"onehalf": '½', "onequarter": '¼', "threequarters": '¾', "onesuperior": '¹', "twosuperior": '²',
	"threesuperior": '³', "exclamdown": '¡', "questiondown": '¿', "acute": '´', "dieresis": '¨', "brokenbar": '¦',
	"ordfeminine": 'ª', "ordmasculine": 'º', "logicalnot": '¬',
	"AE": 'Æ', "ae": 'æ', "Oslash": 'Ø', "oslash": 'ø', "OE": 'Œ', "oe": 'œ', "Eth": 'Ð', "eth": 'ð', "Thorn": 'Þ',
	"thorn": 'þ', "Lslash": 'Ł', "lslash": 'ł', "Dcroat": 'Đ', "dcroat": 'đ', "germandbls": 'ß', "dotlessi": 'ı',
	"ff": 'ﬀ', "fi": 'ﬁ', "fl": 'ﬂ', "ffi": 'ﬃ', "ffl": 'ﬄ',
}
