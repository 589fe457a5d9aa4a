package signin

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func jwt(payload string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".c2ln"
}

func TestClaimsOfUsersAndApps(t *testing.T) {
	user, ok := ParseClaims(jwt(`{"tid":"t","upn":"ann@contoso.com","scp":"User.Read  GroupMember.Read.All","roles":["wids"]}`))
	require.True(t, ok)
	assert.False(t, user.AppOnly())
	assert.Equal(t, "ann@contoso.com", user.Account())
	assert.Equal(t, []string{"User.Read", "GroupMember.Read.All"}, user.Granted())

	guest, ok := ParseClaims(jwt(`{"preferred_username":"g@fabrikam.com","scp":"User.Read"}`))
	require.True(t, ok)
	assert.Equal(t, "g@fabrikam.com", guest.Account())

	app, ok := ParseClaims(jwt(`{"appid":"a","app_displayname":"Roll","roles":["User.Read.All"]}`))
	require.True(t, ok)
	assert.True(t, app.AppOnly())
	assert.Equal(t, "Roll", app.Account())
	assert.Equal(t, []string{"User.Read.All"}, app.Granted())
}

func TestClaimsNameTheAccountAndItsDirectoryRoles(t *testing.T) {
	user, ok := ParseClaims(jwt(`{"oid":"632f1a2b-0000-4000-8000-000000000001","upn":"ann@contoso.com","scp":"User.Read","wids":["fdd7a751-b60b-444a-984c-02652fe8fa1c"]}`))
	require.True(t, ok)
	assert.Equal(t, "632f1a2b-0000-4000-8000-000000000001", user.ObjectID)
	assert.Equal(t, []string{"fdd7a751-b60b-444a-984c-02652fe8fa1c"}, user.DirectoryRoles)
	assert.Empty(t, user.Roles, "those are permissions of apps")

	silent, ok := ParseClaims(jwt(`{"upn":"ann@contoso.com","scp":"User.Read"}`))
	require.True(t, ok)
	assert.Empty(t, silent.ObjectID)
	assert.Empty(t, silent.DirectoryRoles)
}

func TestOpaqueTokensHaveNoClaims(t *testing.T) {
	for _, token := range []string{"", "opaque", "a.b.c", "e30." + base64.RawURLEncoding.EncodeToString([]byte("[1]")) + ".x"} {
		_, ok := ParseClaims(token)
		assert.False(t, ok, "%q", token)
	}
}

func TestFreshClaimsAskForATokenFromNow(t *testing.T) {
	assert.JSONEq(t, `{"access_token":{"nbf":{"essential":true,"value":"1763802000"}}}`, FreshClaims(time.Unix(1763802000, 0)))
}

func FuzzParseClaims(f *testing.F) {
	f.Add(jwt(`{"scp":"a b"}`))
	f.Add("..")
	f.Fuzz(func(_ *testing.T, token string) {
		c, _ := ParseClaims(token)
		_, _ = c.Account(), c.Granted()
	})
}
