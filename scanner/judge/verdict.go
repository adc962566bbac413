package judge

import (
	"slices"
	"strings"

	"aktvakt/scanner/access"
	"aktvakt/scanner/finding"
)

// decision is a verdict and what it rests on.
type decision struct {
	verdict finding.Verdict
	// allowed is the largest audience by the policy, beyond how many surely
	// are more; allowed is 0 where no number is the limit.
	allowed, beyond int
	cause           cause
}

// cause is why a verdict is what it is.
type cause uint8

const (
	within     cause = iota // the audience is within the limit
	noAudience              // the access rules could not be read
	interval                // the limit lies between the sure and the possible audience
	unresolved              // a rule names somebody that no directory knows
	tooMany                 // more people than the limit
	wideGroup               // a wide group may not read such a document
	anonymous               // guests or anonymous sessions may not
	unexpected              // people beyond the groups expected at this path
)

// decide holds an audience against the policy. An incomplete audience decides
// only where both ends of its interval say the same and the upper one is a
// true bound: the SID of a deleted account in a domain that is wholly known
// lets nobody in, one of a domain that nobody could read may let in anybody.
func (j *Judge) decide(e Evidence) decision {
	grade := finding.Grade(e.Content.Grade)
	if grade != finding.Internal && grade != finding.Sensitive && grade != finding.HighlySensitive {
		return decision{verdict: finding.Allowed}
	}
	rule := j.policy.rule(grade)
	a := e.Audience
	if a == nil {
		return decision{verdict: finding.Unknown, allowed: shown(rule.limit(0)), cause: noAudience}
	}
	if p := j.policy.pathRule(e.Path); p != nil && grade != finding.Internal {
		return decidePath(*p, a)
	}
	return decideRule(rule, a)
}

func decideRule(rule Rule, a *access.Audience) decision {
	limit := rule.limit(a.Staff)
	d := decision{verdict: finding.TooWide, allowed: shown(limit), beyond: max(0, a.People-limit)}
	switch {
	case rule.Anonymous != Allow && letsAnonymousIn(a):
		d.cause = anonymous
		if limit == unlimited {
			d.beyond = max(0, a.People-a.Staff)
		}
	case rule.WideGroups != Allow && wide(a):
		d.cause = wideGroup
		if limit == unlimited {
			d.beyond = a.People
		}
	case a.People > limit:
		d.cause = tooMany
	case a.PeopleMax > limit:
		d.verdict, d.cause = finding.Unknown, interval
	case a.NoBound && !a.Complete && (limit != unlimited || rule.WideGroups != Allow):
		d.verdict, d.cause = finding.Unknown, unresolved
	default:
		d.verdict, d.cause = finding.Allowed, within
	}
	return d
}

// wide reports whether a wide group really lets the many in. Where every
// account is known, a wide group of which denying rules leave but a few is as
// narrow as those few. A group that lets in no people but still somebody, such
// as Domain Computers, is wide by its name.
func wide(a *access.Audience) bool {
	if len(a.Wide) == 0 {
		return false
	}
	if !a.Complete || a.NullDACL || 2*max(a.People, a.PeopleMax) > a.Staff {
		return true
	}
	for _, v := range a.Via {
		if v.People == 0 && v.ACE != "deny" && slices.Contains(a.Wide, v.Name) {
			return true
		}
	}
	return false
}

// decidePath counts who is let in by rules that the path does not expect.
// Members of several groups are not known here, so the count is an interval:
// at least those that the expected rules cannot account for, at most those
// that the other rules let in.
func decidePath(p PathRule, a *access.Audience) decision {
	expected, others, wide := 0, 0, false
	for _, v := range a.Via {
		if v.ACE == "deny" {
			continue
		}
		if p.expects(v.Name, v.SID) {
			expected += v.People
		} else {
			others += v.People
			wide = wide || slices.Contains(a.Wide, v.Name)
		}
	}
	for _, w := range a.Wide {
		wide = wide || !p.expects(w, sidOf(a.Via, w))
	}
	least := max(0, a.People-expected)
	most := min(max(a.People, a.PeopleMax), others+max(0, a.PeopleMax-a.People))
	d := decision{
		verdict: finding.TooWide, cause: unexpected,
		allowed: a.People - least + p.MaxBeyond, beyond: max(0, least-p.MaxBeyond),
	}
	switch {
	case a.NullDACL || wide || least > p.MaxBeyond:
	case most > p.MaxBeyond:
		d.verdict, d.cause = finding.Unknown, interval
	case a.NoBound && !a.Complete:
		d.verdict, d.cause = finding.Unknown, unresolved
	default:
		d.verdict, d.cause = finding.Allowed, within
	}
	return d
}

func sidOf(via []finding.Via, name string) string {
	for _, v := range via {
		if v.Name == name {
			return v.SID
		}
	}
	return ""
}

// letsAnonymousIn reports whether sessions without an account of their own can
// read. AccessCheck against a NULL DACL succeeds for every token, that of an
// anonymous session included (MS-DTYP 2.5.3.2); where the share's ACL narrows
// it again, no wide group is left.
func letsAnonymousIn(a *access.Audience) bool {
	if a.NullDACL && len(a.Wide) > 0 {
		return true
	}
	for _, v := range a.Via {
		if v.ACE != "deny" && isAnonymous(v.SID) {
			return true
		}
	}
	for _, w := range a.Wide {
		if isAnonymous(sidOf(a.Via, w)) || isAnonymousName(w) {
			return true
		}
	}
	return false
}

// isAnonymous reports whether a SID stands for anonymous sessions or guests:
// ANONYMOUS LOGON, BUILTIN\Guests, a domain's Guest account and Domain Guests,
// https://learn.microsoft.com/windows-server/identity/ad-ds/manage/understand-security-identifiers
func isAnonymous(sid string) bool {
	switch sid {
	case "S-1-5-7", "S-1-5-32-546":
		return true
	}
	return strings.HasPrefix(sid, "S-1-5-21-") &&
		(strings.HasSuffix(sid, "-501") || strings.HasSuffix(sid, "-514"))
}

// isAnonymousName serves where only a name is known.
func isAnonymousName(name string) bool {
	if i := strings.LastIndexByte(name, '\\'); i >= 0 {
		name = name[i+1:]
	}
	switch strings.ToLower(name) {
	case "anonymous logon", "guests", "domain guests", "guest":
		return true
	}
	return false
}

// shown is a limit as a report says it: 0 where there is none.
func shown(limit int) int {
	if limit == unlimited {
		return 0
	}
	return limit
}
