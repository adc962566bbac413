// Package marker finds the words of social cases: names of documents,
// headings, fields, roles, references to law, case numbers and stamps, and the
// counter-markers that tell a text about cases from a case.
//
// The catalogue is data: one YAML file per language in the folder catalogue,
// embedded. A municipality adds its own file of the same form (Parse, New).
// The package never decides how sensitive a document is; that is package
// grade's.
//
// Start reading at Matcher.Find. The form of a catalogue:
//
//	version: 1
//	categories:                 # only for new categories
//	  my-category: {label: What people call it, floor: sensitive}
//	markers:
//	- id: my-0001               # unique
//	  lang: sv                  # or once for the file
//	  category: child-protection
//	  kind: doctype             # see Kinds
//	  weight: medium            # strong, medium or weak
//	  term: orosanmälan         # what reports call it
//	  match: prefix             # word (default), prefix or regex
//	  stem: orosanmäl           # for prefix: any letters may follow
//	  forms: [anmälan om oro]   # matched whole; the default is the term
//	  pattern: 'SN ?\d{4}'       # for regex: RE2, run around its fixed texts
//	  near: [diagnos]           # or around these, within 60 bytes
//	  case_sensitive: true      # for all forms
//	  promote: title            # title, heading, lawref or stamp
//	  from: 2025-07-01          # a reference to law holds from this day
//	  until: 2025-06-30         # and up to this one
//
// Matching folds case, collapses white space (so that a form may run over a
// line break), drops soft hyphens, joins words divided at a line end, reads
// combining accents and letter-spaced words, and takes Unicode letters and
// digits as parts of words; the regexp package's \b knows ASCII only. Forms of
// up to five letters that are all capitals (LVU, SIP, TR) match in capitals
// only. A form may carry the inflections of its language.
package marker
