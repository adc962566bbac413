package scanner

import (
	"encoding/binary"
	"encoding/json"

	"aktvakt/scanner/finding"
	"aktvakt/scanner/judge"
)

// remembered is what came of reading a file, in a form that can be judged again
// without the file. Like a finding it holds masked and keyed values alone.
type remembered struct {
	// Skip says why the file could not be read, wholly or in part.
	Skip *remSkip `json:"skip,omitempty"`
	// Read tells that some text was read; the rest is about it.
	Read       bool                `json:"read,omitempty"`
	MediaType  string              `json:"type,omitempty"`
	Grade      finding.Grade       `json:"grade,omitempty"`
	Score      float64             `json:"score,omitempty"`
	Categories []string            `json:"cats,omitempty"`
	Persons    int                 `json:"persons,omitempty"`
	Minors     int                 `json:"minors,omitempty"`
	Places     []finding.Evidence  `json:"places,omitempty"`
	Keys       []finding.PersonKey `json:"keys,omitempty"`
	Print      uint64              `json:"print,omitempty"`
}

type remSkip struct {
	Stage  finding.Stage  `json:"stage"`
	Reason finding.Reason `json:"reason"`
	Error  string         `json:"error,omitempty"`
}

// Forms of what is remembered. Nine documents in ten are ordinary: of those
// only the print of the text is kept.
const (
	ordinaryForm = 1
	fullForm     = 2
)

func (m remembered) ordinary() bool {
	return m.Read && m.Skip == nil && (m.Grade == "" || m.Grade == finding.GradeNone)
}

func (m remembered) encode() []byte {
	if m.ordinary() {
		return binary.LittleEndian.AppendUint64([]byte{ordinaryForm}, m.Print)
	}
	b, err := json.Marshal(m)
	if err != nil { // strings and numbers alone: cannot be
		return nil
	}
	return append([]byte{fullForm}, b...)
}

// recall reads what encode wrote; ok is false for anything else.
func recall(b []byte) (m remembered, ok bool) {
	switch {
	case len(b) == 9 && b[0] == ordinaryForm:
		return remembered{Read: true, Grade: finding.GradeNone, Print: binary.LittleEndian.Uint64(b[1:])}, true
	case len(b) > 1 && b[0] == fullForm:
		err := json.Unmarshal(b[1:], &m)
		return m, err == nil && (m.Read || m.Skip != nil)
	}
	return m, false
}

// remember takes what is to be kept from the evidence on a document.
func remember(ev judge.Evidence, skip *finding.Skip) remembered {
	m := remembered{
		Read: true, MediaType: ev.MediaType, Grade: finding.Grade(ev.Content.Grade), Score: ev.Content.Score,
		Categories: ev.Content.Categories, Persons: ev.Content.Persons, Minors: ev.Content.Minors,
		Places: ev.Places, Keys: ev.PersonKeys, Print: ev.Print,
	}
	if skip != nil {
		m.Skip = &remSkip{skip.Stage, skip.Reason, skip.Error}
	}
	return m
}
