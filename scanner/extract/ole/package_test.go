package ole_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/ole"
	"aktvakt/scanner/finding"
)

// agilePackage encrypts an office file as Office 2010 does.
func agilePackage(t *testing.T, plain []byte, password, name string, newHash func() hash.Hash, bits, spins int) []byte {
	t.Helper()
	salt, dataSalt := []byte("0123456789abcdef"), []byte("ABCDEFGHIJKLMNOP")
	sum := func(parts ...[]byte) []byte {
		h := newHash()
		for _, p := range parts {
			h.Write(p)
		}
		return h.Sum(nil)
	}
	var pw []byte
	for _, c := range []byte(password) {
		pw = append(pw, c, 0)
	}
	key := sum(salt, pw)
	for i := range spins {
		key = sum(binary.LittleEndian.AppendUint32(nil, uint32(i)), key)
	}
	encrypt := func(key, iv, b []byte) []byte {
		b = bytes.Clone(b)
		for len(b)%aes.BlockSize != 0 {
			b = append(b, 0)
		}
		for len(key) < bits/8 {
			key = append(key, 0x36)
		}
		block, err := aes.NewCipher(key[:bits/8])
		if err != nil {
			t.Fatal(err)
		}
		cipher.NewCBCEncrypter(block, iv[:aes.BlockSize]).CryptBlocks(b, b)
		return b
	}
	secret := func(use string, b []byte) string {
		return base64.StdEncoding.EncodeToString(encrypt(sum(key, []byte(use)), salt, b))
	}
	dataKey := bytes.Repeat([]byte("k3y!"), bits/32)
	verifier := []byte("verifier verify!")
	attrs := fmt.Sprintf(`saltSize="16" blockSize="16" keyBits="%d" hashSize="%d" cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" hashAlgorithm="%s"`,
		bits, newHash().Size(), name)
	info := fmt.Sprintf(`<encryption xmlns="http://schemas.microsoft.com/office/2006/encryption" xmlns:p="http://schemas.microsoft.com/office/2006/keyEncryptor/password">`+
		`<keyData %s saltValue="%s"/><keyEncryptors><keyEncryptor uri="http://schemas.microsoft.com/office/2006/keyEncryptor/password">`+
		`<p:encryptedKey spinCount="%d" %s saltValue="%s" encryptedVerifierHashInput="%s" encryptedVerifierHashValue="%s" encryptedKeyValue="%s"/>`+
		`</keyEncryptor></keyEncryptors></encryption>`,
		attrs, base64.StdEncoding.EncodeToString(dataSalt), spins, attrs, base64.StdEncoding.EncodeToString(salt),
		secret("\xFE\xA7\xD2\x76\x3B\x4B\x9E\x79", verifier), secret("\xD7\xAA\x0F\x6D\x30\x61\x34\x4E", sum(verifier)), secret("\x14\x6E\x0B\xE7\xAB\xAC\xD0\xD6", dataKey))
	pack := binary.LittleEndian.AppendUint64(nil, uint64(len(plain)))
	for i := 0; len(plain) > 0; i++ {
		n := min(4096, len(plain))
		pack = append(pack, encrypt(dataKey, sum(dataSalt, binary.LittleEndian.AppendUint32(nil, uint32(i))), plain[:n])...)
		plain = plain[n:]
	}
	return makeCFB([]node{
		{name: "EncryptionInfo", data: append([]byte{4, 0, 4, 0, 0x40, 0, 0, 0}, info...)},
		{name: "EncryptedPackage", data: pack},
	})
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestDefaultPasswordPackage: an office file of the XML formats that is only
// protected against changes is read as if it were not encrypted.
func TestDefaultPasswordPackage(t *testing.T) {
	sheet, letter, slides := readFile(t, "../ooxml/testdata/places.xlsx"), readFile(t, "../ooxml/testdata/places.docx"), readFile(t, "../ooxml/testdata/places.pptx")
	std, err := excelize.Encrypt(bytes.Clone(sheet), &excelize.Options{Password: "VelvetSweatshop"})
	if err != nil {
		t.Fatal(err)
	}
	const word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	const excel = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	const powerPoint = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
	tests := []struct {
		name, mediaType, token string
		file                   []byte
	}{
		{"standard", excel, "900101-2385", std},
		{"agile SHA-512", excel, "900101-2385", agilePackage(t, sheet, "VelvetSweatshop", "SHA512", sha512.New, 256, 100_000)},
		{"agile SHA-1", word, "19850709-9805", agilePackage(t, letter, "VelvetSweatshop", "SHA1", sha1.New, 128, 1000)},
		{"agile, padded key", word, "19850709-9805", agilePackage(t, letter, "VelvetSweatshop", "SHA1", sha1.New, 256, 1000)},
		{"PowerPoint's", powerPoint, "868686-8686", agilePackage(t, slides, "/01Hannes Ruescher/01", "SHA512", sha512.New, 256, 1000)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc := extract.Run(t.Context(), extract.Bytes(tt.file), "x", []extract.Extractor{ole.New()}, extract.Limits{})
			if doc.Skip != nil || doc.MediaType != tt.mediaType || !strings.Contains(string(doc.Text), tt.token) {
				t.Errorf("media type %q, skip %+v, token found: %v", doc.MediaType, doc.Skip, strings.Contains(string(doc.Text), tt.token))
			}
			if doc.Members != 0 && tt.mediaType == excel {
				t.Errorf("%d members: the workbook itself is the document", doc.Members)
			}
		})
	}
}

// TestAgilePeer checks the test's own encryption with another reader.
func TestAgilePeer(t *testing.T) {
	sheet := readFile(t, "../ooxml/testdata/places.xlsx")
	got, err := excelize.Decrypt(agilePackage(t, sheet, "hemligt", "SHA512", sha512.New, 256, 1000), &excelize.Options{Password: "hemligt"})
	if err != nil || !bytes.Equal(got, sheet) {
		t.Errorf("error %v, %d bytes of %d", err, len(got), len(sheet))
	}
}

func TestOtherPasswordPackage(t *testing.T) {
	sheet := readFile(t, "../ooxml/testdata/places.xlsx")
	std, err := excelize.Encrypt(bytes.Clone(sheet), &excelize.Options{Password: "hemligt"})
	if err != nil {
		t.Fatal(err)
	}
	good := agilePackage(t, sheet, "hemligt", "SHA512", sha512.New, 256, 1000)
	endless := bytes.Replace(good, []byte(`spinCount="1000"`), []byte(`spinCount="9e99"`), 1)
	many := bytes.Replace(good, []byte(`spinCount="1000"`), []byte(`spinCount="9999"`), 1)
	for name, b := range map[string][]byte{"standard": std, "agile": good, "no number of rounds": endless, "more rounds": many} {
		t.Run(name, func(t *testing.T) {
			doc := extract.Run(t.Context(), extract.Bytes(b), "x", []extract.Extractor{ole.New()}, extract.Limits{})
			if doc.Skip == nil || doc.Skip.Reason != finding.Encrypted || doc.Skip.Partial || len(doc.Text) > 0 {
				t.Errorf("skip %+v, text of %d bytes", doc.Skip, len(doc.Text))
			}
		})
	}
}

// TestSlowKey: a key that takes ten million rounds ends with the time.
func TestSlowKey(t *testing.T) {
	b := agilePackage(t, []byte("PK\x03\x04"), "hemligt", "SHA1", sha1.New, 128, 1_000_000)
	b = bytes.Replace(b, []byte(`spinCount="1000000"`), []byte(`spinCount="9999999"`), 1)
	doc := extract.Run(t.Context(), extract.Bytes(b), "x", []extract.Extractor{ole.New()}, extract.Limits{Time: 200 * time.Millisecond})
	if doc.Skip == nil || doc.Skip.Reason != finding.Timeout {
		t.Errorf("skip %+v", doc.Skip)
	}
}
