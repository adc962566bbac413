package ole

import "sort"

// extent is a stretch of the WordDocument stream, in bytes.
type extent struct{ start, end int }

// pageSize is the size of a formatted disk page, [MS-DOC] 2.9.33 and 2.9.174.
const pageSize = 512

// maxExtents bounds what is kept of one table.
const maxExtents = 1 << 20

// formatted returns the stretches whose properties pick accepts. bin is a
// PlcBteChpx or PlcBtePapx; item is how many bytes stand for each stretch in a
// page: 1 for characters, 13 for paragraphs.
func formatted(doc, bin []byte, item int, pick func(props []byte) bool) []extent {
	n := (len(bin) - 4) / 8
	var found []extent
	for i := 0; i < n && len(found) < maxExtents; i++ {
		page := slice(doc, (u32(bin, 4*(n+1)+4*i)&0x3FFFFF)*pageSize, pageSize)
		if len(page) < pageSize {
			continue
		}
		runs := int(page[pageSize-1])
		if 4*(runs+1)+item*runs > pageSize {
			continue
		}
		for k := range runs {
			at := 2 * int(page[4*(runs+1)+item*k])
			if at == 0 {
				continue
			}
			if pick(propertiesAt(page, at, item > 1)) {
				found = append(found, extent{u32(page, 4*k), u32(page, 4*k+4)})
			}
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].start < found[j].start })
	return found
}

// propertiesAt returns the modifiers that begin at an offset of a page.
func propertiesAt(page []byte, at int, paragraph bool) []byte {
	n := u8(page, at)
	at++
	if !paragraph {
		return slice(page, at, n)
	}
	if n == 0 {
		n = 2 * u8(page, at)
		at++
	} else {
		n = 2*n - 1
	}
	return slice(page, at+2, n-2) // after the style
}

// Modifiers that matter here, [MS-DOC] 2.6.
const (
	sprmDeleted  = 0x0800 // sprmCFRMarkDel
	sprmInserted = 0x0801 // sprmCFRMarkIns
	sprmRowEnd   = 0x2417 // sprmPFTtp
)

// hasSprm reports whether a list of modifiers switches one on.
func hasSprm(list []byte, want int) bool {
	for len(list) >= 3 {
		op := u16(list, 0)
		if op == want {
			return list[2] != 0
		}
		list = slice(list, 2+operandSize(op, list[2:]), len(list))
	}
	return false
}

// operandSize is the length of a modifier's operand in bytes, 2.2.5.1.
func operandSize(op int, rest []byte) int {
	switch op >> 13 {
	case 0, 1:
		return 1
	case 2, 4, 5:
		return 2
	case 3:
		return 4
	case 7:
		return 3
	}
	switch op {
	case 0xD608: // sprmTDefTable counts in two bytes
		return u16(rest, 0) + 1
	case 0xC615: // sprmPChgTabs may be longer than it can say
		if u8(rest, 0) == 255 {
			return len(rest)
		}
	}
	return u8(rest, 0) + 1
}

// within reports whether the byte at lies in one of the sorted extents.
func within(list []extent, at int) bool {
	i := sort.Search(len(list), func(i int) bool { return list[i].end > at })
	return i < len(list) && list[i].start <= at
}

// next returns the first border of an extent after at, or limit.
func next(list []extent, at, limit int) int {
	i := sort.Search(len(list), func(i int) bool { return list[i].end > at })
	if i == len(list) {
		return limit
	}
	if list[i].start > at {
		return min(list[i].start, limit)
	}
	return min(list[i].end, limit)
}
