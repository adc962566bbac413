package judge

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"aktvakt/scanner/finding"
)

// Choice is allow or deny; empty is deny.
type Choice string

// Choices.
const (
	Allow Choice = "allow"
	Deny  Choice = "deny"
)

// Policy says how many may read a document of each grade.
type Policy struct {
	Internal        Rule `yaml:"internal,omitempty" json:"internal,omitempty" jsonschema:"description=Documents that name people but tell no case."`
	Sensitive       Rule `yaml:"sensitive,omitempty" json:"sensitive,omitempty" jsonschema:"description=Cases of personnel, debt, health, school support and the like."`
	HighlySensitive Rule `yaml:"highly-sensitive,omitempty" json:"highly-sensitive,omitempty" jsonschema:"description=Child protection, violence, addiction, protected identity and the like."`
	// Paths are exceptions; the last one that matches a document holds.
	Paths []PathRule `yaml:"paths,omitempty" json:"paths,omitempty" jsonschema:"description=Folders with an audience of their own. The last match holds."`
}

// Rule bounds the audience of one grade.
type Rule struct {
	// MaxPeople is the largest audience; 0 is no limit.
	MaxPeople int `yaml:"max_people,omitempty" json:"max_people,omitempty" jsonschema:"minimum=0,description=The largest audience; 0 is no limit."`
	// MaxShareOfStaff is the largest audience as a share of staff; 0 is no
	// limit. The smaller of the two limits holds.
	MaxShareOfStaff float64 `yaml:"max_share_of_staff,omitempty" json:"max_share_of_staff,omitempty" jsonschema:"minimum=0,maximum=1,description=The largest audience as a share of staff; 0 is no limit."`
	// ShareFloor is the number of people below which MaxShareOfStaff never
	// pushes the limit: in a directory of 60 accounts 5 % would be three.
	ShareFloor int `yaml:"share_floor,omitempty" json:"share_floor,omitempty" jsonschema:"minimum=0,description=max_share_of_staff never pushes the limit below this many people."`
	// WideGroups tells whether groups such as Everyone may read.
	WideGroups Choice `yaml:"wide_groups,omitempty" json:"wide_groups,omitempty" jsonschema:"enum=allow,enum=deny,description=Whether groups such as Everyone or Domain Users may read."`
	// Anonymous tells whether guests and anonymous sessions may read.
	Anonymous Choice `yaml:"anonymous,omitempty" json:"anonymous,omitempty" jsonschema:"enum=allow,enum=deny,description=Whether guests and anonymous sessions may read; default deny."`
}

// PathRule names who is expected to read what lies under a path. For
// sensitive documents it takes the place of the grade's limits.
type PathRule struct {
	// Path is a full name (everything below it included) or a glob over full
	// names in which ** spans folders. Case does not count.
	Path string `yaml:"path" json:"path" jsonschema:"required,description=A folder (all below it included) or a glob; ** spans folders."`
	// Expect are the groups and accounts that may read: names with or without
	// their domain, or SIDs.
	Expect []string `yaml:"expect" json:"expect" jsonschema:"required,minItems=1,description=Groups and accounts that may read: names or SIDs."`
	// MaxBeyond is how many others may.
	MaxBeyond int `yaml:"max_beyond,omitempty" json:"max_beyond,omitempty" jsonschema:"minimum=0,description=How many others may read; default none."`
}

// DefaultPolicy returns the policy of an organisation that has stated none:
// internal documents are for all staff but not for guests, sensitive ones for
// 50 people and 5 % of staff, highly sensitive ones for 15 people, the last
// two never for a wide group.
func DefaultPolicy() Policy {
	return Policy{
		Internal:        Rule{MaxShareOfStaff: 1, WideGroups: Allow},
		Sensitive:       Rule{MaxPeople: 50, MaxShareOfStaff: 0.05, ShareFloor: 15, WideGroups: Deny},
		HighlySensitive: Rule{MaxPeople: 15, WideGroups: Deny},
	}
}

// Validate returns all faults of the policy, joined.
func (p Policy) Validate() error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for _, g := range []finding.Grade{finding.Internal, finding.Sensitive, finding.HighlySensitive} {
		r := p.rule(g)
		if r.MaxPeople < 0 {
			fault("%s: max_people must not be negative", g)
		}
		if !(r.MaxShareOfStaff >= 0 && r.MaxShareOfStaff <= 1) { // also NaN
			fault("%s: max_share_of_staff must be from 0 to 1 (0.05 is 5 %%)", g)
		}
		if r.ShareFloor < 0 {
			fault("%s: share_floor must not be negative", g)
		}
		for _, c := range []struct {
			key string
			v   Choice
		}{{"wide_groups", r.WideGroups}, {"anonymous", r.Anonymous}} {
			if c.v != "" && c.v != Allow && c.v != Deny {
				fault("%s: %s must be allow or deny, not %q", g, c.key, string(c.v))
			}
		}
	}
	for i, r := range p.Paths {
		if r.Path == "" {
			fault("paths[%d]: path is missing", i)
		} else if !doublestar.ValidatePattern(r.Path) {
			fault("paths[%d]: %q is not a valid glob", i, r.Path)
		}
		if len(r.Expect) == 0 {
			fault("paths[%d]: expect must name at least one group or account", i)
		}
		for _, e := range r.Expect {
			if strings.TrimSpace(e) == "" {
				fault("paths[%d]: expect holds an empty name", i)
			}
		}
		if r.MaxBeyond < 0 {
			fault("paths[%d]: max_beyond must not be negative", i)
		}
	}
	return errors.Join(errs...)
}

// rule returns the rule of a grade; the zero rule for none.
func (p Policy) rule(g finding.Grade) Rule {
	switch g {
	case finding.Internal:
		return p.Internal
	case finding.Sensitive:
		return p.Sensitive
	case finding.HighlySensitive:
		return p.HighlySensitive
	}
	return Rule{}
}

// pathRule returns the last rule that matches the full name, or nil.
func (p Policy) pathRule(name string) *PathRule {
	for i := len(p.Paths) - 1; i >= 0; i-- {
		if p.Paths[i].matches(name) {
			return &p.Paths[i]
		}
	}
	return nil
}

func (r PathRule) matches(name string) bool {
	pat := strings.ToLower(strings.TrimSuffix(r.Path, "/"))
	name = strings.ToLower(name)
	if !strings.ContainsAny(pat, `*?[{\`) {
		return name == pat || strings.HasPrefix(name, pat+"/")
	}
	ok, err := doublestar.Match(pat, name)
	return err == nil && ok
}

// expects reports whether the account or group is one of those expected. A
// name without a domain stands for that name in any domain.
func (r PathRule) expects(name, sid string) bool {
	bare := name
	if i := strings.LastIndexByte(name, '\\'); i >= 0 {
		bare = name[i+1:]
	}
	for _, e := range r.Expect {
		if strings.EqualFold(e, name) || sid != "" && strings.EqualFold(e, sid) ||
			!strings.ContainsRune(e, '\\') && strings.EqualFold(e, bare) {
			return true
		}
	}
	return false
}

// unlimited is the limit of a rule that states none.
const unlimited = math.MaxInt

// limit returns the largest audience that the rule allows. staff is 0 where
// the directory could not be counted.
func (r Rule) limit(staff int) int {
	n := unlimited
	if r.MaxPeople > 0 {
		n = r.MaxPeople
	}
	// All of the staff is not a limit: the directory also holds accounts that
	// came after it was counted.
	if r.MaxShareOfStaff > 0 && r.MaxShareOfStaff < 1 && staff > 0 {
		n = min(n, max(int(r.MaxShareOfStaff*float64(staff)), r.ShareFloor))
	}
	return n
}
