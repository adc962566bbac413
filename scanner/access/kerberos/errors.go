package kerberos

import (
	"fmt"
	"strings"
)

// Error is what a domain said, in words for an operator.
type Error struct {
	text, hint string
	code       string
	refused    bool
}

func (e *Error) Error() string {
	if e.code == "" {
		return e.text
	}
	return fmt.Sprintf("%s (%s)", e.text, e.code)
}

// Hint says what to do; it may be empty.
func (e *Error) Hint() string { return e.hint }

// Refused tells a refusal, which is final, from a domain that cannot be
// reached.
func (e *Error) Refused() bool { return e.refused }

// replies are the error codes of RFC 4120 section 7.5.9 that operators meet.
// The library hands errors on as text alone, with the code's name in it.
var replies = []struct{ code, text, hint string }{
	{"KDC_ERR_C_PRINCIPAL_UNKNOWN", "the domain has no account {account}", "check user and realm; the keytab must be of an account that exists"},
	{"KDC_ERR_S_PRINCIPAL_UNKNOWN", "the domain has no service {service}", "name the server as the domain knows it (setspn -L FS1), or set spn"},
	{"KDC_ERR_PREAUTH_FAILED", "the key of {account} is wrong", "the password was changed after the keytab was made: make the keytab anew"},
	{"KDC_ERR_CLIENT_REVOKED", "the account {account} is disabled, expired or locked out", "enable the account"},
	{"KDC_ERR_KEY_EXPIRED", "the password of {account} has expired", "set a new password and make the keytab anew"},
	{"KDC_ERR_NAME_EXP", "the account {account} has expired", ""},
	{"KDC_ERR_POLICY", "a policy of the domain forbids {account} to log on here", "look at authentication policies and allowed hours of the account"},
	{"KDC_ERR_ETYPE_NOSUPP", "the domain accepts none of the keytab's kinds of key for {account}", "make the keytab with AES keys (ktpass /crypto AES256-SHA1), and let the account use AES"},
	{"KDC_ERR_WRONG_REALM", "{account} is not of this domain", "check the realm"},
	{"KRB_AP_ERR_SKEW", "the clocks of this machine and the domain controller differ too much", "set the clock: five minutes are the most that is allowed"},
	{"KRB_AP_ERR_TKT_EXPIRED", "the ticket of {account} has expired", "renew the credential cache (kinit) before the scan, or use a keytab"},
	{"no valid existing session", "the ticket of {account} has expired", "renew the credential cache (kinit) before the scan, or use a keytab"},
	{"TGT not found", "the credential cache of {account} holds no ticket of the domain", "fill it with kinit"},
	{"matching key not found", "the keytab holds no key of {account} of a kind that the domain wants", "make the keytab anew, with AES keys and the present key version"},
	{"AS_REP is not valid or client password/keytab incorrect", "the key of {account} is wrong", "the password was changed after the keytab was made: make the keytab anew"},
}

// explain turns an error of the library into words. service is what a ticket
// was asked for.
func (a *Account) explain(service string, err error) error {
	msg := err.Error()
	for _, r := range replies {
		if !strings.Contains(msg, r.code) {
			continue
		}
		text := strings.NewReplacer("{account}", a.Name(), "{service}", service).Replace(r.text)
		e := &Error{text: "kerberos: " + text, hint: r.hint, refused: true}
		if strings.HasPrefix(r.code, "K") {
			e.code = r.code
		}
		return e
	}
	if i := strings.Index(msg, "KDC_ERR"); i >= 0 {
		code, _, _ := strings.Cut(msg[i:], " ")
		return &Error{text: "kerberos: the domain refused " + a.Name(), code: strings.TrimRight(code, ":;"), refused: true}
	}
	return &Error{
		text: fmt.Sprintf("kerberos: no domain controller of %s answers: %s", a.realm, innermost(msg)),
		hint: "a domain controller must be reachable on port 88, by krb5_conf or by DNS (_kerberos._tcp." + strings.ToLower(a.realm) + ")",
	}
}

// innermost cuts the library's layers of an error, the cause of which stands
// last.
func innermost(msg string) string {
	if i := strings.LastIndex(msg, " < "); i >= 0 {
		msg = msg[i+3:]
	}
	msg = strings.TrimPrefix(msg, "[Root cause: ")
	const most = 300
	return strings.Join(strings.Fields(msg[:min(len(msg), most)]), " ")
}
