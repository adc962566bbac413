// Package grade decides how sensitive a document is, of what it treats and how
// many people it concerns, from identity numbers, markers and the text. It is
// pure: no file, no network, no clock but the one it is given.
//
// A document is a case when three things meet: a subject (markers and everyday
// words of a category), people (numbers, names, family) and signs that it is
// one case and not a text about cases (verbs, dates, decisions; no guidance,
// news, blank form, training or test data). Each is counted over the best
// window of the text and weighed by a linear model whose weights are data
// (model.json, written by the command in folder train from labelled texts).
// What weighed most is told in the result's reasons. Rules that law or harm
// dictate stand beside the model: protected identity with an address, lists of
// many people, blank forms, invented people, and the short documents of fields
// and set phrases that case systems print (formula.go). The number of a person
// makes any text at least internal.
//
// Nobody uses the words that another writer uses. So beside the vocabulary there
// is evidence that needs no list of subjects: verbs by their endings (tense.go),
// where and when something happened, parts of a body and of a home; and weights
// are learned from texts of which a part of the words is unknown (Thinned).
// Scans that are full of broken words are mended before the search (repair.go).
//
// How well it does is measured by package engine's Evaluate, on writers whose
// texts the weights never saw; the fitted figure says nothing. What it still
// misses most are reports of wrongdoing about somebody without a name, and notes
// of which every word is new; what it takes for cases are stories, news and
// guidance that tell of people as a case does, and anonymised judgments.
//
// Start reading at Grader.Grade.
package grade
