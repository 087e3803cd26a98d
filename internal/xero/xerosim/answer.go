package xerosim

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// nilID stands in an element that was refused before it had an id.
const nilID = "00000000-0000-0000-0000-000000000000"

// answer is a complete HTTP answer, kept as bytes so that it can be replayed
// for an idempotency key or cut in half by a fault.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) write(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that went away is no concern of Xero's
}

func withType(status int, contentType string, body []byte) answer {
	return answer{status: status, header: http.Header{"Content-Type": {contentType}}, body: body}
}

func encodeJSON(tree any) []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(tree); err != nil {
		// Only our own trees come here; they hold nothing that JSON cannot say.
		panic(fmt.Sprintf("xerosim: encode answer: %v", err))
	}
	return bytes.TrimRight(buffer.Bytes(), "\n")
}

// jsonAnswer is for the identity service, /connections and the gateway, which
// always speak JSON.
func jsonAnswer(status int, tree any) answer {
	return withType(status, "application/json; charset=utf-8", encodeJSON(tree))
}

// wantsJSON: the Accounting API answers XML unless JSON is asked for by name.
func wantsJSON(accept string) bool { return strings.Contains(strings.ToLower(accept), "json") }

// apiAnswer encodes an Accounting API answer as the request's Accept asks.
func apiAnswer(accept string, status int, root string, tree object) answer {
	if wantsJSON(accept) {
		return jsonAnswer(status, tree)
	}
	var buffer bytes.Buffer
	buffer.WriteString(xml.Header)
	writeXML(&buffer, root, tree)
	return withType(status, "text/xml; charset=utf-8", buffer.Bytes())
}

// writeXML writes the generic XML of a JSON tree: names become elements and the
// members of a list take the singular of its name.
func writeXML(buffer *bytes.Buffer, name string, value any) {
	switch v := value.(type) {
	case nil:
	case object:
		buffer.WriteString("<" + name + ">")
		names := make([]string, 0, len(v))
		for child := range v {
			names = append(names, child)
		}
		slices.Sort(names)
		for _, child := range names {
			writeXML(buffer, child, v[child])
		}
		buffer.WriteString("</" + name + ">")
	case map[string]any:
		writeXML(buffer, name, object(v))
	case []object:
		buffer.WriteString("<" + name + ">")
		for _, member := range v {
			writeXML(buffer, singular(name), member)
		}
		buffer.WriteString("</" + name + ">")
	case []any:
		buffer.WriteString("<" + name + ">")
		for _, member := range v {
			writeXML(buffer, singular(name), member)
		}
		buffer.WriteString("</" + name + ">")
	default:
		text := fmt.Sprint(v)
		if t, ok := parseMSDate(text); ok {
			text = t.Format("2006-01-02T15:04:05")
		}
		buffer.WriteString("<" + name + ">")
		_ = xml.EscapeText(buffer, []byte(text)) // a bytes.Buffer never fails
		buffer.WriteString("</" + name + ">")
	}
}

func singular(plural string) string {
	switch {
	case strings.HasSuffix(plural, "ies"):
		return strings.TrimSuffix(plural, "ies") + "y"
	case strings.HasSuffix(plural, "Addresses"):
		return strings.TrimSuffix(plural, "es")
	default:
		return strings.TrimSuffix(plural, "s")
	}
}

// envelope wraps a collection as every successful Accounting answer does.
func envelope(now time.Time, plural string, elements []object) object {
	if elements == nil {
		elements = []object{}
	}
	return object{
		"Id":           uuid.NewString(),
		"Status":       "OK",
		"ProviderName": "Xero API Partner",
		"DateTimeUTC":  fmt.Sprintf("/Date(%d)/", now.UnixMilli()),
		plural:         elements,
	}
}

// Numbers and names of the Accounting API's own exceptions.
const (
	errorValidation = 10
	errorPostData   = 14
	errorQueryParse = 16
	errorNoData     = 17
)

func exceptionTree(number int, kind, message string) object {
	return object{"ErrorNumber": number, "Type": kind, "Message": message}
}

func messages(texts []string) []object {
	list := make([]object, 0, len(texts))
	for _, text := range texts {
		list = append(list, object{"Message": text})
	}
	return list
}

// unauthorised is the gateway's 401. Detail is one of AuthenticationUnsuccessful,
// AuthorizationUnsuccessful, or "TokenExpired: …".
func unauthorised(detail string) answer {
	a := jsonAnswer(http.StatusUnauthorized, object{
		"Type": nil, "Title": "Unauthorized", "Status": http.StatusUnauthorized,
		"Detail": detail, "Instance": uuid.NewString(), "Extensions": object{},
	})
	if detail == "AuthorizationUnsuccessful" {
		a.header.Set("WWW-Authenticate", `Bearer error="insufficient_scope", error_description="The access token does not carry the scope that this endpoint needs"`)
	}
	return a
}

// forbidden is the gateway's 403 for an organisation that is not connected.
func forbidden() answer {
	return jsonAnswer(http.StatusForbidden, object{
		"Type": nil, "Title": "Forbidden", "Status": http.StatusForbidden,
		"Detail": "AuthenticationUnsuccessful", "Instance": uuid.NewString(), "Extensions": object{},
	})
}

func notFound() answer {
	return withType(http.StatusNotFound, "text/html; charset=utf-8", []byte("The resource you're looking for cannot be found"))
}
