package directory_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"aktvakt/scanner/access"
	"aktvakt/scanner/access/directory"
	"aktvakt/scanner/access/directory/adtest"
)

// TestActiveDirectory runs everything that needs a domain on one lab.
func TestActiveDirectory(t *testing.T) {
	extra := 300
	if n, err := strconv.Atoi(os.Getenv("AKTVAKT_AD_ACCOUNTS")); err == nil {
		extra = n
	}
	lab := adtest.Start(t, adtest.Config{Extra: extra})
	ldaps := directory.LDAPServer{URL: "ldaps://" + lab.DC, User: "scanner@lab.test", Password: adtest.Password, TLS: lab.TLS()}
	t0 := time.Now()
	dir, err := directory.LDAP(context.Background(), ldaps)
	if err != nil {
		t.Fatal(err)
	}
	download := time.Since(t0)
	t.Run("download", func(t *testing.T) {
		t0 := time.Now()
		r := access.NewResolver(dir, nil, nil, access.Options{})
		expand := time.Since(t0)
		t.Logf("%d accounts and %d groups downloaded in %v, expanded in %v", len(dir.Accounts), len(dir.Groups), download, expand)
		if !dir.Complete {
			t.Errorf("incomplete: %q", dir.Notes)
		}
		if r.Staff() < extra*8/10 || r.Staff() > extra+30 {
			t.Errorf("staff %d", r.Staff())
		}
	})
	t.Run("binds", func(t *testing.T) { testBinds(t, lab, ldaps, dir) })
	t.Run("refusals", func(t *testing.T) { testRefusals(t, lab, ldaps) })
	t.Run("groups", func(t *testing.T) { testGroups(t, lab, dir) })
	t.Run("member", func(t *testing.T) { testMember(t, lab, dir) })
	t.Run("program", func(t *testing.T) { testProgram(t, lab) })
	t.Run("kerberos", func(t *testing.T) { testKerberos(t, lab, dir) })
	for _, seed := range seeds(t) {
		t.Run(fmt.Sprintf("oracle %d", seed), func(t *testing.T) { testOracleAD(t, lab, dir, seed) })
	}
}

// seeds are those of the random rules: one by default, more by the variable
// AKTVAKT_ORACLE_SEEDS, such as "2 3 4".
func seeds(t *testing.T) []uint64 {
	t.Helper()
	out := []uint64{1}
	for _, f := range strings.Fields(os.Getenv("AKTVAKT_ORACLE_SEEDS")) {
		n, err := strconv.ParseUint(f, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, n)
	}
	return out
}

func testBinds(t *testing.T, lab *adtest.Lab, ldaps directory.LDAPServer, want *access.Directory) {
	startTLS, krb := ldaps, ldaps
	startTLS.URL = "ldap://" + lab.DC
	krb.User, krb.Password, krb.SPN = "", "", "ldap/"+adtest.DCName
	krb.Kerberos = keytab(t, lab)
	small := ldaps
	small.PageSize = 100
	for name, s := range map[string]directory.LDAPServer{"StartTLS": startTLS, "Kerberos": krb, "small pages": small, "ranges": directory.InRanges(ldaps, 7)} {
		d, err := directory.LDAP(context.Background(), s)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(sorted(want), sorted(d)); diff != "" {
			t.Errorf("%s: %.2000s", name, diff)
		}
	}
}

// sorted makes directories comparable.
func sorted(d *access.Directory) *access.Directory {
	c := *d
	c.Accounts, c.Groups = slices.Clone(d.Accounts), slices.Clone(d.Groups)
	slices.SortFunc(c.Accounts, func(a, b access.Account) int { return strings.Compare(string(a.SID), string(b.SID)) })
	slices.SortFunc(c.Groups, func(a, b access.Group) int { return strings.Compare(string(a.SID), string(b.SID)) })
	for i := range c.Groups {
		c.Groups[i].Members = slices.Clone(c.Groups[i].Members)
		slices.Sort(c.Groups[i].Members)
	}
	return &c
}

func testRefusals(t *testing.T, lab *adtest.Lab, ldaps directory.LDAPServer) {
	wrong, untrusted, plain, empty, gone := ldaps, ldaps, ldaps, ldaps, ldaps
	wrong.Password = "Wrong-Passw0rd!"
	untrusted.TLS = &tls.Config{ServerName: adtest.DCName}
	plain.URL = "http://" + lab.DC
	empty.Password = ""
	gone.URL = "ldaps://" + strings.TrimSuffix(lab.DC, "10") + "77"
	for name, s := range map[string]directory.LDAPServer{"wrong password": wrong, "unknown authority": untrusted, "scheme": plain, "no password": empty, "no host": gone} {
		t0 := time.Now()
		_, err := directory.LDAP(context.Background(), s)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		if strings.Contains(err.Error(), "Passw0rd") {
			t.Errorf("%s: the password is in %q", name, err)
		}
		if time.Since(t0) > 30*time.Second {
			t.Errorf("%s: took %v", name, time.Since(t0))
		}
		t.Logf("%s: %v", name, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := directory.LDAP(ctx, ldaps); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func testGroups(t *testing.T, lab *adtest.Lab, dir *access.Directory) {
	r := access.NewResolver(dir, nil, nil, access.Options{})
	for _, tt := range []struct {
		group, want string
		complete    bool
	}{
		{"G-Social", "u01 u07 u13 u19", true},
		{"DL-Sager", "u01 u02 u07 u08 u13 u14 u19 u20", true},
		{"DL-Personale", "u03 u04 u05 u10 u11 u16 u17 u22 u23", true},
		{"G-Ring1", "u20 u21", true},
		{"G-Ring2", "u20 u21", true},
		{"G-Tom", "", true},
		{"Mail-Liste", "", true},
		{"G-Vikar", "u07 u08", true},
		{"DL-Vikar", "u07 u08", true},
		{"DL-Fremmed", "u09", false},
	} {
		sd := &access.SecurityDescriptor{DACL: []access.ACE{{Mask: 1, SID: access.MustSID(lab.SID(tt.group))}}}
		d := access.Descriptor{Kind: access.NT, Raw: string(sd.Encode())}
		var got []string
		for _, n := range r.Readers(d) {
			got = append(got, strings.TrimPrefix(n, `LAB\`))
		}
		if a := r.Audience(d); strings.Join(got, " ") != tt.want || a.Complete != tt.complete {
			t.Errorf("%s: got %q, complete %v (%q); want %q, %v", tt.group, got, a.Complete, a.Notes, tt.want, tt.complete)
		}
	}
	old := &access.SecurityDescriptor{DACL: []access.ACE{{Mask: 1, SID: access.MustSID("S-1-5-21-70-70-70-7001")}}}
	if got := r.Readers(access.Descriptor{Kind: access.NT, Raw: string(old.Encode())}); len(got) != 1 || got[0] != `LAB\moved` {
		t.Errorf("former SID: %q", got)
	}
}

func testMember(t *testing.T, lab *adtest.Lab, dir *access.Directory) {
	s := directory.Server{Host: lab.FS, Domain: adtest.Domain, User: "scanner", Password: adtest.Password, Share: "docs"}
	r, err := directory.FromServer(context.Background(), s, access.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if name, complete, notes := r.Describe(); complete || !strings.Contains(strings.Join(notes, " "), "member of the domain LAB") {
		t.Errorf("without the directory: %q, complete %v, notes %q", name, complete, notes)
	}
	sd := &access.SecurityDescriptor{DACL: []access.ACE{{Mask: 1, SID: access.MustSID(lab.SID("DL-Sager"))}, {Mask: 1, SID: access.MustSID(lab.SID("u00"))}}}
	d := access.Descriptor{Kind: access.NT, Raw: string(sd.Encode())}
	a := r.Audience(d)
	if a.Complete || !a.NoBound || len(a.Unresolved) != 2 || a.Via[0].Name != `LAB\DL-Sager` && a.Via[1].Name != `LAB\DL-Sager` {
		t.Errorf("without the directory: %+v", a)
	}
	s.AD = dir
	if r, err = directory.FromServer(context.Background(), s, access.Options{}); err != nil {
		t.Fatal(err)
	}
	if name, complete, notes := r.Describe(); !complete {
		t.Errorf("with the directory: %q, notes %q", name, notes)
	}
	if a := r.Audience(d); !a.Complete || a.People != 9 || a.PeopleMax != 9 {
		t.Errorf("with the directory: %+v", a)
	}
	sd = &access.SecurityDescriptor{DACL: []access.ACE{{Mask: 1, SID: access.MustSID("S-1-5-32-545")}}}
	a = r.Audience(access.Descriptor{Kind: access.NT, Raw: string(sd.Encode())})
	if !a.Complete || a.People != r.Staff() || len(a.Wide) != 1 {
		t.Errorf("Users of the member: %+v", a)
	}
}

// testOracleAD opens every file on the member as every account.
func testOracleAD(t *testing.T, lab *adtest.Lab, ad *access.Directory, seed uint64) {
	o := &oracle{t: t, addr: lab.FS, domain: adtest.Domain, prefix: `LAB\`, admin: [2]string{adtest.Administrator, adtest.AdminPassword},
		password: adtest.Password, share: "docs", accounts: append(lab.People(), "off1", "off2", "old1", "scanner", "chief", "backup"), setShare: lab.SetShareACL}
	for _, g := range []string{"Domain Users", "G-Social", "G-HR", "U-Velfaerd", "U-Stab", "DL-Sager", "DL-Personale", "DL-Alt", "DL-Dyb",
		"G-Ring1", "G-Ring2", "G-Tom", "Mail-Liste", "G-Vikar", "DL-Vikar", "Domain Admins", "off1", "old1"} {
		o.principals = append(o.principals, lab.SID(g))
	}
	for _, u := range lab.People() {
		o.owners = append(o.owners, lab.SID(u))
	}
	srv := directory.Server{Host: lab.FS, Domain: adtest.Domain, User: "scanner", Password: adtest.Password, Share: "docs"}
	o.readShare = func() ([]byte, error) { return directory.ShareRules(srv) }
	sam, err := directory.SAM(context.Background(), srv)
	if err != nil {
		t.Fatal(err)
	}
	sam.Merge(ad)
	o.dir = sam
	formerSID(t, o)
	o.run([]string{
		"O:BAG:BAD:(A;;0x1f01ff;;;WD)",
		"O:BAG:BAD:(D;;0x1f01ff;;;" + lab.SID("G-HR") + ")(A;;0x1200a9;;;" + lab.SID("DL-Dyb") + ")",
		"O:BAG:BAD:(A;;0x1f01ff;;;" + lab.SID("DL-Sager") + ")(A;;0x1301bf;;;" + lab.SID("u03") + ")",
	}, 60, seed)
}

// formerSID asks whether the server counts a SID from sIDHistory. Windows does;
// the prediction must hold it possible in any case.
func formerSID(t *testing.T, o *oracle) {
	t.Helper()
	sd := &access.SecurityDescriptor{Owner: access.MustSID(o.owners[0]), DACL: []access.ACE{{Mask: 0x120089, SID: access.MustSID("S-1-5-21-70-70-70-7001")}}}
	o.setShare("O:BAG:BAD:(A;;0x1f01ff;;;WD)")
	o.writeOne("former.txt", sd)
	o.truth = map[string]map[string]bool{"moved": {}}
	o.measureOne("moved")
	t.Logf("the server counts former SIDs: %v", o.truth["moved"]["former.txt"])
	r := access.NewResolver(o.dir, nil, nil, access.Options{})
	if got := r.Readers(access.Descriptor{Kind: access.NT, Raw: string(sd.Encode())}); !slices.Contains(got, `LAB\moved`) {
		t.Errorf("readers by a former SID: %q", got)
	}
}
