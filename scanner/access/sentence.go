package access

import (
	"fmt"
	"strings"
)

// Sentence says in one plain sentence who can read, for a person.
func (a *Audience) Sentence() string {
	var b strings.Builder
	switch {
	case a.NullDACL:
		b.WriteString("There are no access rules at all, so everyone can read and change it")
	case a.PeopleMax == 0 && a.Complete:
		b.WriteString("No ordinary account can read it")
	case a.People == a.PeopleMax && !a.NoBound:
		fmt.Fprintf(&b, "%s of %d can read it", people(a.People), a.Staff)
	case a.NoBound:
		fmt.Fprintf(&b, "At least %s can read it, and how many more is not known", people(a.People))
	default:
		fmt.Fprintf(&b, "Between %d and %d people of %d can read it", a.People, a.PeopleMax, a.Staff)
	}
	if len(a.Wide) > 0 && !a.NullDACL {
		b.WriteString(", through " + strings.Join(a.Wide, " and "))
	} else if len(a.Via) > 0 && a.PeopleMax > 0 && !a.NullDACL {
		b.WriteString(", most of them through " + a.Via[0].Name)
	}
	if a.Administrators > 0 {
		fmt.Fprintf(&b, "; %s can as well", plural(a.Administrators, "administrator or service account", "administrators or service accounts"))
	}
	if a.CouldObtain > 0 {
		fmt.Fprintf(&b, "; %d more could give themselves the right", a.CouldObtain)
	}
	b.WriteByte('.')
	return b.String()
}

func people(n int) string { return plural(n, "person", "people") }

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
