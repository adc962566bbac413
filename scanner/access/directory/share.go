package directory

import (
	"context"

	"github.com/oiweiwei/go-msrpc/dcerpc"
	"github.com/oiweiwei/go-msrpc/msrpc/srvs/srvsvc/v3"

	"aktvakt/scanner/access"
)

// shareRules asks for the access rules of a share: NetrShareGetInfo level 502,
// MS-SRVS 3.1.4.10. Windows gives them to administrators only; Known is false
// then, and the error says why. Empty rules are returned as they came.
func shareRules(ctx context.Context, s Server) (access.Share, error) {
	p, err := dial(ctx, s, "srvsvc")
	if err != nil {
		return access.Share{}, err
	}
	defer p.close()
	cli, err := srvsvc.NewSrvsvcClient(p.ctx, p.conn, dcerpc.WithInsecure())
	if err != nil {
		return access.Share{}, ctxErr(ctx, err)
	}
	r, err := cli.ShareGetInfo(p.ctx, &srvsvc.ShareGetInfoRequest{ServerName: s.Host, NetName: s.Share, Level: 502})
	if err != nil {
		return access.Share{}, ctxErr(ctx, err)
	}
	if r.Info == nil {
		return access.Share{}, errNoAnswer
	}
	info, ok := r.Info.Value.(*srvsvc.ShareInfo_502)
	if !ok || info.ShareInfo502 == nil {
		return access.Share{}, errNoAnswer
	}
	return access.Share{Known: true, Raw: info.ShareInfo502.SecurityDescriptor}, nil
}
