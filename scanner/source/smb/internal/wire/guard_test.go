package wire

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// After an upgrade of go-smb2: read what changed in conn.go, tree_conn.go,
// credit.go and internal/smb2/packet.go, bring shim.go in line, run the tests
// of package smb with -race, and only then set libraryVersion.
const whatToDo = "; see the comment at the top of guard_test.go"

// library returns the source folder of the version in go.mod.
func library(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-json", "github.com/cloudsoda/go-smb2").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var m struct {
		Version, Dir string
		Replace      *struct{ Dir string }
	}
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatal(err)
	}
	if m.Version != libraryVersion || m.Replace != nil {
		t.Errorf("go-smb2 is %s, replaced: %v; shim.go was written for %s%s", m.Version, m.Replace != nil, libraryVersion, whatToDo)
	}
	return m.Dir
}

func parse(t *testing.T, file string) (*token.FileSet, *ast.File) {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return fset, f
}

func text(fset *token.FileSet, n ast.Node) string {
	var b strings.Builder
	_ = printer.Fprint(&b, fset, n)
	return strings.Join(strings.Fields(b.String()), " ")
}

// TestLibraryStructs compares our mirrors with the library's source.
func TestLibraryStructs(t *testing.T) {
	dir := library(t)
	for _, c := range []struct {
		file, name string
		mine       reflect.Type
		// as translates the library's type names.
		as map[string]string
	}{
		{"internal/smb2/packet.go", "PacketHeader", reflect.TypeFor[header](), nil},
		{"conn.go", "compoundEntry", reflect.TypeFor[compoundEntry](), map[string]string{"smb2.Packet": "wire.packet", "*treeConn": "unsafe.Pointer"}},
	} {
		fset, f := parse(t, filepath.Join(dir, c.file))
		var theirs []string
		ast.Inspect(f, func(n ast.Node) bool {
			ts, ok := n.(*ast.TypeSpec)
			if !ok || ts.Name.Name != c.name {
				return true
			}
			for _, fld := range ts.Type.(*ast.StructType).Fields.List {
				typ := text(fset, fld.Type)
				if as, ok := c.as[typ]; ok {
					typ = as
				}
				for _, n := range fld.Names {
					theirs = append(theirs, n.Name+" "+typ)
				}
			}
			return false
		})
		var mine []string
		for i := range c.mine.NumField() {
			mine = append(mine, c.mine.Field(i).Name+" "+c.mine.Field(i).Type.String())
		}
		if !reflect.DeepEqual(mine, theirs) {
			t.Errorf("%s of the library is\n%q, ours\n%q%s", c.name, theirs, mine, whatToDo)
		}
	}
}

// TestLibraryInterface compares the methods of a packet, whose table the
// library reads.
func TestLibraryInterface(t *testing.T) {
	dir := library(t)
	fset, f := parse(t, filepath.Join(dir, "internal/smb2/packet.go"))
	fset2, f2 := parse(t, filepath.Join(dir, "internal/smb2/iface.go"))
	got := map[string]string{}
	collect := func(fset *token.FileSet, f *ast.File, name string) {
		ast.Inspect(f, func(n ast.Node) bool {
			ts, ok := n.(*ast.TypeSpec)
			if !ok || ts.Name.Name != name {
				return true
			}
			for _, m := range ts.Type.(*ast.InterfaceType).Methods.List {
				for _, n := range m.Names {
					got[n.Name] = text(fset, m.Type)
				}
				if len(m.Names) == 0 {
					got["embedded "+text(fset, m.Type)] = ""
				}
			}
			return false
		})
	}
	collect(fset, f, "Packet")
	collect(fset2, f2, "Encoder")
	want := map[string]string{
		"Header": "func() *PacketHeader", "Size": "func() int", "Encode": "func(pkt []byte)", "embedded Encoder": "",
	}
	for k, v := range got { // the name of a parameter does not matter
		if k == "Encode" && strings.HasSuffix(v, " []byte)") {
			got[k] = want[k]
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("a packet of the library has the methods %q, ours %q%s", got, want, whatToDo)
	}
}

// TestLibraryFunctions compares the signatures of the functions that shim.go
// names.
func TestLibraryFunctions(t *testing.T) {
	dir := library(t)
	want := map[string]string{
		"(*treeConn).send":               "func(ctx context.Context, req smb2.Packet) (rr *requestResponse, err error)",
		"(*treeConn).recv":               "func(rr *requestResponse) (pkt []byte, err error)",
		"(*conn).sendCompound":           "func(ctx context.Context, entries []compoundEntry) ([]*requestResponse, error)",
		"(*conn).refundCredits":          "func(creditCharge uint16)",
		"(*account).borrow":              "func(ctx context.Context, creditCharge uint16) (uint16, bool, error)",
		"(*requestResponse).freeRecvBuf": "func()",
	}
	got := map[string]string{}
	for _, name := range []string{"tree_conn.go", "conn.go", "credit.go"} {
		fset, f := parse(t, filepath.Join(dir, name))
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil {
				continue
			}
			key := fmt.Sprintf("(%s).%s", text(fset, fn.Recv.List[0].Type), fn.Name.Name)
			if _, ok := want[key]; ok {
				got[key] = text(fset, fn.Type)
			}
		}
	}
	for k, w := range want {
		if got[k] != w {
			t.Errorf("%s is %q, shim.go expects %q%s", k, got[k], w, whatToDo)
		}
	}
}
