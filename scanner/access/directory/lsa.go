package directory

import (
	"context"
	"strings"
	"time"

	"github.com/oiweiwei/go-msrpc/dcerpc"
	"github.com/oiweiwei/go-msrpc/msrpc/dtyp"
	lsad "github.com/oiweiwei/go-msrpc/msrpc/lsad/lsarpc/v0"
	lsat "github.com/oiweiwei/go-msrpc/msrpc/lsat/lsarpc/v0"

	"aktvakt/scanner/access"
)

// Kinds of names, SID_NAME_USE of MS-LSAT 2.2.13.
const (
	useUser     = 1
	useDeleted  = 6
	useInvalid  = 7
	useUnknown  = 8
	useComputer = 9
)

// maxLookup is the number of SIDs in one call.
const maxLookup = 1000

// lookupTimeout bounds one question for names in the middle of a scan.
const lookupTimeout = 20 * time.Second

// lookup asks LSARPC for the names of SIDs, MS-LSAT 3.1.4.11, with a pipe of
// its own for each question: they come seldom, some hundred in a scan. A
// server that failed thrice in a row is not asked again.
func lookup(s Server) access.Lookup {
	failed := 0
	return func(sids []access.SID) map[access.SID]access.Named {
		out := map[access.SID]access.Named{}
		if failed >= 3 {
			return out
		}
		ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
		defer cancel()
		p, err := dial(ctx, s, "lsarpc")
		if err != nil {
			failed++
			return out
		}
		defer p.close()
		for len(sids) > 0 {
			n := min(len(sids), maxLookup)
			if err := lookupSome(p, sids[:n], out); err != nil {
				failed++
				return out
			}
			sids = sids[n:]
		}
		failed = 0
		return out
	}
}

func lookupSome(p *pipe, sids []access.SID, out map[access.SID]access.Named) error {
	cli, err := lsat.NewLsarpcClient(p.ctx, p.conn, dcerpc.WithInsecure())
	if err != nil {
		return err
	}
	const lookupNames = 0x800 // POLICY_LOOKUP_NAMES
	pol, err := cli.OpenPolicy2(p.ctx, &lsat.OpenPolicy2Request{ObjectAttributes: &lsat.ObjectAttributes{}, DesiredAccess: lookupNames})
	if err != nil {
		return err
	}
	buf := &lsat.SIDEnumBuffer{Entries: uint32(len(sids))}
	for _, s := range sids {
		d, err := fromSID(s)
		if err != nil {
			return err
		}
		buf.SIDInfo = append(buf.SIDInfo, &lsat.SIDInformation{SID: d})
	}
	r, err := cli.LookupSIDs(p.ctx, &lsat.LookupSIDsRequest{Policy: pol.Policy, SIDEnumBuffer: buf, TranslatedNames: &lsat.TranslatedNames{}, LookupLevel: 1})
	if absent(err) {
		return nil
	}
	if err != nil && !more(err) {
		return err
	}
	if r == nil || r.TranslatedNames == nil {
		return nil
	}
	for i, n := range r.TranslatedNames.Names {
		if i >= len(sids) || n == nil || n.Name == nil || n.Use == useUnknown || n.Use == useInvalid || n.Use == useDeleted {
			continue
		}
		name := n.Name.Buffer
		if d := r.ReferencedDomains; d != nil && n.DomainIndex >= 0 && int(n.DomainIndex) < len(d.Domains) && d.Domains[n.DomainIndex].Name != nil {
			if dom := d.Domains[n.DomainIndex].Name.Buffer; dom != "" {
				name = dom + `\` + name
			}
		}
		out[sids[i]] = access.Named{Name: name, User: n.Use == useUser || n.Use == useComputer}
	}
	return nil
}

// membership is what a server says about the domain it belongs to.
type membership struct {
	// known is false when the server did not say.
	known bool
	name  string
	sid   access.SID // empty: in no domain
}

// primaryDomain asks which domain the server is a member of,
// LsarQueryInformationPolicy, MS-LSAD 3.1.4.4.4: Samba lacks the newer call.
func primaryDomain(ctx context.Context, s Server) (membership, error) {
	p, err := dial(ctx, s, "lsarpc")
	if err != nil {
		return membership{}, err
	}
	defer p.close()
	cli, err := lsad.NewLsarpcClient(p.ctx, p.conn, dcerpc.WithInsecure())
	if err != nil {
		return membership{}, ctxErr(ctx, err)
	}
	const viewLocal = 0x1 // POLICY_VIEW_LOCAL_INFORMATION
	pol, err := cli.OpenPolicy2(p.ctx, &lsad.OpenPolicy2Request{ObjectAttributes: &lsad.ObjectAttributes{}, DesiredAccess: viewLocal})
	if err != nil {
		return membership{}, ctxErr(ctx, err)
	}
	r, err := cli.QueryInformationPolicy(p.ctx, &lsad.QueryInformationPolicyRequest{Policy: pol.Policy,
		InformationClass: lsad.PolicyInformationClassPrimaryDomainInformation})
	if err != nil {
		return membership{}, ctxErr(ctx, err)
	}
	if r.PolicyInformation == nil {
		return membership{}, errNoAnswer
	}
	v, ok := r.PolicyInformation.Value.(*lsad.PolicyInformation_PolicyPrimaryDomainInfo)
	if !ok || v.PolicyPrimaryDomainInfo == nil {
		return membership{}, errNoAnswer
	}
	m := membership{known: true, name: text(v.PolicyPrimaryDomainInfo.Name)}
	if v.PolicyPrimaryDomainInfo.SID != nil {
		if m.sid, err = toSID(v.PolicyPrimaryDomainInfo.SID); err != nil {
			return membership{}, err
		}
	}
	return m, nil
}

func text(u *dtyp.UnicodeString) string {
	if u == nil {
		return ""
	}
	return strings.TrimRight(u.Buffer, "\x00")
}
