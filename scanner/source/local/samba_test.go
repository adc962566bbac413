package local_test

import (
	"testing"

	"aktvakt/scanner/access"
	"aktvakt/scanner/source"
	"aktvakt/scanner/source/local"
	"aktvakt/scanner/source/smb/sambatest"
)

// TestServedFolder reads the folders of a real Samba from behind: where Samba
// goes by its own rules alone the descriptor is the one that it sends over
// SMB, and where the kernel has a word the mode and POSIX ACL are taken.
func TestServedFolder(t *testing.T) {
	srv := sambatest.Start(t, sambatest.Config{
		Users: []sambatest.User{{Name: "anna"}},
		Shares: []sambatest.Share{
			{Name: "docs"},
			{Name: "both", Lines: []string{"acl_xattr:ignore system acls = no"}},
		},
	})
	const rules = "O:BAG:BAD:PAI(A;;FA;;;BA)(A;;0x1200a9;;;{anna})"
	for share, want := range map[string]access.Kind{"docs": access.NT, "both": access.POSIX} {
		srv.Put(sambatest.Admin, share, "f.txt", []byte("x"))
		srv.SetACL(share, "f.txt", rules)
		s := local.New(srv.Dir(share))
		defer s.Close()
		d, err := s.ACL(t.Context(), source.Entry{Path: "f.txt"})
		if err != nil || d.Kind != want {
			t.Errorf("%s: kind %d, %v; want %d", share, d.Kind, err, want)
			continue
		}
		if want != access.NT {
			continue
		}
		sd, err := access.ParseSecurityDescriptor([]byte(d.Raw))
		must(t, err)
		if len(sd.DACL) != 2 || sd.DACL[1].SID.String() != srv.SID("anna") {
			t.Errorf("%s: %+v", share, sd)
		}
	}
}
