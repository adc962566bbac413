package cell

import "testing"

func TestFormats(t *testing.T) {
	tests := []struct {
		code string
		v    float64
		want string
	}{
		{"General", 199001012393, "199001012393"},
		{"", 1.99001012401e11, "199001012401"},
		{"0000000000", 101901234, "0101901234"},
		{`000000\-0000`, 9001012385, "900101-2385"},
		{`000000"-"0000;@`, 101012385, "010101-2385"},
		{`000000-0000`, 199001012385, "19900101-2385"},
		{`########-####`, 199001012385, "19900101-2385"},
		{`# ### ##0`, 199001012385, "199001012385"},
		{`000000\ 0000`, 101012385, "010101 2385"},
		{`yyyy\-mm\-dd`, 32874, "1990-01-01"},
		{"d.m.yyyy", 1, "1900-01-01"},
		{"d.m.yyyy", 61, "1900-03-01"},
		{"dd/mm/yyyy hh:mm", 32874.5, "1990-01-01 12:00"},
		{"mmm yy", 32874, "1990-01-01"},
		{`[$-41D]d mmmm yyyy`, 32874, "1990-01-01"},
		{"yyyy-mm-dd", 9001012385, "9001012385"}, // no date
		{"hh:mm", 0.75, "18:00"},
		{"[h]:mm:ss", 1.5, "36:00"},
		{"mm:ss", 0.0005, "00:00:43"},
		{"0.00", 12.345, "12.35"},
		{"#,##0.00", 1234, "1234"},
		{"0%", 0.25, "25%"},
		{"00000", 1234, "01234"},
		{"0.00E+00", 9001012385, "9001012385"},
		{"General", 0.1 + 0.2, "0.3"},
		{"General", -5, "-5"},
		{`[Red]0000000000`, 101901234, "0101901234"},
		{`"Nr "0000000000`, 101901234, "Nr 0101901234"},
		{`"open`, 5, "5"},
		{`[open`, 5, "5"},
		{`\`, 5, "5"},
	}
	for _, tt := range tests {
		if got := string(ParseFormat(tt.code).Append(nil, tt.v, false)); got != tt.want {
			t.Errorf("%q of %v: got %q, want %q", tt.code, tt.v, got, tt.want)
		}
	}
	if got := string(Builtin(14).Append(nil, 31412, true)); got != "1990-01-01" {
		t.Errorf("1904: %q", got)
	}
	if got := string(Builtin(22).Append(nil, 32874.25, false)); got != "1990-01-01 06:00" {
		t.Errorf("id 22: %q", got)
	}
}

func TestColumns(t *testing.T) {
	var c Columns
	for col, head := range map[int]string{1: "Namn", 2: "Personnr", 3: "CPR-nr.", 4: "Fødselsnummer", 5: "Ordrenr"} {
		c.Header(col, head)
	}
	tests := []struct {
		col      int
		in, want string
	}{
		{2, "1012385", "0001012385"}, {2, "9001012385", "9001012385"}, {2, "199001012385", "199001012385"},
		{3, "101905678", "0101905678"}, {4, "1019012345", "01019012345"}, {4, "123456789", "123456789"},
		{5, "101905678", "101905678"}, {2, "123456", "123456"}, {2, "-1012385", "-1012385"},
	}
	for _, tt := range tests {
		if got := c.Pad(tt.col, tt.in); got != tt.want {
			t.Errorf("column %d, %q: got %q, want %q", tt.col, tt.in, got, tt.want)
		}
	}
}

func FuzzFormat(f *testing.F) {
	for _, s := range []string{"General", `000000\-0000`, "yyyy-mm-dd hh:mm", `"x"[h]0.00%`, "_-* #,##0"} {
		f.Add(s, 9001012385.0)
	}
	f.Fuzz(func(t *testing.T, code string, v float64) {
		if got := ParseFormat(code).Append(nil, v, false); len(got) > maxCode+400 {
			t.Errorf("%d bytes", len(got))
		}
	})
}
