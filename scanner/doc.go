// Package scanner walks targets, reads every document, and reports those that
// more people can read than their content allows. It is the pipeline that
// joins the rooms of the house; each room owns one decision:
//
//	source     where documents lie: lists and opens, never walks or judges
//	extract    what text a document holds, within hard budgets
//	detectors  (beside this folder) what personal data a text holds and how
//	           sensitive it is; knows nothing of files or networks
//	access     who can really read it
//	judge      is that too many, how grave, which change would cure it
//	finding    what all of them talk about: findings, incidents, skips
//	state      what earlier nights saw
//	report     the result, in every form
//	config     what the operator wants
//
// Data goes one way: source -> extract -> detect -> grade -> judge -> sink.
// The raw identity number ends at the grader; nothing after it holds more
// than masked forms and keyed HMACs. The direction of imports is kept by
// TestLayers.
//
// Three promises hold everywhere. A skip is output: every entry that was
// listed ends as scanned, unchanged or skipped with stage and reason, and the
// counts add up. Unknown is never fine: what could not be read makes a verdict
// unknown. Nothing that is scanned is ever changed.
//
// Start reading at Run in run.go, then walk.go and document.go.
package scanner
