package pst

import (
	"bytes"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/extracttest"
	"aktvakt/scanner/extract/plain"
)

// kinds are the kinds of mailbox files.
var kinds = []struct {
	name    string
	version int
	crypt   byte
}{
	{"ansi", 14, cryptPermute},
	{"ansi plain", 15, cryptNone},
	{"unicode", 23, cryptPermute},
	{"cyclic", 23, cryptCyclic},
	{"wide", 36, cryptNone},
	{"wide permuted", 36, cryptPermute},
}

// long is an attachment that takes many blocks, with a token at its end.
func long() []byte {
	return append(bytes.Repeat([]byte("Utredning enligt socialtjänstlagen. "), 2000), "930405-2384"...)
}

func TestEveryPlace(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			b := sample(t, k.version, k.crypt, long())
			doc := extract.Run(t.Context(), extract.Bytes(b), "arkiv.pst", []extract.Extractor{New(), plain.New()}, extract.Limits{})
			text := string(doc.Text)
			for token, place := range map[string]string{
				"Subject: Re: Orosanmälan": "Inkorgen/message 1", "From: Bo Ek": "Inkorgen/message 1", "Text i klartext": "Inkorgen/message 1",
				"Endast i html": "Inkorgen/message 1", "Barn och unga": "Inkorgen/message 1", "Sekretess": "Inkorgen/message 1",
				"asa@kommun.example": "Inkorgen/message 1", "Jón Þór": "Inkorgen/message 1",
				"I det bifogade brevet: 19900101-2385": "Inkorgen/message 1/Brevet", "Bifogat ärende": "Inkorgen/message 1/Brevet",
				"930405-2384": "Inkorgen/message 1/utredning.txt", "Kort bilaga": "Inkorgen/message 1/KORT.TXT",
				"Søren Ærø": "Inkorgen/message 2", "Endast i rtf": "Inkorgen/message 2", "Herrelöst brev": "message 1",
			} {
				i := strings.Index(text, token)
				if i < 0 {
					t.Errorf("%q not found", token)
					continue
				}
				if got := doc.At(i).String(); got != place {
					t.Errorf("%q is at %q, want %q", token, got, place)
				}
			}
			if n := strings.Count(text, "Text i klartext"); n != 1 {
				t.Errorf("text told %d times", n)
			}
			if strings.Contains(text, "/O=KOMMUN") {
				t.Error("address of the directory told")
			}
			if doc.Skip == nil || doc.Skip.Reason != "corrupt" || !doc.Skip.Partial || !strings.Contains(doc.Skip.Error, "Inkorgen/message 3") {
				t.Errorf("skip of the lost message: %+v", doc.Skip)
			}
		})
	}
}

// TestUnknownMethod: what is really encrypted says so.
func TestUnknownMethod(t *testing.T) {
	b := sample(t, 23, cryptNone, nil)
	b[unicode.cryptAt] = 0x10
	doc := extract.Run(t.Context(), extract.Bytes(b), "a.pst", []extract.Extractor{New()}, extract.Limits{})
	if doc.Skip == nil || doc.Skip.Reason != "encrypted" || doc.Skip.Partial {
		t.Errorf("skip %+v", doc.Skip)
	}
}

// TestCyclicIsItsOwnInverse checks the tables against the specification's
// statement that the method is symmetric.
func TestCyclicIsItsOwnInverse(t *testing.T) {
	b := make([]byte, 1000)
	for i := range b {
		b[i] = byte(i * 7)
	}
	c := bytes.Clone(b)
	decode(cryptCyclic, c, 0x12345678)
	if bytes.Equal(b, c) {
		t.Fatal("nothing done")
	}
	decode(cryptCyclic, c, 0x12345678)
	if !bytes.Equal(b, c) {
		t.Error("not symmetric")
	}
}

// TestLoops: an index that contains itself, a list of blocks that does, and
// one that stands for terabytes end soon.
func TestLoops(t *testing.T) {
	self := newBuilder(23, cryptNone)
	d, s := self.object([]prop{{0x37, 0x1F, "x"}}, nil)
	for i := range 20 {
		self.node(uint32(i)<<5|typeMessage, 0, d, s)
	}
	index := self.file()
	root := binary.LittleEndian.Uint64(index[unicode.rootAt+8:])
	for i := range 4 { // every child of the root is the root
		binary.LittleEndian.PutUint64(index[root+uint64(24*i)+16:], root)
	}

	lists := newBuilder(23, cryptNone)
	bid := lists.next | 2
	many := make([]uint64, 1000)
	for i := range many {
		many[i] = bid
	}
	lists.list(1, many)
	lists.node(typeMessage, 0, bid, 0)

	bomb := newBuilder(23, cryptNone)
	block := bomb.block(make([]byte, 8000), false)
	for i := range many {
		many[i] = block
	}
	inner := bomb.list(1, many)
	for i := range many {
		many[i] = inner
	}
	all := bomb.list(2, many)
	d, s = bomb.object([]prop{{0x3704, 0x1F, "bomb"}, {0x3701, 0x102, 0x105F}}, []node{{id: 0x105F, data: all}})
	d, s = bomb.object([]prop{{0x37, 0x1F, "x"}}, []node{{id: 0x8025, data: d, sub: s}})
	bomb.node(typeMessage, 0, d, s)

	for name, b := range map[string][]byte{"index": index, "list of blocks": lists.file(), "bomb": bomb.file()} {
		t.Run(name, func(t *testing.T) {
			f := &extracttest.Counted{Bytes: b}
			doc := extract.Run(t.Context(), f, "a.pst", []extract.Extractor{New()}, extract.Limits{Unpacked: 32 << 20, Member: 8 << 20})
			if doc.Skip == nil || (doc.Skip.Reason != "corrupt" && doc.Skip.Reason != "too-large") {
				t.Errorf("skip %+v", doc.Skip)
			}
			// Each block is read once, or as often as the budget lets it unpack.
			if n := f.Read(); n > 40<<20 {
				t.Errorf("%d bytes read of %d", n, len(b))
			}
		})
	}
}

var update = flag.Bool("update", false, "write the files in testdata")

// TestSuite runs the acceptance suite on files that the builder wrote.
func TestSuite(t *testing.T) {
	var files []string
	for _, k := range kinds[:5] {
		path := filepath.Join("testdata", strings.ReplaceAll(k.name, " ", "-")+".pst")
		files = append(files, path)
		if *update {
			b := whole(t, k.version, k.crypt)
			if err := os.WriteFile(path, b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	extracttest.Run(t, extracttest.Suite{Extractor: New(), Files: files})
}

// whole is a mailbox without faults.
func whole(t testing.TB, version int, crypt byte) []byte {
	b := newBuilder(version, crypt)
	d, s := b.object([]prop{{0x3001, 0x1F, "Inkorgen"}}, nil)
	b.node(0x8082, 0x122, d, s)
	for i := range 6 {
		d, s = b.object([]prop{{0x3707, 0x1F, "bilaga.txt"}, {0x3701, 0x102, bytes.Repeat([]byte("Bilagan. "), 500*i+1)}}, nil)
		subs := []node{{id: 0x8025, data: d, sub: s}}
		d, s = b.table([][2]string{{"Åsa Öberg", "asa@kommun.example"}})
		subs = append(subs, node{id: 0x692, data: d, sub: s})
		d, s = b.object([]prop{{0x37, 0x1F, fmt.Sprintf("Ärende %d", i)}, {0x1000, 0x1F, "Text, 930405-2384"}}, subs)
		b.node(uint32(0x10000+i)<<5|typeMessage, 0x8082, d, s)
	}
	return b.file()
}

func FuzzExtract(f *testing.F) {
	for _, k := range kinds {
		f.Add(sample(f, k.version, k.crypt, []byte("kort")))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		var r extracttest.Recorder
		_ = New().Extract(ctx, "", extract.Bytes(b), &r)
	})
}

func BenchmarkExtract(b *testing.B) {
	file := whole(b, 23, cryptPermute)
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		doc := extract.Run(b.Context(), extract.Bytes(file), "", []extract.Extractor{New(), plain.New()}, extract.Limits{})
		if doc.Skip != nil {
			b.Fatal(doc.Skip)
		}
	}
}
