// Package list names the extractors, in the order in which they are asked. To
// add a format, write a package beside the others that passes the suite in
// extracttest, and add its line here.
package list

import (
	"aktvakt/scanner/extract"
	"aktvakt/scanner/extract/archive"
	"aktvakt/scanner/extract/carve"
	"aktvakt/scanner/extract/html"
	"aktvakt/scanner/extract/mail"
	"aktvakt/scanner/extract/odf"
	"aktvakt/scanner/extract/ole"
	"aktvakt/scanner/extract/ooxml"
	"aktvakt/scanner/extract/plain"
	"aktvakt/scanner/extract/pst"
	"aktvakt/scanner/extract/rtf"
	"aktvakt/scanner/extract/tnef"
	"aktvakt/scanner/extract/xmldoc"
)

// All returns the extractors that need no set-up. Those that do (PDF, OCR)
// come before them.
func All() []extract.Extractor {
	return []extract.Extractor{
		odf.New(),
		ooxml.New(),
		archive.New(), // after ooxml: it wants every zip
		mail.New(),    // before html: a saved page is mail
		html.New(),
		ole.New(),
		pst.New(),
		tnef.New(),
		rtf.New(),
		xmldoc.New(),
		carve.New(), // after the readers of binary formats
		plain.New(), // last: it wants all that looks like text
	}
}
