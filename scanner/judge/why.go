package judge

import (
	"fmt"
	"strconv"
	"strings"

	"aktvakt/scanner/finding"
)

// why says a verdict in one sentence of plain English. Reports in other
// languages make their own from the fields.
func why(f finding.Finding, c cause) string {
	doc := gradeWord(f.Grade) + " document" + aboutPersons(f.Persons, f.Minors)
	readers := count(f.People, "person", "people")
	via := ""
	if len(f.Wide) > 0 {
		via = " through " + andList(f.Wide)
	} else if v := grants(f.Via); len(v) > 0 {
		via = " through " + v[0].Name
	}
	switch c {
	case noAudience:
		return fmt.Sprintf("Who can read this %s could not be worked out, so it cannot count as safe.", doc)
	case interval:
		return fmt.Sprintf("Between %s and %s can read this %s; the limit of %s lies between, so it cannot count as safe.",
			num(f.People), count(f.PeopleMax, "person", "people"), doc, num(f.Allowed))
	case unresolved:
		if len(f.Unresolved) == 0 {
			return fmt.Sprintf("%s can read this %s, and perhaps others: its access rules could not be read in full.", sentence(readers), doc)
		}
		return fmt.Sprintf("%s can read this %s, and so can whoever stands behind %s, which no directory could name.",
			sentence(readers), doc, count(len(f.Unresolved), "unresolved account or group", "unresolved accounts or groups"))
	case anonymous:
		return fmt.Sprintf("Guests or anonymous sessions can read this %s.", doc)
	case wideGroup:
		s := fmt.Sprintf("%s can read this %s%s", sentence(readers), doc, via)
		if f.Allowed > 0 {
			return s + fmt.Sprintf("; at most %s may, and no wide group.", num(f.Allowed))
		}
		return s + "; no wide group may."
	case tooMany:
		return fmt.Sprintf("%s can read this %s%s; at most %s may.", sentence(readers), doc, via, num(f.Allowed))
	case unexpected:
		if f.Beyond == 0 {
			return fmt.Sprintf("%s can read this %s, and a rule lets in others than those expected in this folder.", sentence(readers), doc)
		}
		return fmt.Sprintf("%s can read this %s, %s of them beyond those expected in this folder.",
			sentence(readers), doc, num(f.Beyond))
	}
	return fmt.Sprintf("%s can read this %s, which the policy allows.", sentence(readers), doc)
}

func gradeWord(g finding.Grade) string {
	switch g {
	case finding.HighlySensitive:
		return "highly sensitive"
	case finding.Sensitive, finding.Internal:
		return string(g)
	}
	return "ordinary"
}

func aboutPersons(persons, minors int) string {
	if persons <= 0 {
		return ""
	}
	s := " about " + count(persons, "person", "people")
	switch {
	case minors <= 0:
	case minors >= persons && persons == 1:
		s += ", a minor,"
	case minors >= persons:
		s += ", all minors,"
	default:
		s += fmt.Sprintf(", %s of them under 18,", num(minors))
	}
	return s
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return num(n) + " " + many
}

// num writes a count with thousands apart: 1,243.
func num(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func andList(s []string) string {
	if len(s) <= 1 {
		return strings.Join(s, "")
	}
	return strings.Join(s[:len(s)-1], ", ") + " and " + s[len(s)-1]
}

func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// grants returns the rules that let people in.
func grants(via []finding.Via) []finding.Via {
	out := make([]finding.Via, 0, len(via))
	for _, v := range via {
		if v.ACE != "deny" {
			out = append(out, v)
		}
	}
	return out
}
