package pdf

import (
	"context"
	"strings"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/structs"

	"aktvakt/scanner/extract"
)

// maxAnnotations bounds the annotations of one page, maxChoices the lines of
// one list box.
const (
	maxAnnotations = 20_000
	maxChoices     = 5_000
)

// openForm prepares for form values, which PDFium looks up in a form's tree
// of fields. No action or script of the document runs.
func (d *document) openForm() {
	kind, err := d.in.FPDF_GetFormType(&requests.FPDF_GetFormType{Document: d.ref})
	if err != nil || kind.FormType == enums.FPDF_FORMTYPE_NONE {
		return
	}
	form, err := d.in.FPDFDOC_InitFormFillEnvironment(&requests.FPDFDOC_InitFormFillEnvironment{
		Document: d.ref,
		FormFillInfo: structs.FPDF_FORMFILLINFO{
			FFI_Invalidate:         func(references.FPDF_PAGE, float64, float64, float64, float64) {},
			FFI_OutputSelectedRect: func(references.FPDF_PAGE, float64, float64, float64, float64) {},
			FFI_SetCursor:          func(enums.FXCT) {},
			FFI_SetTimer:           func(int, func(int)) int { return 0 },
			FFI_KillTimer:          func(int) {},
			FFI_GetLocalTime:       func() structs.FPDF_SYSTEMTIME { return structs.FPDF_SYSTEMTIME{} },
			FFI_GetPage:            func(references.FPDF_DOCUMENT, int) *references.FPDF_PAGE { return nil },
			FFI_GetRotation:        func(references.FPDF_PAGE) enums.FPDF_PAGE_ROTATION { return 0 },
			FFI_ExecuteNamedAction: func(string) {},
		},
	})
	if err == nil {
		d.form = &form.FormHandle
	}
}

// annotations reads comments, form values and attached files of the page, and
// returns the text that it told, one line each.
func (p *page) annotations(ctx context.Context) (string, error) {
	count, err := p.in.FPDFPage_GetAnnotCount(&requests.FPDFPage_GetAnnotCount{Page: p.ref})
	if err != nil {
		return "", onlyTrap(err)
	}
	var told strings.Builder
	for i := range min(count.Count, maxAnnotations) {
		a, err := p.in.FPDFPage_GetAnnot(&requests.FPDFPage_GetAnnot{Page: p.ref, Index: i})
		if err != nil {
			if trapped(err) {
				return "", err
			}
			continue
		}
		text, err := p.annotation(ctx, a.Annotation)
		if err != nil {
			return "", err
		}
		told.WriteString(text)
		told.WriteByte('\n')
		if _, err := p.in.FPDFPage_CloseAnnot(&requests.FPDFPage_CloseAnnot{Annotation: a.Annotation}); err != nil {
			return "", onlyTrap(err)
		}
	}
	return told.String(), nil
}

func (p *page) annotation(ctx context.Context, a references.FPDF_ANNOTATION) (string, error) {
	kind, err := p.in.FPDFAnnot_GetSubtype(&requests.FPDFAnnot_GetSubtype{Annotation: a})
	if err != nil {
		return "", onlyTrap(err)
	}
	keys := []string{"T", "Subj", "Contents"}
	switch kind.Subtype {
	case enums.FPDF_ANNOT_SUBTYPE_POPUP: // repeats its parent
		return "", nil
	case enums.FPDF_ANNOT_SUBTYPE_LINK:
		keys = []string{"Contents"}
	case enums.FPDF_ANNOT_SUBTYPE_WIDGET, enums.FPDF_ANNOT_SUBTYPE_XFAWIDGET:
		p.painted = true
		return p.widget(ctx, a)
	case enums.FPDF_ANNOT_SUBTYPE_FREETEXT, enums.FPDF_ANNOT_SUBTYPE_STAMP, enums.FPDF_ANNOT_SUBTYPE_WATERMARK:
		p.painted = true
	case enums.FPDF_ANNOT_SUBTYPE_FILEATTACHMENT:
		if err := p.attachedFile(ctx, a); err != nil {
			return "", err
		}
	}
	var lines []string
	for _, key := range keys {
		v, err := p.in.FPDFAnnot_GetStringValue(&requests.FPDFAnnot_GetStringValue{Annotation: a, Key: key})
		if err != nil {
			if trapped(err) {
				return "", err
			}
			continue
		}
		if s := clean(v.Value); strings.TrimSpace(s) != "" {
			lines = append(lines, s)
		}
	}
	if rich, err := p.richText(a, lines); err != nil {
		return "", err
	} else if rich != "" {
		lines = append(lines, rich)
	}
	s := strings.Join(lines, "\n")
	return s, p.text(ctx, s, extract.Place{Page: p.number, Part: "comments"})
}

// richText returns the formatted form of a comment where it says something
// that the lines told do not.
func (p *page) richText(a references.FPDF_ANNOTATION, told []string) (string, error) {
	v, err := p.in.FPDFAnnot_GetStringValue(&requests.FPDFAnnot_GetStringValue{Annotation: a, Key: "RC"})
	if err != nil || v.Value == "" {
		return "", onlyTrap(err)
	}
	var fresh []string
	for line := range strings.SplitSeq(xmlLines(v.Value), "\n") {
		if line = strings.TrimSpace(clean(line)); line != "" && !strings.Contains(strings.Join(told, "\n"), line) {
			fresh = append(fresh, line)
		}
	}
	return strings.Join(fresh, "\n"), nil
}

// widget tells a form field once, as "name: value", so that the field's name
// serves as the label that it is on paper. It returns the value.
func (p *page) widget(ctx context.Context, a references.FPDF_ANNOTATION) (string, error) {
	f, err := p.field(a)
	if err != nil {
		return "", err
	}
	choices, err := p.choices(a)
	if err != nil {
		return "", err
	}
	if choices != "" {
		if err := p.text(ctx, choices, extract.Place{Page: p.number, Part: "form"}); err != nil {
			return "", err
		}
	}
	if strings.TrimSpace(f.value) == "" || f.value == "Off" {
		return choices, nil
	}
	told, again := p.fields[f.name]
	if again && told == f.value && f.name != "" {
		return f.value, nil
	}
	if p.fields == nil {
		p.fields = make(map[string]string)
	}
	p.fields[f.name] = f.value
	s := f.value
	switch {
	case f.label != "":
		s = f.label + ": " + s
	case f.name != "":
		s = f.name + ": " + s
	}
	return f.value, p.text(ctx, s, extract.Place{Page: p.number, Part: "form"})
}

// choices returns the lines of a list box, which the page shows as well as
// the chosen one. What a closed drop-down list could show is not told.
func (p *page) choices(a references.FPDF_ANNOTATION) (string, error) {
	if p.form == nil {
		return "", nil
	}
	kind, err := p.in.FPDFAnnot_GetFormFieldType(&requests.FPDFAnnot_GetFormFieldType{FormHandle: *p.form, Annotation: a})
	if err != nil {
		return "", onlyTrap(err)
	}
	if kind.FormFieldType != enums.FPDF_FORMFIELD_TYPE_LISTBOX {
		return "", nil
	}
	count, err := p.in.FPDFAnnot_GetOptionCount(&requests.FPDFAnnot_GetOptionCount{FormHandle: *p.form, Annotation: a})
	if err != nil {
		return "", onlyTrap(err)
	}
	var b strings.Builder
	for i := range min(count.OptionCount, maxChoices) {
		label, err := p.in.FPDFAnnot_GetOptionLabel(&requests.FPDFAnnot_GetOptionLabel{FormHandle: *p.form, Annotation: a, Index: i})
		if err != nil {
			if trapped(err) {
				return "", err
			}
			continue
		}
		b.WriteString(clean(label.OptionLabel))
		b.WriteByte('\n')
	}
	return b.String(), nil
}

// field is a form field: its name in the form, the label that readers show,
// and its value.
type field struct{ name, label, value string }

func (p *page) field(a references.FPDF_ANNOTATION) (field, error) {
	var f field
	if p.form != nil {
		v, err := p.in.FPDFAnnot_GetFormFieldValue(&requests.FPDFAnnot_GetFormFieldValue{FormHandle: *p.form, Annotation: a})
		if err == nil {
			f.value = clean(v.FormFieldValue)
		} else if trapped(err) {
			return f, err
		}
		n, err := p.in.FPDFAnnot_GetFormFieldName(&requests.FPDFAnnot_GetFormFieldName{FormHandle: *p.form, Annotation: a})
		if err == nil {
			f.name = clean(n.FormFieldName)
		} else if trapped(err) {
			return f, err
		}
		l, err := p.in.FPDFAnnot_GetFormFieldAlternateName(&requests.FPDFAnnot_GetFormFieldAlternateName{FormHandle: *p.form, Annotation: a})
		if err == nil {
			f.label = clean(l.FormFieldAlternateName)
		} else if trapped(err) {
			return f, err
		}
	}
	if f.value == "" {
		v, err := p.in.FPDFAnnot_GetStringValue(&requests.FPDFAnnot_GetStringValue{Annotation: a, Key: "V"})
		if err != nil {
			return f, onlyTrap(err)
		}
		f.value = clean(v.Value)
	}
	return f, nil
}

func (p *page) attachedFile(ctx context.Context, a references.FPDF_ANNOTATION) error {
	at, err := p.in.FPDFAnnot_GetFileAttachment(&requests.FPDFAnnot_GetFileAttachment{Document: p.document.ref, Annotation: a})
	if err != nil {
		return onlyTrap(err)
	}
	return p.attachment(ctx, at.Attachment)
}
