package ole

import "strings"

// Tokens of a formula that need more than their size, [MS-XLS] 2.5.198.
const (
	ptgConcat  = 0x08
	ptgStr     = 0x17
	ptgAttr    = 0x19
	ptgFuncVar = 0x22

	attrChoose     = 0x04
	funcConcat     = 336 // CONCATENATE
	ptgClasses     = 0x20
	maxFormulaText = 32 << 10
)

// ptgSizes are the bytes behind the other tokens of BIFF8, by their number
// without the class; those that are not here have none.
var ptgSizes = map[int]int{
	0x01: 4, 0x02: 4, 0x1C: 1, 0x1D: 1, 0x1E: 2, 0x1F: 8, 0x20: 7, 0x21: 2, 0x22: 3, 0x23: 4, 0x24: 4, 0x25: 8, 0x26: 6, 0x27: 6,
	0x28: 6, 0x29: 2, 0x2A: 4, 0x2B: 8, 0x2C: 4, 0x2D: 8, 0x39: 6, 0x3A: 6, 0x3B: 10, 0x3C: 6, 0x3D: 10,
}

// formulaStrings returns the strings that a formula of BIFF8 quotes, in one
// piece where it strings them together. An unknown token ends it.
func formulaStrings(f []byte) string {
	var found []string
	total, joined := 0, false
	for at := 0; at < len(f) && total < maxFormulaText; {
		t := int(f[at])
		at++
		if t >= 2*ptgClasses {
			t = t&(ptgClasses-1) | ptgClasses
		}
		switch t {
		case ptgStr:
			n := u8(f, at)
			size := n
			text := latin(slice(f, at+2, n))
			if u8(f, at+1)&1 != 0 {
				size = 2 * n
				text = utf16(slice(f, at+2, size))
			}
			found = append(found, text)
			total += size
			at += 2 + size
		case ptgAttr:
			if u8(f, at)&attrChoose != 0 {
				at += 2 * (u16(f, at+1) + 1)
			}
			at += 3
		case ptgConcat:
			joined = true
		case ptgFuncVar:
			joined = joined || u16(f, at+1)&0x7FFF == funcConcat
			at += ptgSizes[t]
		case 0x00, 0x18: // none, and those of natural language
			at = len(f)
		default:
			at += ptgSizes[t]
		}
	}
	if joined {
		return strings.Join(found, "")
	}
	return strings.Join(found, " ")
}
