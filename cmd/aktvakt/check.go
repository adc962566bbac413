package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"aktvakt/scanner/access"
	"aktvakt/scanner/config"
)

// Results of one check.
const (
	// good: it works.
	good = "ok"
	// limited: a scan will be complete, but some verdicts are unknown or some
	// documents unread. The operator may want it so.
	limited = "limited"
	// missing: a scan will be incomplete or cannot start.
	missing = "missing"
	// untried: it hangs on something that is missing.
	untried = "untried"
)

// proof is the outcome of one check. It names no file and holds no secret.
type proof struct {
	Where  string `json:"where"`
	Check  string `json:"check"`
	Result string `json:"result"`
	Detail string `json:"detail,omitempty"`
	// Grant is what to do about it.
	Grant string `json:"grant,omitempty"`
}

// prover tries everything that a scan with a configuration will need.
type prover struct {
	cfg   config.Config
	out   []proof
	where string
	// domains is what the directories told.
	domains *access.Directory
	// refused holds the accounts that a server or directory refused, with the
	// secret they came with. They are not tried again: every try counts
	// towards locking the account out.
	refused map[string]bool
}

// prove runs all checks.
func prove(ctx context.Context, cfg config.Config) []proof {
	p := &prover{cfg: cfg, refused: map[string]bool{}}
	p.secrets()
	for _, d := range cfg.Directories {
		p.directory(ctx, d)
	}
	for _, t := range cfg.Targets {
		p.target(ctx, t)
	}
	p.report()
	p.state()
	p.ocr(ctx)
	p.notify(ctx)
	return p.out
}

func (p *prover) add(check, result, detail, grant string) {
	p.out = append(p.out, proof{p.where, check, result, detail, grant})
}

func (p *prover) ok(check, format string, args ...any) {
	p.add(check, good, fmt.Sprintf(format, args...), "")
}

// untried says that checks were left out.
func (p *prover) untried(checks ...string) {
	for _, c := range checks {
		p.add(c, untried, "", "")
	}
}

// fail adds a missing thing with the advice that its error bears, or with
// grant where it bears none.
func (p *prover) fail(check string, err error, grant string) {
	what := err.Error()
	var u *usageError
	var h *hinted
	var advice interface{ Hint() string }
	switch {
	case errors.As(err, &u):
		what, grant = u.what, cmp.Or(u.hint, grant)
	case errors.As(err, &advice):
		grant = cmp.Or(advice.Hint(), grant)
	case errors.As(err, &h):
		grant = cmp.Or(h.hint, grant)
	}
	p.add(check, missing, strings.TrimPrefix(what, p.where+": "), grant)
}

// mayTry tells whether an account was not refused before; use refuse for one
// that was.
func (p *prover) mayTry(user, secret string) bool { return !p.refused[accountKey(user, secret)] }

func (p *prover) refuse(user, secret string) { p.refused[accountKey(user, secret)] = true }

// accountKey is the same for the ways of writing an account.
func accountKey(user, secret string) string {
	_, name := splitUser(user)
	return strings.ToLower(name) + "\x00" + secret
}

// verdict is the error of the whole, nil where nothing is missing.
func verdict(all []proof) error {
	n := 0
	for _, x := range all {
		if x.Result == missing {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%w: %d of %d checks found something missing", errNotReady, n, len(all))
}

// printProofs writes the table and what there is to do.
func printProofs(w io.Writer, all []proof) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RESULT\tWHERE\tCHECK\tDETAIL")
	where := ""
	for _, x := range all {
		at := x.Where
		if at == where {
			at = ""
		}
		where = x.Where
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", x.Result, at, x.Check, oneLine(x.Detail))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	var todo []string
	for _, result := range []string{missing, limited} {
		for _, x := range all {
			line := fmt.Sprintf("%s, %s: %s", x.Where, x.Check, x.Grant)
			if x.Result == result && x.Grant != "" && !slices.Contains(todo, line) {
				todo = append(todo, line)
			}
		}
	}
	if len(todo) > 0 {
		fmt.Fprintln(w, "\nTo do:")
	}
	for i, line := range todo {
		fmt.Fprintf(w, "%3d. %s\n", i+1, line)
	}
	return nil
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// printProofLines writes JSON Lines.
func printProofLines(w io.Writer, all []proof) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, x := range all {
		if err := enc.Encode(struct {
			Type string `json:"type"`
			proof
		}{"check", x}); err != nil {
			return err
		}
	}
	return nil
}
