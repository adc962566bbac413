package fit

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed own.txt
var own string

// Own returns the labelled texts that were written for this project; their
// writer is "own".
func Own() ([]Label, [][]byte, error) { return Parse("own", own) }

// Parse reads labelled texts in the format of own.txt: each begins with a line
// of name, sensitivity, categories, persons and minors. writer is that of all.
func Parse(writer, data string) ([]Label, [][]byte, error) {
	var labels []Label
	var texts [][]byte
	for _, part := range strings.Split("\n"+data, "\n== ")[1:] {
		head, text, _ := strings.Cut(part, "\n")
		f := strings.Split(head, "|")
		if len(f) != 5 {
			return nil, nil, fmt.Errorf("%s: %q is no heading", writer, head)
		}
		for i := range f {
			f[i] = strings.TrimSpace(f[i])
		}
		l := Label{File: f[0], Writer: writer, Sensitivity: f[1], Graded: true}
		l.Language, _, _ = strings.Cut(f[0], "-")
		for _, c := range strings.Split(f[2], ",") {
			if c = strings.TrimSpace(c); c != "" {
				l.Categories = append(l.Categories, c)
			}
		}
		var err1, err2 error
		l.Persons, err1 = strconv.Atoi(f[3])
		l.Minors, err2 = strconv.Atoi(f[4])
		if err1 != nil || err2 != nil {
			return nil, nil, fmt.Errorf("%s: %q: persons and minors are numbers", writer, head)
		}
		labels, texts = append(labels, l), append(texts, []byte(text))
	}
	return labels, texts, nil
}
