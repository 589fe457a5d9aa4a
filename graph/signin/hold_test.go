package signin

import (
	"context"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// account is a credential whose tokens name it. meanwhile runs while one is on
// its way.
type account struct {
	name      string
	meanwhile func()
}

func (c *account) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	if c.meanwhile != nil {
		c.meanwhile()
	}
	return azcore.AccessToken{Token: c.name, ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func TestATokenThatArrivesAfterANewSignInIsNotKept(t *testing.T) {
	a, err := New(Options{Tenant: "contoso.com", ClientID: "app"})
	require.NoError(t, err)
	next := &account{name: "next"}
	a.use(&account{name: "former", meanwhile: func() { a.use(next) }})

	token, err := a.GetToken(t.Context(), policy.TokenRequestOptions{})
	require.NoError(t, err)
	assert.Equal(t, "former", token.Token, "who asked before gets what was asked for")
	token, err = a.GetToken(t.Context(), policy.TokenRequestOptions{})
	require.NoError(t, err)
	assert.Equal(t, "next", token.Token)
}
