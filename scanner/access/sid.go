package access

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// SID is a security identifier in its binary form (MS-DTYP 2.4.2.2): revision,
// count of sub-authorities, six bytes of authority, then 4 bytes each. It is a
// string so that it serves as a map key. Unix ids take part under the SIDs
// that Samba gives them: S-1-22-1-UID and S-1-22-2-GID.
type SID string

// ErrSID says that a text or a run of bytes is no SID.
var ErrSID = errors.New("malformed SID")

// maxSubAuthorities is the limit of MS-DTYP 2.4.2.2.
const maxSubAuthorities = 15

// ParseSID reads the S-1-… form.
func ParseSID(s string) (SID, error) {
	p := strings.Split(s, "-")
	if len(p) < 3 || len(p)-3 > maxSubAuthorities || (p[0] != "S" && p[0] != "s") || p[1] != "1" {
		return "", ErrSID
	}
	authority, err := strconv.ParseUint(p[2], 0, 48)
	if err != nil {
		return "", ErrSID
	}
	b := make([]byte, 8, 8+4*(len(p)-3))
	b[0], b[1] = 1, byte(len(p)-3)
	for i := range 6 {
		b[7-i] = byte(authority >> (8 * i))
	}
	for _, x := range p[3:] {
		v, err := strconv.ParseUint(x, 10, 32)
		if err != nil {
			return "", ErrSID
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return SID(b), nil
}

// SIDFromBytes reads a binary SID at the start of b and tells its length.
func SIDFromBytes(b []byte) (SID, error) {
	if len(b) < 8 || b[0] != 1 || b[1] > maxSubAuthorities || len(b) < 8+4*int(b[1]) {
		return "", ErrSID
	}
	return SID(b[:8+4*int(b[1])]), nil
}

// MustSID is ParseSID for constants.
func MustSID(s string) SID {
	sid, err := ParseSID(s)
	if err != nil {
		panic("access: " + s + ": " + err.Error())
	}
	return sid
}

// String returns the S-1-… form; authorities of 2^32 and more are hexadecimal.
func (s SID) String() string {
	if len(s) < 8 || len(s) != 8+4*int(s[1]) {
		return fmt.Sprintf("S-?-%x", string(s))
	}
	var authority uint64
	for i := 2; i < 8; i++ {
		authority = authority<<8 | uint64(s[i])
	}
	var b strings.Builder
	b.WriteString("S-1-")
	if authority >= 1<<32 {
		fmt.Fprintf(&b, "0x%012X", authority)
	} else {
		b.WriteString(strconv.FormatUint(authority, 10))
	}
	for i := 8; i < len(s); i += 4 {
		b.WriteByte('-')
		b.WriteString(strconv.FormatUint(uint64(s.sub(i)), 10))
	}
	return b.String()
}

func (s SID) sub(i int) uint32 {
	return uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16 | uint32(s[i+3])<<24
}

// RID is the last sub-authority, 0 for a SID without one.
func (s SID) RID() uint32 {
	if len(s) < 12 {
		return 0
	}
	return s.sub(len(s) - 4)
}

// Domain is the SID without its last sub-authority.
func (s SID) Domain() SID {
	if len(s) < 12 {
		return s
	}
	b := []byte(s[:len(s)-4])
	b[1]--
	return SID(b)
}

// WithRID appends a sub-authority to a domain's SID.
func (s SID) WithRID(rid uint32) SID {
	if len(s) < 8 || s[1] >= maxSubAuthorities {
		return s
	}
	b := binary.LittleEndian.AppendUint32([]byte(s), rid)
	b[1]++
	return SID(b)
}

// under tells whether s is prefix or lies below it.
func (s SID) under(prefix SID) bool {
	return len(s) >= len(prefix) && len(prefix) >= 8 && s[2:8] == prefix[2:8] && s[8:len(prefix)] == prefix[8:]
}

// isDomainSID tells whether s belongs to a domain or machine (S-1-5-21-…).
func (s SID) isDomainSID() bool { return len(s) >= 12 && s.under(sidNTDomain) }

// UserSID and GroupSID are the SIDs of a Unix uid and gid,
// https://wiki.samba.org/index.php/Security_Identifier
func UserSID(uid uint32) SID  { return sidUnixUsers.WithRID(uid) }
func GroupSID(gid uint32) SID { return sidUnixGroups.WithRID(gid) }

// Well-known SIDs, MS-DTYP 2.4.2.4,
// https://learn.microsoft.com/openspecs/windows_protocols/ms-dtyp/81d92bba-d22b-4a8c-908a-554ab29148ab
var (
	sidEveryone      = MustSID("S-1-1-0")
	sidCreatorOwner  = MustSID("S-1-3-0")
	sidOwnerRights   = MustSID("S-1-3-4")
	sidNetwork       = MustSID("S-1-5-2")
	sidAnonymous     = MustSID("S-1-5-7")
	sidAuthenticated = MustSID("S-1-5-11")
	sidThisOrg       = MustSID("S-1-5-15")
	sidLocalAccount  = MustSID("S-1-5-113")
	sidLocalAdmin    = MustSID("S-1-5-114")
	sidSystem        = MustSID("S-1-5-18")
	sidNTDomain      = MustSID("S-1-5-21")
	sidAdmins        = MustSID("S-1-5-32-544")
	sidUsers         = MustSID("S-1-5-32-545")
	sidGuests        = MustSID("S-1-5-32-546")
	sidServerOps     = MustSID("S-1-5-32-549")
	sidBackupOps     = MustSID("S-1-5-32-551")
	sidUnixUsers     = MustSID("S-1-22-1")
	sidUnixGroups    = MustSID("S-1-22-2")
)

// Relative ids that mean the same in every domain.
const (
	ridAdministrator    = 500
	ridGuest            = 501
	ridDomainAdmins     = 512
	ridDomainUsers      = 513
	ridDomainGuests     = 514
	ridDomainComputers  = 515
	ridEnterpriseAdmins = 519
	ridSchemaAdmins     = 518
)

// wellKnown names SIDs that mean the same on every server. The names are
// those of an English Windows: they are what documentation and icacls know.
var wellKnown = map[SID]string{
	MustSID("S-1-0-0"):      "NULL SID",
	sidEveryone:             "Everyone",
	MustSID("S-1-2-0"):      "LOCAL",
	MustSID("S-1-2-1"):      "CONSOLE LOGON",
	sidCreatorOwner:         "CREATOR OWNER",
	MustSID("S-1-3-1"):      "CREATOR GROUP",
	MustSID("S-1-3-2"):      "CREATOR OWNER SERVER",
	MustSID("S-1-3-3"):      "CREATOR GROUP SERVER",
	sidOwnerRights:          "OWNER RIGHTS",
	MustSID("S-1-5-1"):      `NT AUTHORITY\DIALUP`,
	sidNetwork:              `NT AUTHORITY\NETWORK`,
	MustSID("S-1-5-3"):      `NT AUTHORITY\BATCH`,
	MustSID("S-1-5-4"):      `NT AUTHORITY\INTERACTIVE`,
	MustSID("S-1-5-6"):      `NT AUTHORITY\SERVICE`,
	sidAnonymous:            `NT AUTHORITY\ANONYMOUS LOGON`,
	MustSID("S-1-5-8"):      `NT AUTHORITY\PROXY`,
	MustSID("S-1-5-9"):      `NT AUTHORITY\ENTERPRISE DOMAIN CONTROLLERS`,
	MustSID("S-1-5-10"):     `NT AUTHORITY\SELF`,
	sidAuthenticated:        `NT AUTHORITY\Authenticated Users`,
	MustSID("S-1-5-12"):     `NT AUTHORITY\RESTRICTED`,
	MustSID("S-1-5-13"):     `NT AUTHORITY\TERMINAL SERVER USER`,
	MustSID("S-1-5-14"):     `NT AUTHORITY\REMOTE INTERACTIVE LOGON`,
	sidThisOrg:              `NT AUTHORITY\This Organization`,
	MustSID("S-1-5-17"):     `NT AUTHORITY\IUSR`,
	sidSystem:               `NT AUTHORITY\SYSTEM`,
	MustSID("S-1-5-19"):     `NT AUTHORITY\LOCAL SERVICE`,
	MustSID("S-1-5-20"):     `NT AUTHORITY\NETWORK SERVICE`,
	sidLocalAccount:         `NT AUTHORITY\Local account`,
	sidLocalAdmin:           `NT AUTHORITY\Local account and member of Administrators group`,
	MustSID("S-1-5-64-10"):  `NT AUTHORITY\NTLM Authentication`,
	MustSID("S-1-5-64-14"):  `NT AUTHORITY\SChannel Authentication`,
	MustSID("S-1-5-64-21"):  `NT AUTHORITY\Digest Authentication`,
	MustSID("S-1-5-65-1"):   `NT AUTHORITY\This Organization Certificate`,
	MustSID("S-1-5-1000"):   `NT AUTHORITY\Other Organization`,
	MustSID("S-1-18-1"):     "Authentication authority asserted identity",
	MustSID("S-1-18-2"):     "Service asserted identity",
	sidAdmins:               `BUILTIN\Administrators`,
	sidUsers:                `BUILTIN\Users`,
	sidGuests:               `BUILTIN\Guests`,
	MustSID("S-1-5-32-547"): `BUILTIN\Power Users`,
	MustSID("S-1-5-32-548"): `BUILTIN\Account Operators`,
	sidServerOps:            `BUILTIN\Server Operators`,
	MustSID("S-1-5-32-550"): `BUILTIN\Print Operators`,
	sidBackupOps:            `BUILTIN\Backup Operators`,
	MustSID("S-1-5-32-552"): `BUILTIN\Replicator`,
	MustSID("S-1-5-32-554"): `BUILTIN\Pre-Windows 2000 Compatible Access`,
	MustSID("S-1-5-32-555"): `BUILTIN\Remote Desktop Users`,
	MustSID("S-1-5-32-556"): `BUILTIN\Network Configuration Operators`,
	MustSID("S-1-5-32-558"): `BUILTIN\Performance Monitor Users`,
	MustSID("S-1-5-32-559"): `BUILTIN\Performance Log Users`,
	MustSID("S-1-5-32-562"): `BUILTIN\Distributed COM Users`,
	MustSID("S-1-5-32-568"): `BUILTIN\IIS_IUSRS`,
	MustSID("S-1-5-32-569"): `BUILTIN\Cryptographic Operators`,
	MustSID("S-1-5-32-573"): `BUILTIN\Event Log Readers`,
	MustSID("S-1-5-32-578"): `BUILTIN\Hyper-V Administrators`,
	MustSID("S-1-5-32-579"): `BUILTIN\Access Control Assistance Operators`,
	MustSID("S-1-5-32-580"): `BUILTIN\Remote Management Users`,
}
