package ole

import (
	"bytes"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha1"
	"encoding/binary"
	"fmt"

	"aktvakt/scanner/extract"
)

// defaultPassword is what Excel encrypts a workbook with whose structure or
// writing is protected, without asking for one to read it, [MS-XLS] 2.2.10.
const defaultPassword = "VelvetSweatshop"

// cipher decrypts the content of records.
type cipher interface {
	// decrypt returns the content of a record that begins at an offset of the
	// stream.
	decrypt(id, at int, data []byte) []byte
}

// defaultCipher returns the cipher of a FILEPASS record when the default
// password opens it, and ErrEncrypted otherwise.
func defaultCipher(b []byte, biff8 bool) (cipher, error) {
	if !biff8 || u16(b, 0) == 0 {
		return defaultXOR(b, biff8)
	}
	switch major, minor := u16(b, 2), u16(b, 4); {
	case major == 1 && minor == 1:
		return defaultRC4(slice(b, 6, 48))
	case major >= 2 && major <= 4 && minor == 2:
		return defaultCryptoAPI(slice(b, 6, len(b)))
	}
	return nil, fmt.Errorf("by an unknown method: %w", extract.ErrEncrypted)
}

// blockLen is after how many bytes of the stream the key changes.
const blockLen = 1024

// rc4Cipher is RC4 with a key for each block of the stream.
type rc4Cipher struct {
	key   func(block uint32) []byte
	block int
	pos   int
	c     *rc4.Cipher
}

func (r *rc4Cipher) seek(at int) {
	block, off := at/blockLen, at%blockLen
	if r.c == nil || block != r.block || off < r.pos {
		c, err := rc4.NewCipher(r.key(uint32(block)))
		if err != nil {
			return
		}
		r.c, r.block, r.pos = c, block, 0
	}
	skip := make([]byte, off-r.pos)
	r.c.XORKeyStream(skip, skip)
	r.pos = off
}

func (r *rc4Cipher) decrypt(id, at int, data []byte) []byte {
	plain := 0
	switch id { // told in the clear, 2.2.10
	case recBOF, recFilePass, 0x60, 0xE1, 0xE2, 0x196, 0x138, 0x195:
		return data
	case recBoundSheet:
		plain = 4
	}
	out := bytes.Clone(data)
	for i := plain; i < len(out); {
		r.seek(at + i)
		n := min(len(out)-i, blockLen-(at+i)%blockLen)
		r.c.XORKeyStream(out[i:i+n], out[i:i+n])
		r.pos += n
		i += n
	}
	return out
}

func passwordUTF16() []byte {
	var b []byte
	for _, c := range []byte(defaultPassword) {
		b = append(b, c, 0)
	}
	return b
}

// defaultRC4 is the 40-bit method of Excel 97, [MS-OFFCRYPTO] 2.3.6.
func defaultRC4(b []byte) (cipher, error) {
	if len(b) < 48 {
		return nil, fmt.Errorf("short header: %w", extract.ErrEncrypted)
	}
	salt, verifier, hash := b[:16], b[16:32], b[32:48]
	h0 := md5.Sum(passwordUTF16())
	var buf []byte
	for range 16 {
		buf = append(append(buf, h0[:5]...), salt...)
	}
	h1 := md5.Sum(buf)
	key := func(block uint32) []byte {
		k := md5.Sum(binary.LittleEndian.AppendUint32(bytes.Clone(h1[:5]), block))
		return k[:]
	}
	c, err := rc4.NewCipher(key(0))
	if err != nil {
		return nil, err
	}
	v, h := make([]byte, 16), make([]byte, 16)
	c.XORKeyStream(v, verifier)
	c.XORKeyStream(h, hash)
	if want := md5.Sum(v); !bytes.Equal(want[:], h) {
		return nil, extract.ErrEncrypted
	}
	return &rc4Cipher{key: key}, nil
}

// defaultCryptoAPI is the method of Excel 2002 and 2003, [MS-OFFCRYPTO] 2.3.5.
func defaultCryptoAPI(b []byte) (cipher, error) {
	header := slice(b, 8, u32(b, 4))
	v := slice(b, 8+u32(b, 4), len(b))
	if len(header) < 32 || len(v) < 40+20 || u32(v, 0) != 16 {
		return nil, fmt.Errorf("short header: %w", extract.ErrEncrypted)
	}
	const rc4ID = 0x6801
	if u32(header, 8) != rc4ID {
		return nil, fmt.Errorf("by an unknown method: %w", extract.ErrEncrypted)
	}
	bits := u32(header, 16)
	if bits == 0 {
		bits = 40
	}
	if bits < 40 || bits > 128 {
		return nil, fmt.Errorf("with a key of %d bits: %w", bits, extract.ErrEncrypted)
	}
	salt, verifier, hash := v[4:20], v[20:36], v[40:60]
	h0 := sha1.Sum(append(bytes.Clone(salt), passwordUTF16()...))
	key := func(block uint32) []byte {
		k := sha1.Sum(binary.LittleEndian.AppendUint32(bytes.Clone(h0[:]), block))
		if bits == 40 {
			return append(bytes.Clone(k[:5]), make([]byte, 11)...)
		}
		return k[:bits/8]
	}
	c, err := rc4.NewCipher(key(0))
	if err != nil {
		return nil, err
	}
	plain, sum := make([]byte, 16), make([]byte, 20)
	c.XORKeyStream(plain, verifier)
	c.XORKeyStream(sum, hash)
	if want := sha1.Sum(plain); !bytes.Equal(want[:], sum) {
		return nil, extract.ErrEncrypted
	}
	return &rc4Cipher{key: key}, nil
}

// xorCipher is the obfuscation of Excel 5 and 95, [MS-OFFCRYPTO] 2.3.7.
type xorCipher [16]byte

func defaultXOR(b []byte, biff8 bool) (cipher, error) {
	if biff8 {
		b = slice(b, 2, len(b))
	}
	key, verifier := xorKey(defaultPassword), xorVerifier(defaultPassword)
	if u16(b, 0) != int(key) || u16(b, 2) != int(verifier) {
		return nil, extract.ErrEncrypted
	}
	pad := [...]byte{0xBB, 0xFF, 0xFF, 0xBA, 0xFF, 0xFF, 0xB9, 0x80, 0x00, 0xBE, 0x0F, 0x00, 0xBF, 0x0F, 0x00}
	var x xorCipher
	n := copy(x[:], defaultPassword)
	copy(x[n:], pad[:])
	for i := range x {
		k := byte(key)
		if i&1 == 1 {
			k = byte(key >> 8)
		}
		x[i] ^= k
		x[i] = x[i]<<2 | x[i]>>6
	}
	return x, nil
}

func (x xorCipher) decrypt(id, at int, data []byte) []byte {
	plain := 0
	switch id {
	case recBOF, recFilePass, 0x60, 0xE1, 0xE2:
		return data
	case recBoundSheet:
		plain = 4
	}
	out := bytes.Clone(data)
	for i := plain; i < len(out); i++ {
		b := out[i]
		b = b<<3 | b>>5
		out[i] = b ^ x[(at+i+len(data))%16]
	}
	return out
}

// xorVerifier is the password's checksum, 2.3.7.1.
func xorVerifier(password string) uint16 {
	var v uint16
	for i := len(password) - 1; i >= -1; i-- {
		c := byte(len(password))
		if i >= 0 {
			c = password[i]
		}
		v = (v>>14&1 | v<<1&0x7FFF) ^ uint16(c)
	}
	return v ^ 0xCE4B
}

// xorKey is the password's key, 2.3.7.2.
func xorKey(password string) uint16 {
	initial := [...]uint16{0xE1F0, 0x1D0F, 0xCC9C, 0x84C0, 0x110C, 0x0E10, 0xF1CE, 0x313E, 0x1872, 0xE139, 0xD40F, 0x84F9, 0x280C, 0xA96A, 0x4EC3}
	key := initial[len(password)-1]
	element := 0x68
	for i := len(password) - 1; i >= 0; i-- {
		c := password[i]
		for range 7 {
			if c&0x40 != 0 {
				key ^= xorMatrix[element]
			}
			c <<= 1
			element--
		}
	}
	return key
}

var xorMatrix = [...]uint16{
	0xAEFC, 0x4DD9, 0x9BB2, 0x2745, 0x4E8A, 0x9D14, 0x2A09, 0x7B61, 0xF6C2, 0xFDA5, 0xEB6B, 0xC6F7, 0x9DCF, 0x2BBF,
	0x4563, 0x8AC6, 0x05AD, 0x0B5A, 0x16B4, 0x2D68, 0x5AD0, 0x0375, 0x06EA, 0x0DD4, 0x1BA8, 0x3750, 0x6EA0, 0xDD40,
	0xD849, 0xA0B3, 0x5147, 0xA28E, 0x553D, 0xAA7A, 0x44D5, 0x6F45, 0xDE8A, 0xAD35, 0x4A4B, 0x9496, 0x390D, 0x721A,
	0xEB23, 0xC667, 0x9CEF, 0x29FF, 0x53FE, 0xA7FC, 0x5FD9, 0x47D3, 0x8FA6, 0x0F6D, 0x1EDA, 0x3DB4, 0x7B68, 0xF6D0,
	0xB861, 0x60E3, 0xC1C6, 0x93AD, 0x377B, 0x6EF6, 0xDDEC, 0x45A0, 0x8B40, 0x06A1, 0x0D42, 0x1A84, 0x3508, 0x6A10,
	0xAA51, 0x4483, 0x8906, 0x022D, 0x045A, 0x08B4, 0x1168, 0x76B4, 0xED68, 0xCAF1, 0x85C3, 0x1BA7, 0x374E, 0x6E9C,
	0x3730, 0x6E60, 0xDCC0, 0xA9A1, 0x4363, 0x86C6, 0x1DAD, 0x3331, 0x6662, 0xCCC4, 0x89A9, 0x0373, 0x06E6, 0x0DCC,
	0x1021, 0x2042, 0x4084, 0x8108, 0x1231, 0x2462, 0x48C4,
}
