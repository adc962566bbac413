package cell

import (
	"aktvakt/scanner/extract"
)

// Grid sends the cells of one sheet as text: a line for each row that has
// content, cells separated by tabs and in their columns, so that
// Document.At can tell row and column of any offset. Cells come row by row
// and from left to right.
type Grid struct {
	out   extract.Out
	sheet string
	cols  Columns

	block   []byte
	place   extract.Place
	lastRow int // last row in block

	line []byte // the current row
	row  int
	col  int  // column of its last cell
	gap  bool // it does not keep columns
}

// NewGrid returns a grid for a sheet.
func NewGrid(out extract.Out, sheet string) *Grid { return &Grid{out: out, sheet: sheet} }

const (
	// maxGap is how many empty cells in a row are written as tabs.
	maxGap = 64
	// blockSize is about how much text makes a block, in bytes.
	blockSize = 32 << 10
)

// Text adds a cell of text. Rows and columns count from 1.
func (g *Grid) Text(row, col int, text []byte) error {
	g.cols.Header(col, string(text[:min(len(text), 64)]))
	return g.add(row, col, text)
}

// Number adds a cell that shows a number, with the leading zeros that its
// column lets expect.
func (g *Grid) Number(row, col int, shown []byte) error {
	if len(g.cols.headed) > 0 {
		shown = []byte(g.cols.Pad(col, string(shown)))
	}
	return g.add(row, col, shown)
}

// More adds text to the cell that was added last.
func (g *Grid) More(text []byte) {
	g.line = append(g.line, ' ')
	g.append(text)
}

func (g *Grid) add(row, col int, text []byte) error {
	if len(text) == 0 {
		return nil
	}
	if row != g.row || (len(g.line) > 8*blockSize && !g.gap) {
		if err := g.endRow(); err != nil {
			return err
		}
		g.row = row
	}
	n := col - g.col
	switch {
	case g.col == 0 && n >= 1 && n <= maxGap:
		n--
	case n < 1 || n > maxGap:
		g.gap = true
		n = 1
		if g.col == 0 {
			n = 0
		}
	}
	for range n {
		g.line = append(g.line, '\t')
	}
	g.col = max(col, g.col)
	g.append(text)
	return nil
}

// append writes text as one field of one line.
func (g *Grid) append(text []byte) {
	for _, c := range text {
		if c == '\n' || c == '\r' || c == '\t' {
			c = ' '
		}
		g.line = append(g.line, c)
	}
}

// endRow adds the current row to the block. Rows that do not follow each
// other or keep no columns start a block.
func (g *Grid) endRow() error {
	if len(g.line) == 0 {
		return nil
	}
	if g.gap || g.row != g.lastRow+1 || len(g.block) >= blockSize {
		if err := g.flush(); err != nil {
			return err
		}
	}
	if len(g.block) == 0 {
		g.place = extract.Place{Sheet: g.sheet, Row: max(g.row, 0), Col: 1}
		if g.gap {
			g.place.Col = 0
		}
	}
	g.block = append(append(g.block, g.line...), '\n')
	g.lastRow = g.row
	if g.gap {
		g.lastRow = -1
	}
	g.line, g.col, g.gap = g.line[:0], 0, false
	return nil
}

func (g *Grid) flush() error {
	if len(g.block) == 0 {
		return nil
	}
	err := g.out.Text(extract.Block{Text: string(g.block), Place: g.place})
	g.block = g.block[:0]
	return err
}

// Close sends what is left.
func (g *Grid) Close() error {
	if err := g.endRow(); err != nil {
		return err
	}
	return g.flush()
}
