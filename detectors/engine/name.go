package engine

import "aktvakt/detectors"

// MaskName replaces the identity numbers in a file name, path or message by
// their masked forms, so that it can be shown.
func (e *Engine) MaskName(name string) string {
	ms := e.numbers.FindInName(detectors.Text{Name: name})
	if len(ms) == 0 {
		return name
	}
	var out []byte
	end := 0
	for _, m := range ms {
		out = append(append(out, name[end:m.Start]...), m.Masked...)
		end = m.End
	}
	return string(append(out, name[end:]...))
}
