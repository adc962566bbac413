package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"strings"
)

// maker makes one file from its random source.
type maker struct {
	rnd    *rand.Rand
	number int
	cases  bool
	inside int // archives and mails around
}

// kind is a kind of file: how many of 1,000 files there are, and what makes it.
type kind struct {
	ext   string
	share int
	make  func(*maker) ([]byte, error)
	text  bool // can hold a case
}

// kinds is the mix, an estimate from what municipalities tell of their shares:
// half Office, a quarter PDF.
func kinds() []kind {
	return []kind{
		{".docx", 225, (*maker).docx, true},
		{".pdf", 240, (*maker).pdf, true},
		{".xlsx", 120, (*maker).xlsx, false},
		{".doc", 70, (*maker).doc, true},
		{".xls", 40, (*maker).xls, false},
		{".pptx", 35, (*maker).pptx, false},
		{".odt", 15, (*maker).odt, true},
		{".rtf", 15, (*maker).rtf, true},
		{".jpg", 70, (*maker).jpeg, false},
		{".png", 30, (*maker).png, false},
		{".eml", 40, (*maker).mail, true},
		{".txt", 35, (*maker).plain, true},
		{".csv", 25, (*maker).table, false},
		{".log", 15, (*maker).log, false},
		{".zip", 15, (*maker).zip, false},
		{".mp4", 9, (*maker).film, false},
		{".iso", 1, nil, false},
	}
}

// file makes a file: its name, its data, and its size if that is larger.
func (m *maker) file() (name string, data []byte, size int64, err error) {
	m.cases = isCase(m.number)
	k := m.kind()
	name = strings.ToUpper(k.ext[1:2]) + m.trade() + k.ext
	switch k.ext {
	case ".iso": // 64 MB to 4 GB, nothing in it
		return name, nil, int64(64<<20) << m.rnd.IntN(7), nil
	case ".mp4":
		size = int64(min(1<<20*math.Exp(2*m.rnd.NormFloat64()), 1<<30))
	}
	data, err = k.make(m)
	return name, data, size, err
}

func (m *maker) kind() kind {
	all := kinds()
	for {
		at := m.rnd.IntN(1000)
		for _, k := range all {
			if at -= k.share; at >= 0 {
				continue
			}
			if m.cases && !k.text || m.inside > 0 && (k.ext == ".iso" || k.ext == ".mp4" || k.ext == ".zip") {
				break
			}
			return k
		}
	}
}

// enclosed makes a file inside of this one.
func (m *maker) enclosed() *maker { return &maker{rnd: m.rnd, number: m.number, inside: 1} }

// one makes a file of some kind.
func (m *maker) one() (kind, []byte, error) {
	k := m.kind()
	data, err := k.make(m)
	return k, data, err
}

// noise is what compresses no further, such as a font or a picture.
func (m *maker) noise(median float64) []byte {
	b := make([]byte, int(min(median*math.Exp(m.rnd.NormFloat64()), 8<<20)))
	for i := range b {
		b[i] = byte(m.rnd.Uint32())
	}
	return b
}

func (m *maker) plain() ([]byte, error) { return []byte(m.text()), nil }

func (m *maker) table() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("datum;konto;ansvar;text;belopp\n")
	for n := m.length(); b.Len() < n; {
		fmt.Fprintf(&b, "%d-%02d-%02d;%d;%d;%s;%d,%02d\n", 2006+m.rnd.IntN(20), 1+m.rnd.IntN(12), 1+m.rnd.IntN(28),
			1000+m.rnd.IntN(9000), 10_000+m.rnd.IntN(90_000), m.trade(), m.rnd.IntN(100_000), m.rnd.IntN(100))
	}
	return b.Bytes(), nil
}

// log is ten times as long as other texts.
func (m *maker) log() ([]byte, error) {
	var b bytes.Buffer
	for n := 10 * m.length(); b.Len() < n; {
		fmt.Fprintf(&b, "2024-%02d-%02dT%02d:%02d:%02d.%03d INFO job=%08x backup of %s done in %d ms\n", 1+m.rnd.IntN(12), 1+m.rnd.IntN(28),
			m.rnd.IntN(24), m.rnd.IntN(60), m.rnd.IntN(60), m.rnd.IntN(1000), m.rnd.Uint32(), m.trade(), m.rnd.IntN(90_000))
	}
	return b.Bytes(), nil
}

func (m *maker) rtf() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Times New Roman;}}\f0\fs24 `)
	for _, c := range m.text() {
		switch {
		case c == '\n':
			b.WriteString("\\par\n")
		case c > 127:
			fmt.Fprintf(&b, `\u%d?`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteString("}")
	return b.Bytes(), nil
}

// mail has an attachment three times in ten.
func (m *maker) mail() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: %s <%s@kommun.example>\r\nTo: registrator@kommun.example\r\nSubject: %s\r\nDate: Tue, 14 Mar 2023 09:%02d:00 +0100\r\nMIME-Version: 1.0\r\n",
		oneOf(m.rnd, []string{"Anna", "Bo", "Mette", "Lars"}), oneOf(m.rnd, []string{"anna", "bo", "mette", "lars"}), oneOf(m.rnd, []string{"Underlag", "Referat", "Faktura", "Sv: fraga"}), m.rnd.IntN(60))
	b.WriteString("Content-Type: multipart/mixed; boundary=\"=_part\"\r\n\r\n--=_part\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	base64Lines(&b, []byte(m.text()))
	if m.inside == 0 && m.rnd.IntN(10) < 3 {
		in := m.enclosed()
		k, data, err := in.one()
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "--=_part\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"bilaga%s\"\r\nContent-Transfer-Encoding: base64\r\n\r\n", k.ext)
		base64Lines(&b, data)
	}
	b.WriteString("--=_part--\r\n")
	return b.Bytes(), nil
}

func base64Lines(b *bytes.Buffer, data []byte) {
	s := base64.StdEncoding.EncodeToString(data)
	for len(s) > 76 {
		b.WriteString(s[:76] + "\r\n")
		s = s[76:]
	}
	b.WriteString(s + "\r\n")
}

func (m *maker) zip() ([]byte, error) {
	var parts []part
	for i := range 2 + m.rnd.IntN(12) {
		in := m.enclosed()
		k, data, err := in.one()
		if err != nil {
			return nil, err
		}
		parts = append(parts, part{fmt.Sprintf("%s/%s %d%s", oneOf(m.rnd, folderNames), in.trade(), i, k.ext), data})
	}
	return packed(parts)
}

// film is the beginning of a film; the rest is a hole.
func (m *maker) film() ([]byte, error) {
	return append([]byte("\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41\x00\x00\x00\x08free"), m.noise(20_000)...), nil
}

// picture is a logo three times in four, else a photo without letters.
func (m *maker) picture() image.Image {
	w, h := 32+m.rnd.IntN(80), 16+m.rnd.IntN(24)
	if m.rnd.IntN(4) == 0 {
		w, h = 320+m.rnd.IntN(320), 240+m.rnd.IntN(240)
	}
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	r, g, b := m.rnd.IntN(200), m.rnd.IntN(200), m.rnd.IntN(200)
	for y := range h {
		for x := range w {
			img.SetRGBA(x, y, color.RGBA{uint8(r + 55*x/w), uint8(g + 55*y/h), uint8(b + (x*y/97)%20), 255})
		}
	}
	return img
}

func (m *maker) jpeg() ([]byte, error) {
	var b bytes.Buffer
	err := jpeg.Encode(&b, m.picture(), nil)
	return b.Bytes(), err
}

func (m *maker) png() ([]byte, error) {
	var b bytes.Buffer
	err := png.Encode(&b, m.picture())
	return b.Bytes(), err
}
