package ole

import (
	"bytes"
	"strings"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/charset"
)

// maxModule bounds the source of one module of macros, in bytes.
const maxModule = 4 << 20

// macros reads the source of a project's modules, for what it quotes. None is
// run or judged.
func (c *container) macros(in string, out extract.Out) error {
	for _, f := range c.all {
		name := strings.ToLower(f.Name)
		if storage(f) != in || f.Size == 0 || name == "dir" || name == "_vba_project" || strings.HasPrefix(name, "__srp_") {
			continue
		}
		data, err := c.bytes(f)
		if err != nil && c.fatal(err) {
			return err
		}
		source := moduleSource(data)
		if source == "" {
			continue
		}
		if err := out.Text(extract.Block{Text: source, Place: extract.Place{Part: "macros"}}); err != nil {
			return err
		}
	}
	return nil
}

// moduleSource finds the source in a module's stream, behind what the program
// keeps of it for itself. A source begins with attributes of the module, which
// are not told.
func moduleSource(data []byte) string {
	// The container's signature and the first chunk's header come before a
	// flag byte that says: eight literals.
	i := bytes.Index(data, []byte("\x00Attribut"))
	if i < 3 {
		return ""
	}
	source := unpackVBA(data[i-3:])
	var b strings.Builder
	for line := range strings.Lines(charset.Detect(source, true).Decode(source)) {
		if !strings.HasPrefix(line, "Attribute VB_") && strings.TrimSpace(line) != "" {
			b.WriteString(strings.TrimRight(line, "\r\n") + "\n")
		}
	}
	return b.String()
}

// unpackVBA unpacks a compressed container as far as it goes, [MS-OVBA]
// 2.4.1.3.
func unpackVBA(b []byte) []byte {
	const signature, chunkSize = 1, 4096
	if len(b) == 0 || b[0] != signature {
		return nil
	}
	var out []byte
	for at := 1; at+2 <= len(b) && len(out) < maxModule; {
		header := u16(b, at)
		if header>>12&7 != 3 { // what every chunk says
			break
		}
		chunk := slice(b, at+2, header&0xFFF+1)
		at += 2 + header&0xFFF + 1
		if header&0x8000 == 0 {
			out = append(out, chunk[:min(len(chunk), chunkSize)]...)
			continue
		}
		out = unpackChunk(out, chunk, chunkSize)
	}
	return out
}

// unpackChunk appends what a chunk unpacks to, at most size bytes.
func unpackChunk(out, chunk []byte, size int) []byte {
	start := len(out)
	for i := 0; i < len(chunk); {
		flags := chunk[i]
		i++
		for bit := range 8 {
			done := len(out) - start
			if i >= len(chunk) || done >= size {
				return out
			}
			if flags>>bit&1 == 0 {
				out = append(out, chunk[i])
				i++
				continue
			}
			token := u16(chunk, i)
			i += 2
			// The further in the chunk, the more bits tell the distance.
			bits := 4
			for 1<<bits < done {
				bits++
			}
			length := token&(0xFFFF>>bits) + 3
			from := len(out) - token>>(16-bits) - 1
			if from < start {
				return out
			}
			for k := 0; k < length && len(out)-start < size; k++ {
				out = append(out, out[from+k])
			}
		}
	}
	return out
}
