package access_test

import (
	"testing"

	"aktvakt/scanner/access"
	"aktvakt/scanner/finding"
)

func TestSentence(t *testing.T) {
	for _, tt := range []struct {
		a    access.Audience
		want string
	}{
		{access.Audience{Complete: true, Staff: 90}, "No ordinary account can read it."},
		{access.Audience{Complete: true, NullDACL: true, People: 90, PeopleMax: 90, Staff: 90, Wide: []string{"Everyone"}},
			"There are no access rules at all, so everyone can read and change it."},
		{access.Audience{Complete: true, People: 1, PeopleMax: 1, Staff: 90, Administrators: 1, Via: []finding.Via{{Name: `LAB\hr`}}},
			`1 person of 90 can read it, most of them through LAB\hr; 1 administrator or service account can as well.`},
		{access.Audience{People: 3, PeopleMax: 90, Staff: 90, CouldObtain: 2, Wide: []string{"Everyone", `BUILTIN\Users`}},
			`Between 3 and 90 people of 90 can read it, through Everyone and BUILTIN\Users; 2 more could give themselves the right.`},
		{access.Audience{People: 3, PeopleMax: 3, Staff: 3, NoBound: true}, "At least 3 people can read it, and how many more is not known."},
	} {
		if got := tt.a.Sentence(); got != tt.want {
			t.Errorf("got  %q\nwant %q", got, tt.want)
		}
	}
}
