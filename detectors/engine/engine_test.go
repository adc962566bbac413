package engine

import (
	"testing"
	"time"

	"aktvakt/detectors"
)

var testNow = time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)

func newEngine(t testing.TB, o detectors.Options) *Engine {
	t.Helper()
	if o.Now.IsZero() {
		o.Now = testNow
	}
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

const orosanmalan = `Orosanmälan

Barn: Tindra Skoglycke, 20150404-2381
Vårdnadshavare: Malin Skoglycke

Tindra har berättat för skolsköterskan att mamma inte vaknar på morgonen och att hon själv lämnar
lillebror på förskolan. Hon hade blåmärken på armen och grät. Skolan misstänker missbruk.
Socialnämnden beslutade den 12 mars 2025 att inleda utredning.
`

func TestInspect(t *testing.T) {
	e := newEngine(t, detectors.Options{CountTestNumbers: true})
	r := e.Inspect(detectors.Text{Body: []byte(orosanmalan)})
	if r.Grade != detectors.HighlySensitive {
		t.Errorf("grade %q, want highly-sensitive; reasons %v", r.Grade, r.Reasons)
	}
	if len(r.Matches) != 1 || r.Matches[0].Detector != "se-personnummer" {
		t.Errorf("matches %v", r.Matches)
	}
	if len(r.Markers) == 0 || r.Markers[0].Term != "orosanmälan" {
		t.Errorf("markers %v", r.Markers)
	}
}
