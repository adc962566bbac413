package directory

// InRanges makes LDAP ask for member lists in parts of n.
func InRanges(s LDAPServer, n int) LDAPServer {
	s.firstRange = n
	return s
}

// SAM is the directory of one server's own accounts.
var SAM = samDirectory
