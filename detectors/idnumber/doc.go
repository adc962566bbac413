// Package idnumber finds Nordic identity numbers in text.
//
// One Finder knows all numbers and reads the text once. It works in two
// steps. The first (scan.go) looks at every fifth byte only: whatever way a
// number is written, a digit stands there. Around a digit it tries the ways
// in which numbers are written (shape.go) and keeps those whose date and
// check digits hold. The second step (score.go) runs only where something was
// kept: it weighs, in log-odds, the shape, the label or column header that
// owns the number (context.go, table.go), the language and kind of the text
// (language.go), and how many of the text's other numbers of the same shape
// hold compared with chance (stats.go).
//
// Each number has a file with its rule and the rule's source, such as
// se_personnummer.go. The package reads no files and no clock other than
// Options.Now.
//
// It does not decide whether a number is assigned to a person: that would
// take a register. Published test numbers are found like others and marked.
//
// Start reading at Finder.
package idnumber
