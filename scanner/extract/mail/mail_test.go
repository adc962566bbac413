package mail_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/extracttest"
	"aktvakt/scanner/extract/mail"
	"aktvakt/scanner/extract/plain"
	"aktvakt/scanner/finding"
)

func TestSuite(t *testing.T) {
	extracttest.Run(t, extracttest.Suite{Extractor: mail.New(), Files: []string{"testdata/brev.eml", "testdata/lada.mbox", "testdata/sida.mht"}})
}

func run(s, name string) extract.Document {
	return extract.Run(context.Background(), extract.Bytes(s), name, []extract.Extractor{mail.New(), plain.New()}, extract.Limits{})
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const letter = `From: Åsa Ek <asa@example.se>
To: Bo Öst <bo@example.se>
Date: Mon, 1 Jan 2024 10:00:00 +0100
Subject: Ärende 19900101-2385
X-Diarienr: SN 2024-17
Hej! Förskolan har anmält oro för 20090101-2385.
Endast i html: dolt
utlåtande.txt
bilagans text åäö
message.eml
From: inner@example.se
Subject: Inre brev
Inre text med åäö
`

func unix(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

func TestMessage(t *testing.T) {
	doc := run(read(t, "brev.eml"), "brev.eml")
	if diff := cmp.Diff(letter, unix(string(doc.Text))); diff != "" {
		t.Error(diff)
	}
	if doc.Skip != nil || doc.MediaType != extract.TypeMail || doc.Members != 2 {
		t.Errorf("%q, %d members, skip %+v", doc.MediaType, doc.Members, doc.Skip)
	}
	if got := doc.At(strings.Index(string(doc.Text), "bilagans")).String(); got != "utlåtande.txt" {
		t.Errorf("place %q", got)
	}
}

func TestMailbox(t *testing.T) {
	doc := run(read(t, "lada.mbox"), "lada")
	if diff := cmp.Diff(letter+"From: bo@example.se\nSubject: Andra\nFrom början\nslut\n", string(doc.Text)); diff != "" {
		t.Error(diff)
	}
	if got := doc.At(strings.Index(string(doc.Text), "slut")).String(); got != "message 2.eml" {
		t.Errorf("place %q", got)
	}
}

func TestSavedPage(t *testing.T) {
	doc := run(read(t, "sida.mht"), "sida.mht")
	if got := string(doc.Text); !strings.HasSuffix(got, "Titel\nförskola\n") || doc.Unread != 1 || doc.Skip != nil {
		t.Errorf("%q, %d unread, skip %+v", got, doc.Unread, doc.Skip)
	}
}

func TestBodies(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"no charset, latin bytes", "\nf\xF6rskola och \xE5tg\xE4rd", "förskola och åtgärd\n"},
		{"wrong charset", "Content-Type: text/plain; charset=us-ascii\n\nförskola", "förskola\n"},
		{"page 850", "Content-Type: text/plain; charset=ibm850\n\nf\x94rskola", "förskola\n"},
		{"flowed", "Content-Type: text/plain; format=flowed\n\ntelefon \n123\nslut", "telefon 123\nslut\n"},
		{"broken base64", "Content-Transfer-Encoding: base64\n\naGVq!!\nIGhlaq", "hej hej\n"},
		{"broken quoted-printable", "Content-Transfer-Encoding: quoted-printable\n\na=3Db=ZZ c= \nd=", "a=b=ZZ cd=\n"},
		{"no last boundary", "Content-Type: multipart/mixed; boundary=x\n\n--x\n\nett\n--x\n\ntvå", "ett\ntvå\n"},
		{"no boundary parameter", "Content-Type: multipart/mixed\n\n--gissad\n\nett\n--gissad--", "ett\n"},
		{"multipart without parts", "Content-Type: multipart/mixed\n\nbara text", "bara text\n"},
		{"uuencode", "\ntext\nbegin 644 fil.txt\n%:&5J(&@\n`\nend\nslut", "text\nslut\nfil.txt\nhej h\n"},
		{"raw header", "Subject: \xE4rende f\xF6rskola\n\nx", "Subject: ärende förskola\nx\n"},
		{"unknown charset in a word", "Subject: =?x-none?Q?abc?=\n\nx", "Subject: =?x-none?Q?abc?=\nx\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := run("Message-ID: <1@x>\nMIME-Version: 1.0\n"+tt.in, "x.eml")
			if diff := cmp.Diff(tt.want, string(doc.Text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEncrypted(t *testing.T) {
	for _, typ := range []string{"multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=x", "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m"} {
		doc := run("Message-ID: <1@x>\nSubject: hemligt\nContent-Type: "+typ+"\n\n--x\n", "x.eml")
		if s := doc.Skip; s == nil || s.Reason != finding.Encrypted || !s.Partial {
			t.Errorf("%s: skip %+v", typ, s)
		}
	}
}

func TestDeepNesting(t *testing.T) {
	var b strings.Builder
	b.WriteString("Message-ID: <1@x>\nMIME-Version: 1.0\n")
	for range 10_000 {
		b.WriteString("Content-Type: multipart/mixed; boundary=a\n\n--a\n")
	}
	b.WriteString("\ntext")
	if s := run(b.String(), "x.eml").Skip; s == nil || s.Reason != finding.TooLarge {
		t.Errorf("skip %+v", s)
	}
}

func FuzzMessage(f *testing.F) {
	f.Add("Content-Type: multipart/alternative; boundary=x\n\n--x\n\na\n--x\nContent-Type: text/html\n\n<p>b\n--x--")
	f.Add("Content-Transfer-Encoding: base64\n\naGVq")
	f.Add("\nbegin 644 a\n#aaaa\nend\n")
	f.Fuzz(func(t *testing.T, in string) { run("Message-ID: <1@x>\nMIME-Version: 1.0\n"+in, "x.eml") })
}
