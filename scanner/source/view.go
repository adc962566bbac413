package source

import (
	"context"
	"iter"
)

// Viewer is a source that can be looked at as somebody else, to find out who
// can read where no access rules are told. Find it through wrappers with As.
type Viewer interface {
	// Views are the accounts that the source can be looked at as, in the order
	// in which Look numbers them.
	Views() []View
	// Ready proves that a view still works, such as that its account is logged
	// on: a view that sees nothing at all must not pass for one that is let in
	// nowhere.
	Ready(ctx context.Context, view int) error
	// Frame is a page that shows what all pages of the portal have around their
	// content, nil where there is none.
	Frame(ctx context.Context) []byte
	// Look fetches an entry anew as a view, from every address at which its
	// content was met; Own is the source's own account.
	Look(ctx context.Context, e Entry, view int) iter.Seq[Sight]
}

// Own is the view of the source's own account.
const Own = -1

// View is an account that stands for an audience.
type View struct {
	// Name is the audience, such as "all staff".
	Name string
	// People is how many they are.
	People int
	// Anonymous tells that it is whoever reaches the server, without log-in.
	Anonymous bool
}

// Seen is what a view is shown.
type Seen uint8

// What a view can be shown.
const (
	// Unclear: the server failed or did not answer; nothing is known.
	Unclear Seen = iota
	// Shown: a document; whether it is the one in question is for the caller to
	// compare.
	Shown
	// LogonPage: a log-in page in place of the document.
	LogonPage
	// Refused: 401, 403, or a page that says so.
	Refused
	// Missing: 404; many portals say so of what they do not show.
	Missing
)

func (s Seen) String() string {
	return [...]string{"no answer", "a document", "a log-in page", "refused", "not found"}[s]
}

// Sight is what one look met.
type Sight struct {
	Seen Seen
	// Address is the full name of where it was met.
	Address string
	// Body is the document where something was shown, also with a log-in page,
	// which may be a part of a page that shows the document. Beyond a bound it
	// is cut; Length is then still that of the document, -1 where not told.
	Body   []byte
	Length int64
	// Why is Seen in words where it is not Shown.
	Why string
}
