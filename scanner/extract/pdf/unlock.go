package pdf

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
)

// Everyone can open a document whose user password is empty, and one whose
// owner password is: readers that are given no password try both. PDFium
// tries the first alone, and refuses documents whose encryption dictionary
// is written a little wrong (permissions without a sign, no length of the
// key). unlock finds the key of such a document with the empty password
// (ISO 32000-2, 7.6.4) and writes an encryption dictionary that leads PDFium
// to the same key. No other password is tried.

// passwordPad fills up passwords (ISO 32000-2, 7.6.4.3.2, algorithm 2).
const passwordPad = "\x28\xBF\x4E\x5E\x4E\x75\x8A\x41\x64\x00\x4E\x56\xFF\xFA\x01\x08" +
	"\x2E\x2E\x00\xB6\xD0\x68\x3E\x80\x2F\x0C\xA9\xFE\x64\x53\x69\x7A"

// lock is the encryption dictionary of the standard security handler.
type lock struct {
	dict            map[string]string
	version, rev    int
	length          int // of the key, in bytes
	permissions     uint32
	owner, user     []byte // O, U
	ownerKey        []byte // OE
	userKey         []byte // UE
	id              []byte // the first part of the file's identifier
	metadataIsPlain bool
}

// unlock returns an update that lets PDFium open the document, and the
// password to open it with; no update where the empty password does not fit.
func unlock(ctx context.Context, f *reader) (tail []byte, password string, err error) {
	t, ok, err := lastTrailer(f)
	if err != nil || !ok {
		return nil, "", err
	}
	dict, err := encryption(ctx, f, t)
	if err != nil || dict == nil {
		return nil, "", err
	}
	l, ok := newLock(dict, t.dict["ID"])
	if !ok {
		return nil, "", nil
	}
	u := newUpdate(f, t)
	if l.rev >= 5 {
		key, ok := l.fileKey()
		if !ok {
			return nil, "", nil
		}
		u.encrypt = l.openDictionary(key)
	} else {
		if password, ok = l.userPassword(); !ok {
			return nil, "", nil
		}
		u.encrypt = l.plainDictionary()
	}
	return u.end(), password, nil
}

// encryption returns the encryption dictionary, which is an object of its
// own or stands in the trailer.
func encryption(ctx context.Context, f *reader, t trailer) (map[string]string, error) {
	v := t.dict["Encrypt"]
	number, err := strconv.Atoi(v)
	if err != nil {
		d, _ := dictionary([]byte(v))
		return d, nil
	}
	if f.size > repairBytes {
		return nil, nil
	}
	s := newSalvage(ctx, f)
	if err := s.search(); err != nil {
		return nil, err
	}
	o, ok := s.objects[number]
	if !ok || o.in != 0 {
		return nil, nil
	}
	buf := make([]byte, repairDict)
	n, err := f.readAt(buf, o.offset)
	if err != nil && err != io.EOF {
		return nil, err
	}
	_, body, _ := bytes.Cut(buf[:n], []byte("obj"))
	d, _ := dictionary(body)
	return d, nil
}

// newLock reads an encryption dictionary. It reports false of one that is
// not of the standard security handler, or lacks a part.
func newLock(d map[string]string, id string) (lock, bool) {
	l := lock{
		dict:  d,
		owner: stringValue(d["O"]), user: stringValue(d["U"]),
		ownerKey: stringValue(d["OE"]), userKey: stringValue(d["UE"]),
		metadataIsPlain: d["EncryptMetadata"] == "false",
	}
	var err1, err2, err3 error
	l.version, err1 = strconv.Atoi(d["V"])
	l.rev, err2 = strconv.Atoi(d["R"])
	p, err3 := strconv.ParseInt(d["P"], 10, 64)
	if err1 != nil || err2 != nil || err3 != nil || d["Filter"] != "/Standard" {
		return l, false
	}
	l.permissions = uint32(p)
	l.length, _ = strconv.Atoi(d["Length"])
	l.length /= 8
	if rest, ok := bytes.CutPrefix([]byte(id), []byte("[")); ok {
		first, _ := value(rest, skipSpace(rest, 0))
		l.id = stringValue(string(first))
	}
	switch l.rev {
	case 2, 3, 4:
		return l, len(l.owner) >= 32 && len(l.user) >= 16
	case 5, 6:
		return l, len(l.owner) >= 48 && len(l.user) >= 48 && (len(l.ownerKey) >= 32 || len(l.userKey) >= 32)
	}
	return l, false
}

// userPassword returns the user password of revisions 2 to 4 where it is
// empty or the owner password is (algorithms 6 and 7), and sets the length
// of the key that fits.
func (l *lock) userPassword() (string, bool) {
	lengths := []int{l.length, 5, 16}
	if l.rev == 2 {
		lengths = []int{5}
	}
	for _, n := range lengths {
		if n < 5 || n > 16 {
			continue
		}
		l.length = n
		for _, password := range []string{"", l.ownersUserPassword()} {
			if l.isUserPassword(password) {
				return password, true
			}
		}
	}
	return "", false
}

// ownersUserPassword decrypts the user password with the empty owner
// password.
func (l *lock) ownersUserPassword() string {
	sum := md5.Sum([]byte(passwordPad))
	if l.rev >= 3 {
		for range 50 {
			sum = md5.Sum(sum[:])
		}
	}
	plain := bytes.Clone(l.owner[:32])
	for i := l.rounds() - 1; i >= 0; i-- {
		scramble(plain, sum[:l.length], byte(i))
	}
	for n := range plain {
		if bytes.Equal(plain[n:], []byte(passwordPad)[:32-n]) {
			return string(plain[:n])
		}
	}
	return string(plain)
}

// rounds is how often passwords are encrypted.
func (l *lock) rounds() int {
	if l.rev >= 3 {
		return 20
	}
	return 1
}

// isUserPassword is algorithm 6 of revisions 2 to 4.
func (l *lock) isUserPassword(password string) bool {
	h := md5.New()
	h.Write([]byte(password + passwordPad)[:32])
	h.Write(l.owner[:32])
	_ = binary.Write(h, binary.LittleEndian, l.permissions)
	h.Write(l.id)
	if l.rev >= 4 && l.metadataIsPlain {
		h.Write([]byte{0xFF, 0xFF, 0xFF, 0xFF})
	}
	key := h.Sum(nil)
	if l.rev == 2 {
		want := []byte(passwordPad)
		scramble(want, key[:5], 0)
		return len(l.user) >= 32 && bytes.Equal(want, l.user[:32])
	}
	for range 50 {
		sum := md5.Sum(key[:l.length])
		key = sum[:]
	}
	sum := md5.Sum([]byte(passwordPad + string(l.id)))
	for i := range 20 {
		scramble(sum[:], key[:l.length], byte(i))
	}
	return bytes.Equal(sum[:], l.user[:16])
}

// scramble encrypts b with RC4 and a key whose bytes are XORed with x.
func scramble(b, key []byte, x byte) {
	round := make([]byte, len(key))
	for i, k := range key {
		round[i] = k ^ x
	}
	c, err := rc4.NewCipher(round)
	if err != nil {
		return // a key of 5 to 16 bytes is none that it refuses
	}
	c.XORKeyStream(b, b)
}

// plainDictionary writes the dictionary of revisions 2 to 4 anew, with the
// permissions as a number with a sign and the length of the key that fits.
func (l *lock) plainDictionary() string {
	s := fmt.Sprintf("<</Filter/Standard/V %d/R %d/Length %d/P %d/O<%x>/U<%x>",
		l.version, l.rev, 8*l.length, int32(l.permissions), l.owner[:32], fill(l.user, 32))
	for _, key := range []string{"CF", "StmF", "StrF", "EncryptMetadata"} {
		if v := l.dict[key]; v != "" {
			s += "/" + key + " " + reference(v)
		}
	}
	return s + ">>"
}

func fill(b []byte, n int) []byte {
	return append(bytes.Clone(b[:min(len(b), n)]), make([]byte, max(n-len(b), 0))...)
}

// fileKey returns the key of revisions 5 and 6 where the owner or the user
// password is empty (algorithm 2.A).
func (l *lock) fileKey() ([]byte, bool) {
	user := l.user[:48]
	if len(l.ownerKey) >= 32 && bytes.Equal(l.hash(l.owner[32:40], user), l.owner[:32]) {
		return unwrap(l.hash(l.owner[40:48], user), l.ownerKey[:32]), true
	}
	if len(l.userKey) >= 32 && bytes.Equal(l.hash(user[32:40], nil), user[:32]) {
		return unwrap(l.hash(user[40:48], nil), l.userKey[:32]), true
	}
	return nil, false
}

// unwrap decrypts a key of 32 bytes with another.
func unwrap(with, key []byte) []byte {
	c, err := aes.NewCipher(with)
	if err != nil {
		return nil // a sum of SHA-256 is a key of AES-256
	}
	out := make([]byte, len(key))
	cipher.NewCBCDecrypter(c, make([]byte, aes.BlockSize)).CryptBlocks(out, key)
	return out
}

// hash is algorithm 2.B for the empty password; revision 5 has its first
// step alone.
func (l *lock) hash(salt, user []byte) []byte {
	sum := sha256.Sum256(append(bytes.Clone(salt), user...))
	k := sum[:]
	if l.rev == 5 {
		return k
	}
	for i := 0; ; i++ {
		k1 := bytes.Repeat(append(bytes.Clone(k), user...), 64)
		c, err := aes.NewCipher(k[:16])
		if err != nil {
			return nil // 16 bytes are a key of AES-128
		}
		cipher.NewCBCEncrypter(c, k[16:32]).CryptBlocks(k1, k1)
		rest := 0 // the number of the first 16 bytes, modulo 3, as 256 is 1
		for _, b := range k1[:16] {
			rest += int(b)
		}
		switch rest % 3 {
		case 0:
			s := sha256.Sum256(k1)
			k = s[:]
		case 1:
			s := sha512.Sum384(k1)
			k = s[:]
		case 2:
			s := sha512.Sum512(k1)
			k = s[:]
		}
		if i >= 63 && int(k1[len(k1)-1]) <= i-31 {
			return k[:32]
		}
	}
}

// openDictionary writes a dictionary of revision 5 by which the empty user
// password leads to the file's key. What it encrypts does not depend on the
// revision.
func (l *lock) openDictionary(key []byte) string {
	check, wrap := []byte("checksum"), []byte("keysalts")
	proof, with := sha256.Sum256(check), sha256.Sum256(wrap)
	user := append(append(proof[:], check...), wrap...)
	wrapped, perms := make([]byte, 32), make([]byte, aes.BlockSize)
	if c, err := aes.NewCipher(with[:]); err == nil {
		cipher.NewCBCEncrypter(c, make([]byte, aes.BlockSize)).CryptBlocks(wrapped, key)
	}
	metadata, encrypted := "true", byte('T')
	if l.metadataIsPlain {
		metadata, encrypted = "false", 'F'
	}
	binary.LittleEndian.PutUint32(perms, l.permissions)
	copy(perms[4:], "\xFF\xFF\xFF\xFF"+string(encrypted)+"adb")
	if c, err := aes.NewCipher(key); err == nil {
		c.Encrypt(perms, perms)
	}
	return fmt.Sprintf("<</Filter/Standard/V 5/R 5/Length 256/P %d/O<%x>/OE<%x>/U<%x>/UE<%x>/Perms<%x>/EncryptMetadata %s"+
		"/CF<</StdCF<</AuthEvent/DocOpen/CFM/AESV3/Length 32>>>>/StmF/StdCF/StrF/StdCF>>",
		int32(l.permissions), l.owner[:48], fill(l.ownerKey, 32), user, wrapped, perms, metadata)
}

// stringValue returns the bytes of a string as it stands in a file
// (ISO 32000-2, 7.3.4).
func stringValue(s string) []byte {
	if len(s) < 2 {
		return nil
	}
	if s[0] == '<' {
		digits := bytes.Join(bytes.Fields([]byte(s[1:len(s)-1])), nil)
		if len(digits)%2 == 1 {
			digits = append(digits, '0')
		}
		out := make([]byte, len(digits)/2)
		if _, err := hex.Decode(out, digits); err != nil {
			return nil
		}
		return out
	}
	if s[0] != '(' {
		return nil
	}
	return literalString(s[1 : len(s)-1])
}

// literalString undoes the escapes of a literal string.
func literalString(s string) []byte {
	var out []byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '\r' {
			if i+1 < len(s) && s[i+1] == '\n' {
				i++
			}
			c = '\n'
		} else if c == '\\' && i+1 < len(s) {
			i++
			switch c = s[i]; c {
			case 'n':
				c = '\n'
			case 'r':
				c = '\r'
			case 't':
				c = '\t'
			case 'b':
				c = '\b'
			case 'f':
				c = '\f'
			case '\n':
				continue
			case '\r':
				if i+1 < len(s) && s[i+1] == '\n' {
					i++
				}
				continue
			case '0', '1', '2', '3', '4', '5', '6', '7':
				c -= '0'
				for n := 1; n < 3 && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '7'; n++ {
					i++
					c = c<<3 | s[i] - '0'
				}
			}
		}
		out = append(out, c)
	}
	return out
}
