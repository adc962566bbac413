package ooxml_test

import (
	"strings"
	"testing"

	"aktvakt/scanner/extract"
)

// TestCorners: text in the less known places of a document.
func TestCorners(t *testing.T) {
	const n = "19900101-2385"
	part := func(name, content string) func(testing.TB) []byte {
		return func(t testing.TB) []byte { return word(t, "", name, content) }
	}
	body := func(s string) func(testing.TB) []byte {
		return func(t testing.TB) []byte { return word(t, s) }
	}
	inBook := func(name, content string) func(testing.TB) []byte {
		return func(t testing.TB) []byte { return book(t, "", name, content) }
	}
	sheet := func(after string) func(testing.TB) []byte {
		return func(t testing.TB) []byte { return book(t, "</sheetData>"+after+"<sheetData>") }
	}
	slides := func(name, content string) func(testing.TB) []byte {
		return func(t testing.TB) []byte { return pack(t, "[Content_Types].xml", "<Types/>", name, content) }
	}
	for _, c := range []struct {
		name string
		make func(testing.TB) []byte
	}{
		{"field code over two runs", body(`<w:p><w:r><w:instrText> IF 1 = 1 "199001</w:instrText></w:r><w:r><w:instrText>01-2385"</w:instrText></w:r></w:p>`)},
		{"field without quotes", body(`<w:p><w:fldSimple w:instr=" DOCVARIABLE ` + n + ` "/></w:p>`)},
		{"choice of a form's list", body(`<w:p><w:r><w:ffData><w:ddList><w:listEntry w:val="` + n + `"/></w:ddList></w:ffData></w:r></w:p>`)},
		{"title of a control", body(`<w:sdt><w:sdtPr><w:alias w:val="` + n + `"/></w:sdtPr></w:sdt>`)},
		{"value of a choice", body(`<w:sdt><w:listItem w:displayText="Anna" w:value="` + n + `"/></w:sdt>`)},
		{"property of a smart tag", body(`<w:p><w:smartTag><w:smartTagPr><w:attr w:name="a" w:val="` + n + `"/></w:smartTagPr></w:smartTag></w:p>`)},
		{"description of a table", body(`<w:tbl><w:tblPr><w:tblDescription w:val="` + n + `"/></w:tblPr></w:tbl>`)},
		{"attribute of custom data", part("customXml/item1.xml", `<barn nr="`+n+`"/>`)},
		{"name of a property", part("docProps/custom.xml", `<Properties><property name="`+n+`"><vt:i4>1</vt:i4></property></Properties>`)},
		{"subject of a mail merge", part("word/settings.xml", `<w:settings><w:mailMerge><w:mailSubject w:val="`+n+`"/></w:mailMerge></w:settings>`)},
		{"control", part("word/activeX/activeX1.xml", `<ax:ocx><ax:ocxPr ax:name="Caption" ax:value="`+n+`"/></ax:ocx>`)},
		{"chart of 2016", part("word/charts/chartEx1.xml", `<cx:chartSpace><cx:lvl><cx:pt idx="0">`+n+`</cx:pt></cx:lvl></cx:chartSpace>`)},
		{"list of another sheet", sheet(`<extLst><ext><x14:dataValidation><x14:formula1><xm:f>"` + n + `,x"</xm:f></x14:formula1></x14:dataValidation></ext></extLst>`)},
		{"format of 2010", sheet(`<extLst><ext><x14:cfRule><xm:f>"` + n + `"</xm:f></x14:cfRule></ext></extLst>`)},
		{"name of a scenario", sheet(`<scenarios><scenario name="` + n + `"/></scenarios>`)},
		{"caption of a button", inBook("xl/drawings/vmlDrawing1.vml", `<xml><v:shape><v:textbox><div><font face="Arial">`+n+`</font></div></v:textbox></v:shape></xml>`)},
		{"field of a pivot table", inBook("xl/pivotTables/pivotTable1.xml", `<pivotTableDefinition><dataFields><dataField name="`+n+`"/></dataFields></pivotTableDefinition>`)},
		{"command of a connection", inBook("xl/connections.xml", `<connections><connection><dbPr connection="x" command="SELECT '`+n+`'"/></connection></connections>`)},
		{"formula of a table", inBook("xl/tables/table1.xml", `<table><tableColumn><calculatedColumnFormula>"`+n+`"</calculatedColumnFormula></tableColumn></table>`)},
		{"sheet of another workbook", inBook("xl/externalLinks/externalLink1.xml", `<externalLink><sheetName val="`+n+`"/></externalLink>`)},
		{"name of a section", slides("ppt/presentation.xml", `<p:presentation><p14:section name="`+n+`"/></p:presentation>`)},
		{"name of a slide", slides("ppt/slides/slide1.xml", `<p:sld><p:cSld name="`+n+`"/></p:sld>`)},
		{"tag of a slide", slides("ppt/tags/tag1.xml", `<p:tagLst><p:tag name="X" val="`+n+`"/></p:tagLst>`)},
		{"tip of a link", slides("ppt/slides/slide1.xml", `<p:sld><a:hlinkClick tooltip="`+n+`"/></p:sld>`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := run(c.make(t), extract.Limits{})
			if got := strings.Count(string(doc.Text), n); got != 1 || doc.Skip != nil {
				t.Errorf("%d times in %q, skip %+v", got, doc.Text, doc.Skip)
			}
		})
	}
}

// TestNoCorners: what newer versions write beside every document is no text.
func TestNoCorners(t *testing.T) {
	doc := run(book(t, `</sheetData><extLst><ext><x14:sparkline><xm:f>Elever!A1:A9</xm:f><xm:sqref>B1</xm:sqref></x14:sparkline></ext></extLst><sheetData>`,
		"customXml/item1.xml", `<ct:schema xmlns:ct="http://schemas.microsoft.com/office/2006/metadata/contentType" ma:versionID="a1"/>`), extract.Limits{})
	if string(doc.Text) != "Elever\n" {
		t.Errorf("%q", doc.Text)
	}
}
