package access

// Options are the operator's rules for counting people.
type Options struct {
	// Staff is the number of people who work here; 0 means the number of
	// living accounts in the directory.
	Staff int
	// WideShare is the share of staff above which any group counts as wide.
	// 0 means 0.5.
	WideShare float64
	// Administrators and ServiceAccounts are names or SIDs (glob patterns
	// allowed) that are counted apart.
	Administrators, ServiceAccounts []string
}

// Resolver answers who can read, for one server and share. It caches by
// descriptor and may be used by many goroutines.
type Resolver struct{}

// Folder is a folder above an entry, for Origins.
type Folder struct {
	// Name is the folder's full name.
	Name       string
	Descriptor Descriptor
}
