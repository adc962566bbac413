package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Webhook is a program that is told by HTTPS.
type Webhook struct {
	// URL begins with https://, or http:// to this machine.
	URL string
	// Secret signs the message. The receiver computes
	// HMAC-SHA-256(secret, timestamp + "." + body) and compares it with the
	// header Aktvakt-Signature ("v1=" and hex digits); the header
	// Aktvakt-Timestamp (seconds since 1970) keeps an old message from being
	// played again.
	Secret []byte
	// Client sends; nil is a client with a time limit that follows no
	// redirect, since a signed message is for one address.
	Client *http.Client
}

// attempts is how often a message is sent while the receiver is out of order.
const attempts = 3

// Send posts the message, again after a pause where the receiver is out of
// order.
func (h Webhook) Send(ctx context.Context, m Message) error {
	u, err := url.Parse(h.URL)
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	local := u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1" || u.Hostname() == "::1"
	if u.Scheme != "https" && !(u.Scheme == "http" && local) {
		return fmt.Errorf("webhook: %q is not an https address", u.Redacted())
	}
	if len(h.Secret) < 16 {
		return errors.New("webhook: the secret must have at least 16 bytes")
	}
	body, err := m.JSON()
	if err != nil {
		return fmt.Errorf("webhook: %w", err)
	}
	for try := 1; ; try++ {
		again, err := h.post(ctx, body)
		if err == nil || !again || try == attempts {
			return err
		}
		select {
		case <-time.After(time.Duration(try) * 2 * time.Second):
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
}

// post sends once; again tells that another try may do.
func (h Webhook) post(ctx context.Context, body []byte) (again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return false, fmt.Errorf("webhook: %w", err)
	}
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "aktvakt")
	req.Header.Set("Aktvakt-Timestamp", stamp)
	req.Header.Set("Aktvakt-Signature", "v1="+h.sign(stamp, body))
	c := h.Client
	if c == nil {
		c = &http.Client{Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	resp, err := c.Do(req)
	if err != nil {
		return true, fmt.Errorf("webhook: %w", unwrapURL(err))
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	if resp.StatusCode/100 == 2 {
		return false, nil
	}
	return resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests, fmt.Errorf("webhook: the receiver answered %s", strings.TrimSpace(resp.Status))
}

// unwrapURL leaves the address out of an error: it may hold a token.
func unwrapURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func (h Webhook) sign(stamp string, body []byte) string {
	m := hmac.New(sha256.New, h.Secret)
	m.Write([]byte(stamp + "."))
	m.Write(body)
	return hex.EncodeToString(m.Sum(nil))
}
