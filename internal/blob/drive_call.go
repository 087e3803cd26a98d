package blob

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// call is a request to Google.
type call struct {
	method, url string
	header      http.Header
	body        []byte
	content     *partBody // in place of body; sent from where it stands
	length      int64     // of content
	timeout     time.Duration
}

// answer is what Google said, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// maxAnswer is far above what a page of a list has, in bytes.
const maxAnswer = 8 << 20

// ask makes a call until it is answered by something other than to come again
// later. The answer may be a refusal; the error says that there is none.
func (d *Drive) ask(ctx context.Context, doing string, c call) (answer, error) {
	for try := 0; ; try++ {
		a, err := d.once(ctx, c)
		if err == nil && !a.again() {
			return a, nil
		}
		if final(err) || try == driveTries-1 {
			return a, d.givenUp(a, err, doing)
		}
		if err := d.sleep(ctx, delay(try)); err != nil {
			return a, d.failure(err, doing, "")
		}
	}
}

// open makes a call whose answer is content. Without that, response is nil and
// the answer says why.
func (d *Drive) open(ctx context.Context, doing string, c call) (*http.Response, answer, error) {
	for try := 0; ; try++ {
		response, err := d.send(ctx, c)
		if err == nil && response.StatusCode < 300 {
			return response, answer{}, nil
		}
		var a answer
		if err == nil {
			a, err = readAnswer(response)
		}
		if err == nil && !a.again() {
			return nil, a, nil
		}
		if final(err) || try == driveTries-1 {
			return nil, a, d.givenUp(a, err, doing)
		}
		if err := d.sleep(ctx, delay(try)); err != nil {
			return nil, a, d.failure(err, doing, "")
		}
	}
}

func (d *Drive) givenUp(a answer, err error, doing string) error {
	if err != nil {
		return d.failure(err, doing, "")
	}
	return a.refusal(doing)
}

// final reports that a call need not be made again: it was refused for good, or
// what was to be sent cannot be read.
func final(err error) bool {
	if _, ok := errors.AsType[*unreadable](err); ok {
		return true
	}
	return errors.Is(err, ErrDenied) || errors.Is(err, context.Canceled)
}

// once makes a call once.
func (d *Drive) once(ctx context.Context, c call) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(c.timeout, driveCallTimeout))
	defer cancel()
	response, err := d.send(ctx, c)
	if err != nil {
		return answer{}, err
	}
	return readAnswer(response)
}

func readAnswer(response *http.Response) (answer, error) {
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	return answer{response.StatusCode, response.Header, body}, errors.Join(err, response.Body.Close())
}

// send makes a request in the name of who connected Drive. A token that Google
// refuses is renewed once.
func (d *Drive) send(ctx context.Context, c call) (*http.Response, error) {
	token, err := d.config.Token(ctx)
	if err != nil {
		return nil, tokenFailure(err)
	}
	response, err := d.sendAs(ctx, c, token)
	if err != nil || response.StatusCode != http.StatusUnauthorized {
		return response, err
	}
	_ = response.Body.Close() // nothing in it is of use
	token, err = d.config.Renew(ctx, token)
	if err != nil {
		return nil, tokenFailure(err)
	}
	return d.sendAs(ctx, c, token)
}

func (d *Drive) sendAs(ctx context.Context, c call, token string) (*http.Response, error) {
	var body io.Reader
	switch {
	case c.content != nil:
		if _, err := c.content.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		body = io.NopCloser(c.content)
	case c.body != nil:
		body = bytes.NewReader(c.body)
	}
	request, err := http.NewRequestWithContext(ctx, c.method, c.url, body)
	if err != nil {
		return nil, withoutURL(err)
	}
	for name, values := range c.header {
		request.Header[name] = values
	}
	if c.content != nil {
		request.ContentLength = c.length
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := d.client.Do(request)
	if err != nil {
		if c.content != nil && c.content.fault() != nil {
			return nil, c.content.fault()
		}
		return nil, withoutURL(err) // the address of an upload is a secret
	}
	return response, nil
}

func tokenFailure(err error) error {
	for _, kind := range []error{ErrDenied, ErrUnavailable} {
		if errors.Is(err, kind) {
			return err
		}
	}
	return fail(ErrUnavailable, err, "there is no access token for Google Drive")
}

// reason is Google's word for what is wrong, "" when it gave none
// (https://developers.google.com/workspace/drive/api/guides/handle-errors).
func (a answer) reason() string {
	var body struct {
		Error struct {
			Errors []struct {
				Reason string `json:"reason"`
			} `json:"errors"`
		} `json:"error"`
	}
	if json.Unmarshal(a.body, &body) != nil || len(body.Error.Errors) == 0 {
		return ""
	}
	return body.Error.Errors[0].Reason
}

// again reports whether the same call may succeed in a moment.
func (a answer) again() bool {
	switch a.status {
	case http.StatusForbidden:
		return slices.Contains([]string{"rateLimitExceeded", "userRateLimitExceeded"}, a.reason())
	case http.StatusTooManyRequests, http.StatusRequestTimeout:
		return true
	}
	return a.status >= 500
}

// refusal words an answer that is none of success, nil when it is.
func (a answer) refusal(doing string) error {
	if a.status >= 200 && a.status < 300 {
		return nil
	}
	cause := fmt.Errorf("status %d %s", a.status, a.reason())
	switch reason := a.reason(); {
	case slices.Contains([]string{"storageQuotaExceeded", "teamDriveFileLimitExceeded", "numChildrenInNonRootLimitExceeded"}, reason):
		return fail(ErrFull, cause, "%s: Google Drive has no room left", doing)
	case a.status == http.StatusUnauthorized:
		return fail(ErrDenied, cause, "%s: Google does not accept the authorisation any more; connect Google Drive again", doing)
	case a.status == http.StatusNotFound:
		return fail(ErrAbsent, cause, "%s: it is not in Google Drive", doing)
	case a.again(), reason == "dailyLimitExceeded":
		return fail(ErrUnavailable, cause, "%s: Google Drive asks to come again later", doing)
	case a.status == http.StatusForbidden:
		return fail(ErrDenied, cause, "%s: Google Drive does not allow it to the account that was connected", doing)
	}
	return fail(ErrUnavailable, cause, "%s: Google Drive refused", doing)
}

// failure words an error of the network's, unless it is worded already.
func (d *Drive) failure(err error, doing, what string) error {
	if _, ok := errors.AsType[*failure](err); ok {
		return err
	}
	if content, ok := errors.AsType[*unreadable](err); ok {
		return content
	}
	if what != "" {
		doing += " " + what
	}
	host := d.config.APIURL
	if u, errURL := url.Parse(host); errURL == nil {
		host = u.Host
	}
	return fail(ErrUnavailable, withoutURL(err), "%s: Google Drive (%s) does not answer as it should", doing, strings.TrimSpace(host))
}
