package access_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"aktvakt/scanner/access"
)

// nfs4 makes the extended attribute from text such as "A:g:hr@lab:r,D::EVERYONE@:r".
func nfs4(text string) []byte {
	var list []string
	if text != "" {
		list = strings.Split(text, ",")
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(len(list)))
	for _, e := range list {
		f := strings.Split(e, ":")
		typ := map[string]uint32{"A": 0, "D": 1, "U": 2}[f[0]]
		flags, mask := uint32(0), uint32(0)
		if strings.Contains(f[1], "g") {
			flags |= 0x40
		}
		if strings.Contains(f[1], "i") {
			flags |= 0x8
		}
		for i, c := range "rw...x" {
			if strings.ContainsRune(f[3], c) && c != '.' {
				mask |= 1 << i
			}
		}
		for _, v := range []uint32{typ, flags, mask, uint32(len(f[2]))} {
			b = binary.BigEndian.AppendUint32(b, v)
		}
		b = append(b, f[2]...)
		for len(b)%4 != 0 {
			b = append(b, 0)
		}
	}
	return b
}

func TestNFS4(t *testing.T) {
	for _, tt := range []struct {
		name, acl, want string
		folder          string
		min, max        int
		complete, wide  bool
	}{
		{"empty", "", "", "", 0, 0, true, false},
		{"owner", "A::OWNER@:rw", "u0", "", 1, 1, true, false},
		{"group", "A:g:GROUP@:r", "u0 u1", "", 2, 2, true, false},
		{"everyone", "A::EVERYONE@:r", "u0 u1 u2 u3 u4 u5 www-data", "", 6, 6, true, true},
		{"named", "A::u3@lab.test:r,A:g:it@lab.test:r,A::u4@lab.test:w", "u1 u2 u3", "", 3, 3, true, false},
		{"numbers", "A::1003:r,A:g:201:r", "u1 u2 u3", "", 3, 3, true, false},
		{"deny first", "D:g:hr@x:r,A::EVERYONE@:r", "u2 u3 u4 u5 www-data", "", 4, 4, true, true},
		{"deny too late", "A::EVERYONE@:r,D:g:hr@x:r", "u0 u1 u2 u3 u4 u5 www-data", "", 6, 6, true, true},
		{"inherit only", "A:i:EVERYONE@:r,A::u3@x:r", "u3", "", 1, 1, true, false},
		{"audit", "U::EVERYONE@:r,A::u3@x:r", "u3", "", 1, 1, true, false},
		{"unknown user", "A::eva@other:r,A::u3@x:r", "u3", "", 1, 2, false, false},
		{"unknown group", "A:g:folk@other:r", "", "", 0, 6, false, false},
		{"root", "A::root@x:r,A::OWNER@:r", "u0", "", 1, 1, true, false},
		{"folder", "A::EVERYONE@:r", "u0 u1", "A:g:hr@x:rx,A::EVERYONE@:r", 2, 2, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := access.NewResolver(village(), nil, nil, access.Options{})
			rules := access.NFS4Rules{UID: 1000, GID: 200, ACL: nfs4(tt.acl)}
			if tt.folder != "" {
				rules.Parents = []access.NFS4Rules{{ACL: nfs4(tt.folder)}}
			}
			d := rules.Descriptor()
			if got := strings.Join(r.Readers(d), " "); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
			a := r.Audience(d)
			if a.People != tt.min || a.PeopleMax != tt.max || a.Complete != tt.complete || (len(a.Wide) > 0) != tt.wide {
				t.Errorf("%+v\nwant %d to %d, complete %v, wide %v", a, tt.min, tt.max, tt.complete, tt.wide)
			}
		})
	}
}

func FuzzNFS4(f *testing.F) {
	f.Add([]byte(access.NFS4Rules{UID: 1000, GID: 200, ACL: nfs4("A::eva@other:r,D:g:hr@x:r,A::EVERYONE@:r")}.Descriptor().Raw))
	r := access.NewResolver(village(), nil, nil, access.Options{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		a := r.Audience(access.Descriptor{Kind: access.NFS4, Raw: string(raw)})
		if a.People > a.PeopleMax || a.People < 0 {
			t.Fatalf("%+v", a)
		}
		if d, err := access.NTACL(raw); err == nil {
			r.Audience(d)
		}
	})
}
