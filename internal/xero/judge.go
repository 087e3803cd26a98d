package xero

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"ampedfieldops/internal/fieldops"
)

// rawKept is how much is kept of an answer that is not what was expected.
const rawKept = 2 << 10

// Refusals that hint that an earlier attempt succeeded, in lower case. The
// first two mean that a number or name is taken.
var evidence = []struct {
	words string
	taken bool
}{
	{"must be unique", true},
	{"already assigned", true},
	{"not of valid status", false},
	{"used with a different request", false},
}

// Judge says what became of each member of a call, in their order; a call
// without members gets one verdict about the whole. It believes only what an
// answer proves: a member is confirmed by its own element with an id and
// without an error, refused by its own error or by a status that leaves no
// doubt, and everything else is unknown.
//
// For a look-up, Answered says that the answer is complete; ReadFound says what
// it found.
func (c *Client) Judge(call fieldops.Call, a fieldops.Answer) []fieldops.Verdict {
	if v, ok := judgeWhole(a); ok {
		return repeat(v, call)
	}
	if call.Operation == fieldops.OpLook {
		return judgeLook(call, a)
	}
	body, decoded := decode(a)
	switch a.Status {
	case http.StatusOK, http.StatusCreated:
		elements, ok := body.collection(call.Kind)
		if !decoded || !ok {
			return repeat(unknown(a, "Xero's answer cannot be understood"), call)
		}
		return judgeElements(call, a, elements)
	case http.StatusBadRequest:
		if a.Truncated {
			return repeat(unknown(a, "Xero refused, but its answer broke off"), call)
		}
		elements := []json.RawMessage(body.Elements)
		if decoded && len(elements) == 0 {
			elements, _ = body.collection(call.Kind)
		}
		if len(elements) > 0 {
			return judgeRefused(call, a, elements, body)
		}
		return repeat(refuse(call, a, messageOf(body, decoded, a)), call)
	case http.StatusRequestEntityTooLarge:
		if !a.Truncated {
			return repeat(refuse(call, a, messageOf(body, decoded, a)), call)
		}
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusPreconditionFailed,
		http.StatusUnsupportedMediaType, http.StatusNotImplemented:
		// Of a batch these say nothing about its members.
		if len(call.Members) == 1 && !a.Truncated {
			return repeat(refuse(call, a, messageOf(body, decoded, a)), call)
		}
	}
	return repeat(unknown(a, messageOf(body, decoded, a)), call)
}

// judgeWhole recognises what concerns the exchange and not its members.
func judgeWhole(a fieldops.Answer) (fieldops.Verdict, bool) {
	v := fieldops.Verdict{Status: a.Status, Response: rawOf(a.Body)}
	switch {
	case a.NotSent:
		v.Outcome, v.Message = fieldops.NotSent, errorText(a, "Xero could not be reached")
	case a.Status == 0:
		v.Outcome, v.Message = fieldops.Unknown, errorText(a, "Xero gave no answer")
	case a.Status == http.StatusTooManyRequests,
		a.Status == http.StatusServiceUnavailable && speaksOfRateLimit(a.Body):
		v.Outcome, v.Message = fieldops.Throttled, RateLimitText(a)
	case a.Status == http.StatusUnauthorized, a.Status == http.StatusForbidden:
		body, decoded := decode(a)
		v.Outcome, v.Message = fieldops.AuthError, messageOf(body, decoded, a)
	default:
		return v, false
	}
	return v, true
}

func errorText(a fieldops.Answer, otherwise string) string {
	if a.Err != nil {
		return a.Err.Error()
	}
	return otherwise
}

// speaksOfRateLimit recognises a limit that is reported as 503, as Xero did
// before 2020.
func speaksOfRateLimit(body []byte) bool {
	text := strings.ToLower(string(body))
	return strings.Contains(text, "rate limit") || strings.Contains(text, "rate%20limit")
}

// RateLimitText says which limit an answer reports, as a sentence without a
// time: Answer.RetryAfter holds that, and is 0 where Xero promises none.
func RateLimitText(a fieldops.Answer) string {
	switch a.RateProblem {
	case "minute":
		return "Xero takes no more calls for this organisation in this minute"
	case "day":
		return "Xero takes no more calls for this organisation today"
	case "concurrent":
		return "Xero is already working on as many calls for this organisation as it takes at a time"
	case "app":
		return "Xero takes no more calls from this app in this minute"
	}
	return "Xero takes no more calls for the moment"
}

// AuthProblem is why Xero refused a token.
type AuthProblem string

// The reasons.
const (
	// TokenRefused is a token that has expired or that Xero does not know: a
	// refresh helps, and if it does not, a new consent.
	TokenRefused AuthProblem = "token_refused"
	// ScopeMissing is a right that the consent did not give: only a new consent
	// helps.
	ScopeMissing AuthProblem = "scope_missing"
	// TenantRefused is an organisation that is not connected any more, or a
	// person who lost the role that the call needs.
	TenantRefused AuthProblem = "tenant_refused"
)

// AuthProblemOf reads an answer whose verdict is AuthError
// (https://developer.xero.com/documentation/guides/oauth2/troubleshooting).
func AuthProblemOf(a fieldops.Answer) AuthProblem {
	text := strings.ToLower(string(a.Body))
	switch {
	case strings.Contains(text, "authorizationunsuccessful"), strings.Contains(text, "insufficient_scope"),
		strings.Contains(text, "insufficent_scope"):
		return ScopeMissing
	case a.Status == http.StatusForbidden:
		return TenantRefused
	}
	return TokenRefused
}

// judgeElements judges an answer that holds an element for each member.
func judgeElements(call fieldops.Call, a fieldops.Answer, raws []json.RawMessage) []fieldops.Verdict {
	verdicts := make([]fieldops.Verdict, len(call.Members))
	for i, e := range match(call, readElements(call.Kind, raws)) {
		if e == nil {
			verdicts[i] = unknown(a, "Xero's answer says nothing about this document")
			continue
		}
		verdicts[i] = judgeElement(call, a, e)
	}
	return verdicts
}

func judgeElement(call fieldops.Call, a fieldops.Answer, e *element) fieldops.Verdict {
	v := fieldops.Verdict{Outcome: fieldops.Unknown, Status: a.Status, Response: e.raw}
	switch {
	case e.refused:
		v.Status = http.StatusBadRequest
		v.Message = strings.Join(e.messages, "; ")
		if v.Message == "" {
			v.Message = "Xero refused the document without saying why"
		}
		v.Outcome, v.NumberTaken = refusal(v.Message)
		if call.Operation == fieldops.OpCreate && v.Outcome == fieldops.Rejected && e.remote.ID != "" {
			// An error and an id contradict each other: look.
			v.Outcome = fieldops.Unknown
		}
	case e.remote.ID == "":
		v.Message = "Xero's answer holds no id for this document"
	case call.Operation == fieldops.OpVoid && !gone(e.remote.Status):
		v.Message = fmt.Sprintf("Xero answered without an error, but the document is still %s", e.remote.Status)
	default:
		v.Outcome, v.RemoteID, v.Remote = fieldops.Confirmed, e.remote.ID, &e.remote
	}
	return v
}

// element is an element of the answer to a write.
type element struct {
	raw      json.RawMessage
	remote   fieldops.Remote
	refused  bool
	messages []string // Xero's own words about why
}

// readElements reads the elements of a kind; one that cannot be understood is
// nil.
func readElements(kind fieldops.DocumentKind, raws []json.RawMessage) []*element {
	elements := make([]*element, len(raws))
	for i, raw := range raws {
		var read readElement
		if json.Unmarshal(raw, &read) != nil {
			continue
		}
		e := &element{raw: raw, remote: read.remote(kind), messages: validationMessages(raw)}
		e.refused = read.refused() || len(e.messages) > 0
		elements[i] = e
	}
	return elements
}

// gone says whether a status is that of a document taken back.
func gone(status string) bool {
	return status == fieldops.StatusVoided || status == fieldops.StatusDeleted || status == StatusArchived
}

// judgeRefused judges a 400 with elements. For a call that names one document
// they are about it. A batch is answered so only if Xero ignored our wish to
// judge each element; then the failing ones are listed and the others may have
// been created.
func judgeRefused(call fieldops.Call, a fieldops.Answer, raws []json.RawMessage, body envelope) []fieldops.Verdict {
	if len(call.Members) == 1 {
		message := strings.Join(validationMessages(raws[0]), "; ")
		if message == "" {
			message = messageOf(body, true, a)
		}
		v := refuse(call, a, message)
		v.Response = raws[0]
		return []fieldops.Verdict{v}
	}
	if outcome, _ := refusal(string(body.Message)); outcome == fieldops.Evidence {
		return repeat(refuse(call, a, string(body.Message)), call)
	}
	verdicts := make([]fieldops.Verdict, len(call.Members))
	for i, e := range match(call, readElements(call.Kind, raws)) {
		if e == nil || !e.refused {
			verdicts[i] = unknown(a, "Xero refused other documents of the same call and says nothing about this one")
			continue
		}
		verdicts[i] = judgeElement(call, a, e)
	}
	return verdicts
}

// refuse is the verdict of a definite refusal of all that a call carries.
func refuse(call fieldops.Call, a fieldops.Answer, message string) fieldops.Verdict {
	v := fieldops.Verdict{Status: a.Status, Message: message, Response: rawOf(a.Body)}
	v.Outcome, v.NumberTaken = refusal(message)
	if v.Outcome == fieldops.Rejected {
		if o, taken := refusal(string(a.Body)); o == fieldops.Evidence {
			v.Outcome, v.NumberTaken = o, taken
		}
	}
	v.WholeCall = v.Outcome == fieldops.Rejected && len(call.Members) > 1
	return v
}

// refusal tells a plain refusal from one that hints at an earlier success.
func refusal(message string) (outcome fieldops.Outcome, numberTaken bool) {
	message = strings.ToLower(message)
	for _, e := range evidence {
		if strings.Contains(message, e.words) {
			return fieldops.Evidence, e.taken
		}
	}
	return fieldops.Rejected, false
}

func unknown(a fieldops.Answer, message string) fieldops.Verdict {
	if a.Err != nil {
		message = a.Err.Error()
	}
	return fieldops.Verdict{Outcome: fieldops.Unknown, Status: a.Status, Message: message, Response: rawOf(a.Body)}
}

func repeat(v fieldops.Verdict, call fieldops.Call) []fieldops.Verdict {
	return slices.Repeat([]fieldops.Verdict{v}, max(1, len(call.Members)))
}

// judgeLook judges a call that only reads.
func judgeLook(call fieldops.Call, a fieldops.Answer) []fieldops.Verdict {
	body, decoded := decode(a)
	v := unknown(a, messageOf(body, decoded, a))
	switch {
	case len(call.Members) == 0 && a.Status == http.StatusOK && !a.Truncated && json.Valid(a.Body):
		v.Outcome, v.Message = fieldops.Answered, ""
	case len(call.Members) == 0 && a.Status == http.StatusNotModified:
		v.Outcome, v.Message = fieldops.Answered, ""
	case a.Status == http.StatusBadRequest && !a.Truncated:
		v.Outcome = fieldops.Rejected
	}
	if len(call.Members) == 0 {
		return []fieldops.Verdict{v}
	}
	found, complete, err := findRaw(call, a)
	if err != nil {
		if v.Message == "" {
			v.Message = err.Error()
		}
		return repeat(v, call)
	}
	verdicts := make([]fieldops.Verdict, len(call.Members))
	for i := range verdicts {
		verdicts[i] = fieldops.Verdict{Outcome: fieldops.Answered, Status: a.Status}
		if !complete {
			verdicts[i].Outcome, verdicts[i].Message = fieldops.Unknown, "Xero's answer has more pages than were read"
		}
		raws := make([]json.RawMessage, 0, len(found[i]))
		for _, f := range found[i] {
			raws = append(raws, f.raw)
		}
		if raw, err := json.Marshal(raws); err == nil {
			verdicts[i].Response = raw
		}
	}
	return verdicts
}

// match finds each member's element: by id for a call by id; by index where the
// number there is ours, else wherever our number stands once, else by index if
// that element failed and bears no number. nil is a member without an element.
func match(call fieldops.Call, elements []*element) []*element {
	positions := map[string][]int{}
	for i, e := range elements {
		if e != nil {
			positions[e.remote.Number] = append(positions[e.remote.Number], i)
		}
	}
	matched := make([]*element, len(call.Members))
	for m, p := range call.Members {
		if call.Operation != fieldops.OpCreate {
			want, _ := fieldops.ParseID(p.RemoteID)
			if i := slices.IndexFunc(elements, func(e *element) bool { return e != nil && want != "" && e.remote.ID == want }); i >= 0 {
				matched[m] = elements[i]
			}
			continue
		}
		var aligned *element
		if len(elements) == len(call.Members) {
			aligned = elements[m]
		}
		at := positions[p.Number]
		switch {
		case aligned != nil && aligned.remote.Number == p.Number:
			matched[m] = aligned
		case p.Number != "" && len(at) == 1:
			matched[m] = elements[at[0]]
		case aligned != nil && aligned.remote.Number == "" && aligned.refused:
			matched[m] = aligned
		}
	}
	return matched
}

// refused says whether Xero marked the element as failed.
func (e *readElement) refused() bool {
	return strings.EqualFold(string(e.StatusAttributeString), "ERROR") || bool(e.HasErrors) || bool(e.HasValidationErrors) || len(e.ValidationErrors) > 0
}

// validationMessages collects Xero's own words about what is wrong with an
// element, its own errors first, then those of its contact, its lines and
// whatever else carries any, each once.
func validationMessages(raw json.RawMessage) []string {
	if !bytes.Contains(raw, []byte("alidationErrors")) && !bytes.Contains(raw, []byte("ALIDATIONERRORS")) {
		return nil
	}
	var tree any
	if json.Unmarshal(raw, &tree) != nil {
		return nil
	}
	var messages []string
	add := func(message string) {
		message = strings.TrimSpace(message)
		if message != "" && !slices.Contains(messages, message) {
			messages = append(messages, message)
		}
	}
	var walk func(node any)
	walk = func(node any) {
		switch node := node.(type) {
		case []any:
			for _, child := range node {
				walk(child)
			}
		case map[string]any:
			keys := make([]string, 0, len(node))
			for key, child := range node {
				if !strings.EqualFold(key, "ValidationErrors") {
					keys = append(keys, key)
					continue
				}
				errors, ok := child.([]any)
				if !ok {
					errors = []any{child}
				}
				for _, e := range errors {
					switch e := e.(type) {
					case string:
						add(e)
					case map[string]any:
						for _, name := range []string{"Message", "message"} {
							if text, ok := e[name].(string); ok {
								add(text)
							}
						}
					}
				}
			}
			slices.Sort(keys)
			for _, key := range keys {
				walk(node[key])
			}
		}
	}
	walk(tree)
	return messages
}

// decode reads the envelope of an answer; ok is false when the body is cut off
// or is no JSON object.
func decode(a fieldops.Answer) (body envelope, ok bool) {
	if a.Truncated || !bytes.HasPrefix(bytes.TrimSpace(a.Body), []byte("{")) {
		return envelope{}, false
	}
	if json.Unmarshal(a.Body, &body) != nil {
		return envelope{}, false
	}
	return body, true
}

// messageOf is what an answer says for itself, in Xero's own words where it has
// any.
func messageOf(body envelope, decoded bool, a fieldops.Answer) string {
	if a.Err != nil {
		return a.Err.Error()
	}
	if decoded {
		var messages []string
		for _, e := range body.Elements {
			messages = append(messages, validationMessages(e)...)
		}
		for _, text := range []text{body.Message, body.Detail, body.Title} {
			if text != "" && len(messages) == 0 {
				messages = append(messages, string(text))
			}
		}
		if len(messages) > 0 {
			return strings.Join(messages, "; ")
		}
		return "Xero answered with status " + strconv.Itoa(a.Status) + " and no explanation"
	}
	text := strings.TrimSpace(string(clip(a.Body)))
	switch lower := strings.ToLower(text); {
	case text == "":
		return "Xero answered with status " + strconv.Itoa(a.Status) + " and nothing else"
	case strings.HasPrefix(lower, "<!doctype html"), strings.HasPrefix(lower, "<html"):
		return "Xero answered with status " + strconv.Itoa(a.Status) + " and a web page instead of data"
	case strings.HasPrefix(text, "<"):
		if messages := xmlMessages(a.Body); messages != "" {
			return messages
		}
	case strings.HasPrefix(text, "{"), strings.HasPrefix(text, "["):
		return "Xero answered with status " + strconv.Itoa(a.Status) + " and data that cannot be understood"
	}
	return text
}

// xmlMessages collects the texts of Message elements, which is where errors
// stand when Xero answers in XML in spite of being asked for JSON.
func xmlMessages(body []byte) string {
	var messages []string
	decoder := xml.NewDecoder(bytes.NewReader(body))
	inside := false
	for {
		token, err := decoder.Token()
		if err != nil {
			return strings.Join(messages, "; ")
		}
		switch token := token.(type) {
		case xml.StartElement:
			inside = token.Name.Local == "Message"
		case xml.EndElement:
			inside = false
		case xml.CharData:
			if text := strings.TrimSpace(string(token)); inside && text != "" && !slices.Contains(messages, text) {
				messages = append(messages, text)
			}
		}
	}
}

// clip is the beginning of a body as valid UTF-8 without NUL, which databases
// refuse.
func clip(body []byte) []byte {
	if len(body) > rawKept {
		body = body[:rawKept]
	}
	return bytes.ReplaceAll(bytes.ToValidUTF8(body, nil), []byte{0}, nil)
}

// rawOf is a body for a log row: itself when it is short JSON, else its
// beginning as a JSON string, nil when there is none.
func rawOf(body []byte) json.RawMessage {
	if len(body) == 0 {
		return nil
	}
	if len(body) <= 32*rawKept && json.Valid(body) {
		return body
	}
	raw, err := json.Marshal(string(clip(body)))
	if err != nil {
		return nil
	}
	return raw
}
