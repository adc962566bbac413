package idnumber

// luhnDouble is the digit sum of twice a digit.
var luhnDouble = [10]int{0, 2, 4, 6, 8, 1, 3, 5, 7, 9}

// luhn reports whether the ten digits from c[i] have a Luhn sum (weights 2, 1,
// 2, 1 from the left, digit sums) that 10 divides.
func luhn(c *chars, i int) bool {
	s := luhnDouble[c.num(i)] + c.num(i+1) + luhnDouble[c.num(i+2)] + c.num(i+3) +
		luhnDouble[c.num(i+4)] + c.num(i+5) + luhnDouble[c.num(i+6)] + c.num(i+7) +
		luhnDouble[c.num(i+8)] + c.num(i+9)
	return s%10 == 0
}

// weighted is the sum of w[j] times digit j, modulo 11.
func weighted(c *chars, w []int) int {
	s := 0
	for j, x := range w {
		s += x * c.num(j)
	}
	return s % 11
}

// luhnText is the Luhn sum over c[i:n] with weights that start at first; a
// letter counts by letter(byte), digit sums taken.
func luhnText(c *chars, i, n, first int, letter func(byte) int) bool {
	s, w := 0, first
	for ; i < n; i++ {
		v := 0
		if c[i] <= '9' {
			v = c.num(i)
		} else {
			v = letter(c[i])
		}
		for v *= w; v > 0; v /= 10 {
			s += v % 10
		}
		w = 3 - w
	}
	return s%10 == 0
}
