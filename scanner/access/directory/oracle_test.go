package directory_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"

	smb2 "github.com/cloudsoda/go-smb2"
	independent "github.com/hirochachacha/go-smb2"

	"aktvakt/scanner/access"
	"aktvakt/scanner/access/accesstest"
)

// oracle compares the predicted readers with who can really open each file,
// logged on as each account by a client that shares no code with the
// prediction or with the production source.
type oracle struct {
	t              *testing.T
	addr           string
	domain         string // for log-on
	prefix         string // of account names in the directory
	admin          [2]string
	password       string
	share          string
	accounts       []string // all that are tried, also disabled ones
	principals     []string // SIDs that the random rules name
	owners         []string // SIDs of people
	setShare       func(sddl string)
	readShare      func() ([]byte, error)
	files          map[string]*access.SecurityDescriptor
	truth          map[string]map[string]bool // account, file
	dir            *access.Directory
	shareRaw       []byte
	pairs, allowed int
}

// standard rights: the independent client asks for GENERIC_READ.
var standard = []uint32{0x120089, 0x1200a9, 0x1301bf, 0x1f01ff, 0x80000000, 0x10000000}

// random makes a security descriptor of standard rights.
func (o *oracle) random(rnd *rand.Rand) *access.SecurityDescriptor {
	sd := &access.SecurityDescriptor{Owner: access.MustSID(o.owners[rnd.IntN(len(o.owners))]), Group: access.MustSID(o.principals[0])}
	if rnd.IntN(40) == 0 {
		sd.NullDACL = true
		return sd
	}
	wide := []string{"S-1-1-0", "S-1-5-11", "S-1-5-2", "S-1-5-32-545", "S-1-3-0", "S-1-5-4", "S-1-5-18", "S-1-5-32-544", "S-1-3-4"}
	for range rnd.IntN(6) {
		a := access.ACE{Mask: standard[rnd.IntN(len(standard))]}
		if rnd.IntN(4) == 0 {
			a.Type = 1
		} else if rnd.IntN(6) == 0 {
			a.Mask = 0x120116 // writing alone
		}
		switch rnd.IntN(5) {
		case 0:
			a.SID = access.MustSID(wide[rnd.IntN(len(wide))])
		case 1:
			a.SID = access.MustSID(o.owners[rnd.IntN(len(o.owners))])
		default:
			a.SID = access.MustSID(o.principals[rnd.IntN(len(o.principals))])
		}
		if rnd.IntN(7) == 0 {
			a.Flags = 0x0b // inherit only
		}
		sd.DACL = append(sd.DACL, a)
	}
	return sd
}

// crafted are rules that tell each broken predictor from the real one,
// whatever the random ones hold. {owner} and {other} are people.
var crafted = []string{
	"O:{owner}D:(A;;GR;;;{other})", "O:{owner}D:(A;;GA;;;{other})", "O:{owner}", "O:{owner}D:",
	"O:{owner}D:(D;;FR;;;{owner})(A;;FR;;;WD)", "O:{owner}D:(A;;FR;;;WD)(D;;FR;;;{owner})",
	"O:{owner}D:(A;OICIIO;FR;;;WD)(A;;FR;;;{other})", "O:{owner}D:(A;;FR;;;CO)(A;;FR;;;{other})",
	"O:{owner}D:(A;;FR;;;OW)", "O:{owner}D:(D;;FR;;;OW)(A;;FR;;;AU)", "O:{owner}D:(D;;FR;;;IU)(A;;FR;;;NU)",
	"O:{owner}D:(A;;FR;;;S-1-5-21-1-2-3-4444)(A;;FR;;;{other})",
}

// encoder hands raw bytes to the client.
type encoder []byte

func (e encoder) Encode(dest []byte) { copy(dest, e) }
func (e encoder) Size() int          { return len(e) }

// write makes n files with random rules and reads back what the server keeps.
func (o *oracle) write(n int, rnd *rand.Rand) {
	o.t.Helper()
	o.files = map[string]*access.SecurityDescriptor{}
	o.connected(func(sh *smb2.Share) {
		for i := range n {
			sd := o.random(rnd)
			if i < len(crafted) {
				var err error
				if sd, err = accesstest.Parse(crafted[i], func(n string) string {
					if n == "owner" {
						return o.owners[0]
					}
					return o.owners[1]
				}); err != nil {
					o.t.Fatal(err)
				}
			}
			o.put(sh, fmt.Sprintf("f%03d.txt", i), sd)
		}
	})
}

// writeOne makes a file with those rules, the only one to be measured.
func (o *oracle) writeOne(name string, sd *access.SecurityDescriptor) {
	o.t.Helper()
	o.files = map[string]*access.SecurityDescriptor{}
	o.connected(func(sh *smb2.Share) { o.put(sh, name, sd) })
}

// connected calls f with the share, as administrator.
func (o *oracle) connected(f func(*smb2.Share)) {
	o.t.Helper()
	d := &smb2.Dialer{Initiator: &smb2.NTLMInitiator{User: o.admin[0], Password: o.admin[1], Domain: o.domain}}
	s, err := d.Dial(context.Background(), net.JoinHostPort(o.addr, "445"))
	if err != nil {
		o.t.Fatal(err)
	}
	defer s.Logoff()
	sh, err := s.Mount(o.share)
	if err != nil {
		o.t.Fatal(err)
	}
	f(sh)
}

func (o *oracle) put(sh *smb2.Share, name string, sd *access.SecurityDescriptor) {
	o.t.Helper()
	if err := sh.WriteFile(name, []byte("x"), 0o644); err != nil {
		o.t.Fatal(err)
	}
	const ownerGroupDACL = 7
	if err := sh.SetSecurityInfoRaw(name, ownerGroupDACL, encoder(sd.Encode())); err != nil {
		o.t.Fatalf("%s: set %s: %v", name, sd.SDDL(), err)
	}
	raw, err := sh.SecurityInfoRaw(name, ownerGroupDACL)
	if err != nil {
		o.t.Fatal(err)
	}
	if o.files[name], err = access.ParseSecurityDescriptor(raw); err != nil {
		o.t.Fatal(err)
	}
}

// measure opens every file as every account.
func (o *oracle) measure() {
	o.t.Helper()
	o.truth = map[string]map[string]bool{}
	for _, who := range o.accounts {
		o.truth[who] = map[string]bool{}
		o.measureOne(who)
	}
}

func (o *oracle) measureOne(who string) {
	c, err := net.Dial("tcp", net.JoinHostPort(o.addr, "445"))
	if err != nil {
		o.t.Fatal(err)
	}
	defer c.Close()
	d := &independent.Dialer{Initiator: &independent.NTLMInitiator{User: who, Password: o.password, Domain: o.domain}}
	s, err := d.Dial(c)
	if err != nil {
		if !strings.Contains(err.Error(), "disabled") && !strings.Contains(err.Error(), "expired") && !strings.Contains(err.Error(), "logon") {
			o.t.Fatalf("log on as %s: %v", who, err)
		}
		return // cannot log on, cannot read
	}
	defer s.Logoff()
	sh, err := s.Mount(o.share)
	if err != nil {
		if !strings.Contains(err.Error(), "denied") {
			o.t.Fatalf("mount as %s: %v", who, err)
		}
		return
	}
	defer sh.Umount()
	for name := range o.files {
		f, err := sh.Open(name)
		if err == nil {
			b := make([]byte, 1)
			_, err = f.Read(b)
			f.Close()
			o.truth[who][name] = err == nil
			continue
		}
		if !strings.Contains(err.Error(), "permission denied") && !strings.Contains(err.Error(), "Denied") && !strings.Contains(err.Error(), "denied") {
			o.t.Fatalf("open %s as %s: %v", name, who, err)
		}
	}
}

// predictor is the production prediction, or one that is broken on purpose.
type predictor struct {
	name  string
	dir   func(*access.Directory)
	sd    func(*access.SecurityDescriptor)
	share func([]byte) []byte
}

func (o *oracle) clone() *access.Directory {
	d := *o.dir
	d.Accounts = slices.Clone(o.dir.Accounts)
	d.Groups = slices.Clone(o.dir.Groups)
	return &d
}

// disagree counts the pairs in which a predictor is wrong.
func (o *oracle) disagree(p predictor, show int) int {
	dir, share := o.clone(), o.shareRaw
	if p.dir != nil {
		p.dir(dir)
	}
	if p.share != nil {
		share = p.share(share)
	}
	r := access.NewResolver(dir, &access.Share{Known: true, Raw: share}, nil, access.Options{})
	bad := 0
	for name, stored := range o.files {
		sd := *stored
		sd.DACL = slices.Clone(stored.DACL)
		if p.sd != nil {
			p.sd(&sd)
		}
		readers := r.Readers(access.Descriptor{Kind: access.NT, Raw: string((&sd).Encode())})
		for _, who := range o.accounts {
			predicted := slices.Contains(readers, o.prefix+who)
			o.pairs++
			if o.truth[who][name] {
				o.allowed++
			}
			if predicted != o.truth[who][name] {
				bad++
				if bad <= show {
					o.t.Errorf("%s: %s: predicted %v, really %v: %s", name, who, predicted, o.truth[who][name], stored.SDDL())
				}
			}
		}
	}
	return bad
}

func isDeny(a access.ACE) bool { return a.Type == 1 }

// broken are predictors that each ignore one rule. Generic rights are not
// among them: Samba maps them when rules are set, so they never lie on a file.
var broken = []predictor{
	{name: "deny ignored", sd: func(sd *access.SecurityDescriptor) { sd.DACL = slices.DeleteFunc(sd.DACL, isDeny) }},
	{name: "deny always first", sd: func(sd *access.SecurityDescriptor) {
		slices.SortStableFunc(sd.DACL, func(a, b access.ACE) int { return int(b.Type) - int(a.Type) })
	}},
	{name: "nesting ignored", dir: func(d *access.Directory) {
		isGroup := map[access.SID]bool{}
		for _, g := range d.Groups {
			isGroup[g.SID] = true
		}
		for i := range d.Groups {
			d.Groups[i].Members = slices.DeleteFunc(slices.Clone(d.Groups[i].Members), func(s access.SID) bool { return isGroup[s] })
		}
	}},
	{name: "primary group ignored", dir: func(d *access.Directory) {
		for i := range d.Accounts {
			d.Accounts[i].Primary = ""
			d.Accounts[i].Groups = nil
		}
		for i := range d.Groups { // SAMR lists them as members, too
			if d.Groups[i].SID.RID() == 513 {
				d.Groups[i].Members = nil
			}
		}
	}},
	{name: "inherit only honoured", sd: func(sd *access.SecurityDescriptor) {
		for i := range sd.DACL {
			sd.DACL[i].Flags &^= 8
		}
	}},
	{name: "disabled counted", dir: func(d *access.Directory) {
		for i := range d.Accounts {
			d.Accounts[i].Disabled, d.Accounts[i].Expired = false, false
		}
	}},
	{name: "owner rights ignored", sd: func(sd *access.SecurityDescriptor) {
		sd.DACL = slices.DeleteFunc(sd.DACL, func(a access.ACE) bool { return a.SID.String() == "S-1-3-4" })
	}},
	{name: "no DACL taken for an empty one", sd: func(sd *access.SecurityDescriptor) { sd.NullDACL = false }},
	{name: "creator owner taken for the owner", sd: func(sd *access.SecurityDescriptor) {
		for i := range sd.DACL {
			if sd.DACL[i].SID.String() == "S-1-3-0" {
				sd.DACL[i].SID = sd.Owner
			}
		}
	}},
}

// run is one round: under each share ACL, predicted and real readers are
// compared, and each broken predictor must be caught somewhere.
func (o *oracle) run(shareACLs []string, files int, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 5))
	o.pairs, o.allowed = 0, 0
	o.setShare("O:BAG:BAD:(A;;0x1f01ff;;;WD)")
	o.write(files, rnd)
	caught := map[string]int{}
	for _, acl := range shareACLs {
		o.setShare(acl)
		sd, err := accesstest.Parse(acl, nil)
		if err != nil {
			o.t.Fatal(err)
		}
		if o.shareRaw, err = o.readShare(); err != nil {
			o.t.Fatal(err)
		}
		if got, err := access.ParseSecurityDescriptor(o.shareRaw); err != nil || got.SDDL() != sd.SDDL() {
			o.t.Fatalf("share: the server says %v (%v), want %s", got, err, sd.SDDL())
		}
		o.measure()
		if bad := o.disagree(predictor{}, 10); bad > 0 {
			o.t.Errorf("share %s: %d pairs disagree", acl, bad)
		}
		pairs, allowed := o.pairs, o.allowed
		for _, b := range broken {
			caught[b.name] += o.disagree(b, 0)
		}
		if acl != shareACLs[0] {
			b := predictor{name: "share ACL ignored", share: func([]byte) []byte { return nil }}
			caught[b.name] += o.disagree(b, 0)
		}
		o.pairs, o.allowed = pairs, allowed
	}
	o.t.Logf("seed %d: %d pairs compared, %d of them readable", seed, o.pairs, o.allowed)
	if o.allowed == 0 || o.allowed == o.pairs {
		o.t.Error("the rules tell nothing apart")
	}
	for name, n := range caught {
		if n == 0 {
			o.t.Errorf("a predictor with %s was not caught", name)
		}
	}
	o.t.Logf("pairs that broken predictors have wrong: %v", caught)
}
