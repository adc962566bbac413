package directory

import "context"

// InRanges makes LDAP ask for member lists in parts of n.
func InRanges(s LDAPServer, n int) LDAPServer {
	s.firstRange = n
	return s
}

// SAM is the directory of one server's own accounts.
var SAM = samDirectory

// ShareRules are the access rules of a share as the server sends them.
func ShareRules(s Server) ([]byte, error) {
	sh, err := shareRules(context.Background(), s)
	return sh.Raw, err
}
