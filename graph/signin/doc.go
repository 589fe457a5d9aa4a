// Package signin gets access tokens from Microsoft Entra ID through azidentity
// and explains, in words that an administrator can act on, why it could not.
//
// An Auth is three things at once: the workspace.Auth that the screens and the
// commands talk to, the azcore.TokenCredential that the Graph transport takes
// its tokens from, and the owner of the signed-in account. No token, device
// code or secret leaves it in an error or a string, and it does not import the
// Graph SDK, so it compiles quickly.
package signin
