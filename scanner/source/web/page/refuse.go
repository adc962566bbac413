package page

import (
	"bytes"
	"net/url"
	"strings"
)

// refusals are how portals say no, in the languages of the Nordic countries and
// in English.
var refusals = []string{
	"access denied", "access is denied", "not authorized", "not authorised", "permission denied", "you do not have permission", "you don't have permission",
	"don't have access", "do not have access", "unauthorized", "forbidden", "page not found", "document not found", "could not be found",
	"åtkomst nekad", "åtkomst nekas", "saknar behörighet", "inte behörighet", "ej behörig", "inte behörig", "saknar rättighet", "inte åtkomst", "sidan finns inte", "sidan kunde inte hittas", "dokumentet finns inte",
	"adgang nægtet", "ingen adgang", "ikke adgang", "ikke rettighed", "mangler rettighed", "ikke tilladelse", "siden findes ikke", "siden blev ikke fundet", "dokumentet findes ikke",
	"ingen tilgang", "ikke tilgang", "mangler tilgang", "tilgang nektet", "ikke rettigheter", "siden finnes ikke", "fant ikke siden", "dokumentet finnes ikke",
	"pääsy evätty", "pääsy kielletty", "ei käyttöoikeutta", "ei oikeutta", "ei oikeuksia", "käyttöoikeutesi eivät", "sivua ei löydy", "sivua ei löytynyt", "asiakirjaa ei löydy",
}

// mostRefusal is the length of the longest page, in bytes of text, that is
// taken for a refusal: a page that says more says something else too.
const mostRefusal = 3000

// Refuses reports whether a page does nothing but say that there is no access,
// whatever its status.
func Refuses(b []byte, at *url.URL) bool {
	p, err := Parse(bytes.NewReader(b), at)
	if err != nil {
		return false
	}
	text := p.Text()
	if len(text) > mostRefusal {
		return false
	}
	text = strings.ToLower(p.Title + " " + text)
	for _, r := range refusals {
		if strings.Contains(text, r) {
			return true
		}
	}
	return false
}
