package emulator

import (
	"encoding/json"
	"net/http"
	"time"
)

// graphError is a refusal as Graph words it.
type graphError struct {
	status  int
	code    string
	message string
	header  http.Header // more headers of the answer; may be nil
	detail  string      // of Exchange: what the cmdlet said
}

func (e *graphError) Error() string { return e.code + ": " + e.message }

func refuse(status int, code, message string) *graphError {
	return &graphError{status: status, code: code, message: message}
}

// Refusals that several routes share. Sources: Graph API reference, "Add
// members" and "Remove member"; texts as reported from the field.

func badRequest(message string) *graphError {
	return refuse(http.StatusBadRequest, "Request_BadRequest", message)
}

func unsupportedQuery(message string) *graphError {
	return refuse(http.StatusBadRequest, "Request_UnsupportedQuery", message)
}

func notFound(id string) *graphError {
	return refuse(http.StatusNotFound, "Request_ResourceNotFound", "Resource '"+id+"' does not exist or one of its queried reference-property objects are not present.")
}

func insufficientPrivileges() *graphError {
	return refuse(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
}

func badSegment(segment string) *graphError {
	return refuse(http.StatusBadRequest, "BadRequest", "Resource not found for the segment '"+segment+"'.")
}

// innerError is the part of an error body that ties it to the logs.
type innerError struct {
	Date            string `json:"date"`
	RequestID       string `json:"request-id"`
	ClientRequestID string `json:"client-request-id"`
	Code            string `json:"code,omitempty"`
	Message         string `json:"message,omitempty"`
	Status          string `json:"status,omitempty"`
}

func (c *call) inner() innerError {
	return innerError{
		Date:            c.arrived.UTC().Format("2006-01-02T15:04:05"),
		RequestID:       c.requestID,
		ClientRequestID: c.clientRequestID,
	}
}

// errorReply is the answer that carries a refusal.
func (c *call) errorReply(e *graphError) *reply {
	inner := c.inner()
	if e.status == http.StatusTooManyRequests {
		inner.Code, inner.Message, inner.Status = "429", "Please retry after", "429"
	}
	body, err := json.Marshal(map[string]any{"error": map[string]any{
		"code": e.code, "message": e.message, "innerError": inner,
	}})
	if err != nil {
		panic(err) // unreachable: strings only
	}
	return &reply{status: e.status, header: e.header, body: body, contentType: contentJSON}
}

// httpDate is the form of the Date header.
func httpDate(t time.Time) string { return t.UTC().Format(http.TimeFormat) }
