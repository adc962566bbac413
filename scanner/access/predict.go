package access

import "strings"

// Prediction is what a Resolver expects when an account opens an entry.
type Prediction uint8

const (
	// Undecided: what could not be read or judged leaves it open.
	Undecided Prediction = iota
	CannotRead
	CanRead
)

// Predict tells whether the account of this name can read an entry with these
// access rules, by itself and through its groups. Names are as in Readers, with
// or without the domain, in any case of letters. ok is false when the directory
// has no such account, or several.
func (r *Resolver) Predict(d Descriptor, name string) (p Prediction, ok bool) {
	i, ok := r.m.find(name)
	if !ok {
		return Undecided, false
	}
	_, x := r.evaluate(d)
	switch {
	case x == nil:
		return Undecided, true
	case !r.m.living.Contains(i) || !x.max.Contains(i):
		return CannotRead, true
	case x.min.Contains(i):
		return CanRead, true
	}
	return Undecided, true
}

// find finds an account by its name.
func (m *members) find(name string) (at uint32, ok bool) {
	bare := !strings.Contains(name, `\`)
	for i := range m.accounts {
		n := m.accounts[i].Name
		if strings.EqualFold(n, name) {
			return uint32(i), true
		}
		if bare && strings.EqualFold(shortName(n), name) {
			if ok {
				return 0, false
			}
			at, ok = uint32(i), true
		}
	}
	return at, ok
}
