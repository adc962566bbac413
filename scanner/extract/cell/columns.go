package cell

import (
	"strings"
)

// Columns remembers which columns of a sheet are headed as identity numbers,
// to give their numeric cells back the leading zeros that a spreadsheet drops:
// 0101905678 typed into a General cell is stored as 101905678. Elsewhere
// numbers stay as they are: padding only those that look like dates would
// make any column of numbers look like identity numbers.
type Columns struct {
	headed map[int]header
}

type header uint8

const (
	ten    header = iota + 1 // ten digits, YYMMDDNNNN or DDMMYYNNNN
	eleven                   // Norwegian, DDMMYYNNNNN
)

// maxColumns is as many as a sheet can have.
const maxColumns = 16_384

// labels are what heads a column of identity numbers, in lower case.
var labels = []struct {
	part string
	h    header
}{
	{"fødselsn", eleven}, {"fodselsn", eleven}, {"fnr", eleven}, {"f.nr", eleven}, {"d-nummer", eleven}, {"dnummer", eleven},
	{"personn", ten}, {"person-n", ten}, {"pers.nr", ten}, {"persnr", ten}, {"pnr", ten}, {"p-nr", ten}, {"cpr", ten},
	{"födelsenum", ten}, {"födelsenr", ten}, {"samordningsn", ten}, {"kennital", ten}, {"ssn", ten}, {"identity n", ten},
	{"henkilötunn", ten},
}

// Header notes a text cell of a column; a later header replaces an earlier.
func (c *Columns) Header(col int, text string) {
	if len(text) < 3 || len(text) > 60 || col < 1 || col > maxColumns {
		return
	}
	text = strings.ToLower(text)
	for _, l := range labels {
		if strings.Contains(text, l.part) {
			if c.headed == nil {
				c.headed = map[int]header{}
			}
			c.headed[col] = l.h
			return
		}
	}
}

// Pad returns the digits of an integer cell with the zeros its column lets
// expect. The result ends in what was given.
func (c *Columns) Pad(col int, digits string) string {
	h := c.headed[col]
	if h == 0 || len(digits) < 7 || len(digits) > 10 || !allDigits(digits) {
		return digits
	}
	if h == eleven {
		if len(digits) == 10 {
			return "0" + digits
		}
		return digits
	}
	return strings.Repeat("0", 10-len(digits)) + digits
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
