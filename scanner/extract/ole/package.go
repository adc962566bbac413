package ole

import (
	"bytes"
	"context"
	"crypto/aes"
	stdcipher "crypto/cipher"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	stdbase64 "encoding/base64"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"hash"

	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/ooxml"
)

// packagePasswords are those with which programs encrypt a document that is
// only protected against changes: anybody can read it. The first is Excel's,
// the second PowerPoint's.
var packagePasswords = []string{defaultPassword, "/01Hannes Ruescher/01"}

// encrypted reads an encrypted office file of the XML formats if one of the
// well-known passwords opens it, [MS-OFFCRYPTO] 2.3.4.
func (c *container) encrypted(in string, out extract.Out) error {
	info, err := c.stream(in, "EncryptionInfo")
	if err != nil {
		return err
	}
	decrypt, err := packageCipher(c.ctx, info)
	if err != nil {
		return err
	}
	data, err := c.stream(in, "EncryptedPackage")
	if err != nil && c.fatal(err) {
		return err
	}
	size := uint64(0)
	if len(data) >= 8 {
		size = binary.LittleEndian.Uint64(data)
	}
	plain := slice(data, 8, len(data))
	plain = plain[:len(plain)&^(aes.BlockSize-1)]
	if err := decrypt(plain); err != nil {
		return err
	}
	plain = plain[:min(uint64(len(plain)), size)]
	extract.SetMediaType(out, extract.Sniff("", plain[:min(len(plain), extract.HeadSize)]))
	if rerr := ooxml.New().Extract(c.ctx, "", extract.Bytes(plain), out); !errors.Is(rerr, extract.ErrUnsupported) {
		return errors.Join(rerr, err)
	}
	return extract.Embed(out, "encrypted package", extract.Bytes(plain))
}

// packageCipher returns what decrypts the package in place, or ErrEncrypted
// when no well-known password does.
func packageCipher(ctx context.Context, info []byte) (func([]byte) error, error) {
	switch major, minor := u16(info, 0), u16(info, 2); {
	case major == 4 && minor == 4:
		return agile(ctx, info[min(8, len(info)):])
	case major >= 2 && major <= 4 && minor == 2:
		return standard(ctx, info)
	}
	return nil, fmt.Errorf("by an unknown method: %w", extract.ErrEncrypted)
}

func utf16Password(s string) []byte {
	var b []byte
	for _, c := range []byte(s) { // all are ASCII
		b = append(b, c, 0)
	}
	return b
}

// spin hashes a password very often, as both methods do to slow down guessing.
func spin(ctx context.Context, h hash.Hash, salt []byte, password string, count int) ([]byte, error) {
	h.Write(salt)
	h.Write(utf16Password(password))
	sum := h.Sum(nil)
	var number [4]byte
	for i := range count {
		if i&0xFFF == 0 {
			if err := extract.Alive(ctx); err != nil {
				return nil, err
			}
		}
		binary.LittleEndian.PutUint32(number[:], uint32(i))
		h.Reset()
		h.Write(number[:])
		h.Write(sum)
		sum = h.Sum(sum[:0])
	}
	return sum, nil
}

func hashed(h hash.Hash, parts ...[]byte) []byte {
	h.Reset()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// fitted cuts or pads to n bytes, 2.3.4.11.
func fitted(b []byte, n int) []byte {
	for len(b) < n {
		b = append(b, 0x36)
	}
	return b[:n]
}

// standardSpins is fixed, 2.3.4.7.
const standardSpins = 50_000

// standard is the method of Office 2007: AES in single blocks, 2.3.4.5.
func standard(ctx context.Context, info []byte) (func([]byte) error, error) {
	header := slice(info, 12, u32(info, 8))
	v := slice(info, 12+u32(info, 8), len(info))
	const aes128, aes192, aes256 = 0x660E, 0x660F, 0x6610
	bits := map[int]int{aes128: 128, aes192: 192, aes256: 256}[u32(header, 8)]
	if bits == 0 || len(v) < 72 || u32(v, 0) != 16 {
		return nil, fmt.Errorf("by an unknown method: %w", extract.ErrEncrypted)
	}
	for _, password := range packagePasswords {
		h := sha1.New()
		sum, err := spin(ctx, h, v[4:20], password, standardSpins)
		if err != nil {
			return nil, err
		}
		sum = hashed(h, sum, make([]byte, 4))
		inner, outer := bytes.Repeat([]byte{0x36}, 64), bytes.Repeat([]byte{0x5C}, 64)
		for i, c := range sum {
			inner[i] ^= c
			outer[i] ^= c
		}
		key := append(hashed(h, inner), hashed(h, outer)...)[:bits/8]
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		decrypt := func(b []byte) error {
			for ; len(b) >= aes.BlockSize; b = b[aes.BlockSize:] {
				block.Decrypt(b, b)
			}
			return extract.Alive(ctx)
		}
		verifier, sumOf := bytes.Clone(v[20:36]), bytes.Clone(v[40:72])
		if err := errors.Join(decrypt(verifier), decrypt(sumOf)); err != nil {
			return nil, err
		}
		if bytes.Equal(hashed(h, verifier), sumOf[:sha1.Size]) {
			return decrypt, nil
		}
	}
	return nil, extract.ErrEncrypted
}

// agileKey is what the description of the method says of a key, 2.3.4.10.
type agileKey struct {
	BlockSize int    `xml:"blockSize,attr"`
	KeyBits   int    `xml:"keyBits,attr"`
	Cipher    string `xml:"cipherAlgorithm,attr"`
	Chaining  string `xml:"cipherChaining,attr"`
	Hash      string `xml:"hashAlgorithm,attr"`
	Salt      base64 `xml:"saltValue,attr"`
}

type agileInfo struct {
	KeyData    agileKey `xml:"keyData"`
	Encryptors []struct {
		Key struct {
			agileKey
			Spins int    `xml:"spinCount,attr"`
			Input base64 `xml:"encryptedVerifierHashInput,attr"`
			Sum   base64 `xml:"encryptedVerifierHashValue,attr"`
			Value base64 `xml:"encryptedKeyValue,attr"`
		} `xml:"http://schemas.microsoft.com/office/2006/keyEncryptor/password encryptedKey"`
	} `xml:"keyEncryptors>keyEncryptor"`
}

// base64 is bytes in an attribute.
type base64 []byte

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *base64) UnmarshalText(text []byte) error {
	out := make([]byte, stdbase64.StdEncoding.DecodedLen(len(text)))
	n, err := stdbase64.StdEncoding.Decode(out, text)
	*b = out[:n]
	return err
}

// maxDescription is more than a description of several keys takes, in bytes.
const maxDescription = 64 << 10

// maxSpins is the most that the specification allows, 2.3.4.10.
const maxSpins = 10_000_000

// What a password's hash is hashed with for each use, 2.3.4.13.
var (
	useInput = []byte{0xFE, 0xA7, 0xD2, 0x76, 0x3B, 0x4B, 0x9E, 0x79}
	useSum   = []byte{0xD7, 0xAA, 0x0F, 0x6D, 0x30, 0x61, 0x34, 0x4E}
	useKey   = []byte{0x14, 0x6E, 0x0B, 0xE7, 0xAB, 0xAC, 0xD0, 0xD6}
)

func hashByName(name string) func() hash.Hash {
	switch name {
	case "SHA1", "SHA-1":
		return sha1.New
	case "SHA256", "SHA-256":
		return sha256.New
	case "SHA384", "SHA-384":
		return sha512.New384
	case "SHA512", "SHA-512":
		return sha512.New
	}
	return nil
}

// known reports whether the key is of a method that is known.
func (k agileKey) known() bool {
	return k.Cipher == "AES" && k.Chaining == "ChainingModeCBC" && k.BlockSize == aes.BlockSize && hashByName(k.Hash) != nil &&
		(k.KeyBits == 128 || k.KeyBits == 192 || k.KeyBits == 256)
}

// agile is the method of Office 2010 and later: AES in chains of 4 KiB.
func agile(ctx context.Context, description []byte) (func([]byte) error, error) {
	var info agileInfo
	if len(description) > maxDescription {
		return nil, fmt.Errorf("description of %d bytes: %w", len(description), extract.ErrEncrypted)
	}
	if err := xml.Unmarshal(description, &info); err != nil || len(info.Encryptors) == 0 {
		return nil, fmt.Errorf("description of the method: %w", extract.ErrEncrypted)
	}
	k, data := info.Encryptors[0].Key, info.KeyData
	if !k.known() || !data.known() || k.Spins < 0 || k.Spins > maxSpins {
		return nil, fmt.Errorf("by an unknown method: %w", extract.ErrEncrypted)
	}
	h := hashByName(k.Hash)()
	for _, password := range packagePasswords {
		h.Reset()
		sum, err := spin(ctx, h, k.Salt, password, k.Spins)
		if err != nil {
			return nil, err
		}
		open := func(use, secret []byte) []byte {
			out := bytes.Clone(secret[:len(secret)&^(aes.BlockSize-1)])
			cbc(fitted(hashed(h, sum, use), k.KeyBits/8), fitted(bytes.Clone(k.Salt), aes.BlockSize), out)
			return out
		}
		input, want, key := open(useInput, k.Input), open(useSum, k.Sum), open(useKey, k.Value)
		if got := hashed(h, input); len(want) < len(got) || !bytes.Equal(got, want[:len(got)]) || len(key) < data.KeyBits/8 {
			continue
		}
		key = key[:data.KeyBits/8]
		return func(b []byte) error { return segments(ctx, data, key, b) }, nil
	}
	return nil, extract.ErrEncrypted
}

func cbc(key, iv, b []byte) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return // sizes are checked by known
	}
	stdcipher.NewCBCDecrypter(block, iv).CryptBlocks(b, b)
}

// segments decrypts a package, of which every 4 KiB begin a chain, 2.3.4.15.
func segments(ctx context.Context, k agileKey, key, b []byte) error {
	const segment = 4096
	h := hashByName(k.Hash)()
	for i := uint32(0); len(b) > 0; i++ {
		if err := extract.Alive(ctx); err != nil {
			return err
		}
		n := min(segment, len(b))
		iv := hashed(h, k.Salt, binary.LittleEndian.AppendUint32(nil, i))
		cbc(key, fitted(iv, aes.BlockSize), b[:n])
		b = b[n:]
	}
	return nil
}
