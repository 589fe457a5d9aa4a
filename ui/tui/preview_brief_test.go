package tui

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"rollcall/model"
)

func TestANarrowBoxTellsWhatAndWhatToDoWithoutEntrasOwnLine(t *testing.T) {
	what, remedy := brief(&model.Error{
		Message: "nobody has consented to Exchange.ManageV2 (AADSTS65001: The user or administrator has not consented to use the application)",
		Remedy:  "an administrator consents to Exchange.ManageV2: https://login.microsoftonline.com/contoso/v2.0/adminconsent?client_id=1; see https://login.microsoftonline.com/error?code=65001",
	})
	assert.Equal(t, "nobody has consented to Exchange.ManageV2", what)
	assert.Equal(t, "an administrator consents to Exchange.ManageV2", remedy)

	what, remedy = brief(&model.Error{Message: "graph.microsoft.com has been answering 503 Service Unavailable for 10s", Remedy: "try again later, or raise --timeout"})
	assert.Equal(t, "graph.microsoft.com has been answering 503 Service Unavailable for 10s", what)
	assert.Equal(t, "try again later, or raise --timeout", remedy)
}
