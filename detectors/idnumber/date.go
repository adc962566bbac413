package idnumber

import "time"

// day is a calendar day; the zero value is none.
type day struct{ y, m, d int }

func dayOf(t time.Time) day {
	y, m, d := t.Date()
	return day{y, int(m), d}
}

func (a day) after(b day) bool {
	if a.y != b.y {
		return a.y > b.y
	}
	if a.m != b.m {
		return a.m > b.m
	}
	return a.d > b.d
}

func (a day) time() time.Time {
	if a.y == 0 {
		return time.Time{}
	}
	return time.Date(a.y, time.Month(a.m), a.d, 0, 0, 0, 0, time.UTC)
}

var monthDays = [13]int{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// real reports whether the day exists.
func (a day) real() bool {
	if a.m < 1 || a.m > 12 || a.d < 1 || a.d > monthDays[a.m] {
		return false
	}
	if a.m == 2 && a.d == 29 {
		return a.y%4 == 0 && (a.y%100 != 0 || a.y%400 == 0)
	}
	return true
}

// under reports whether a person born on a is younger than years on ref.
func (a day) under(years int, ref day) bool {
	return day{a.y + years, a.m, a.d}.after(ref)
}

// newest is the newest year with the last two digits yy in which the day
// m-d does not lie after ref.
func newest(yy, m, d int, ref day) int {
	y := ref.y - ref.y%100 + yy
	if (day{y, m, d}).after(ref) {
		y -= 100
	}
	return y
}

// Bits of the tables below: which day and month offsets make a date of four
// digits.
const (
	dPlain   = 1 << iota // day and month as they are
	dDay40               // day + 40: Norwegian D-number, Icelandic company
	dDay60               // day + 60: samordningsnummer, erstatnings-CPR
	dMonth40             // month + 40: Norwegian H-number
	dMonth65             // month + 65: Norwegian synthetic (NHN)
	dMonth80             // month + 80: Norwegian synthetic (Tenor)
	dDay4080             // day + 40 and month + 80: synthetic D-number
	dReserve             // day 32-59: Inera's national reserve number
)

// ddmm and mmdd tell the bits for the four digits of a day and month, in
// either order. 29 February is left to day.real.
var ddmm, mmdd = dateTables()

func dateTables() (dm, md [10000]uint8) {
	ok := func(m, d int) bool { return m >= 1 && m <= 12 && d >= 1 && d <= monthDays[m] }
	for d := range 100 {
		for m := range 100 {
			var f uint8
			if ok(m, d) {
				f |= dPlain
			}
			if ok(m, d-40) {
				f |= dDay40
			}
			if ok(m, d-60) || d >= 60 && d <= 91 && (m == 0 || d == 60 && m <= 12) {
				f |= dDay60
			}
			if ok(m-40, d) {
				f |= dMonth40
			}
			if ok(m-65, d) {
				f |= dMonth65
			}
			if ok(m-80, d) {
				f |= dMonth80
			}
			if ok(m-80, d-40) {
				f |= dDay4080
			}
			if m >= 1 && m <= 12 && d >= 32 && d <= 59 {
				f |= dReserve
			}
			dm[d*100+m], md[m*100+d] = f, f
		}
	}
	return dm, md
}

// leapOK reports whether 29 February may stand in a year that ends in yy; the
// century is not known yet.
func leapOK(m, d, yy int) bool { return m != 2 || d != 29 || yy%4 == 0 }
