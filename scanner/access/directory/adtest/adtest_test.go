package adtest_test

import (
	"net"
	"testing"
	"time"

	"aktvakt/scanner/access/directory/adtest"
)

func TestLab(t *testing.T) {
	l := adtest.Start(t, adtest.Config{Extra: 20})
	for _, addr := range []string{l.DC + ":636", l.DC + ":88", l.FS + ":445"} {
		c, err := net.DialTimeout("tcp", addr, 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
	if l.SID("u00") == "" || l.SID("e000019") == "" {
		t.Error("accounts are missing")
	}
}
