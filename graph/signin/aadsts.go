package signin

// help is what an administrator is told about one of Entra's errors.
type help struct {
	means   string
	remedy  string
	consent bool // the admin-consent URL belongs behind the remedy
}

// helpFor finds the help for an AADSTS number or, failing that, for the OAuth
// error. Entra warns that numbers may change their meaning: nothing but this
// text may depend on them. Source: Entra documentation, "Microsoft Entra
// authentication and authorization error codes".
func helpFor(number, oauthError string) (help, bool) {
	if h, ok := helpByNumber(number); ok {
		return h, true
	}
	switch oauthError {
	case "authorization_declined":
		return help{means: "the sign-in was declined", remedy: "sign in again and approve it"}, true
	case "expired_token":
		return help{means: "the code expired before it was entered", remedy: "sign in again to get a new code"}, true
	case "bad_verification_code":
		return help{means: "the sign-in service does not know this code", remedy: "sign in again to get a new code"}, true
	case "invalid_grant", "interaction_required":
		return help{means: "the sign-in is no longer valid", remedy: "run `rollcall signin`"}, true
	case "invalid_client":
		return help{means: "the app could not prove who it is", remedy: "check AZURE_CLIENT_SECRET or the certificate, and the client id"}, true
	}
	return help{}, false
}

func helpByNumber(number string) (help, bool) {
	const (
		signInAgain   = "run `rollcall signin`"
		tenantAccount = "sign in with an account of this tenant"
		otherMethod   = "a device code is entered on another device, which cannot prove its state: use a method that signs in on this machine, or ask for an exception for this app"
	)
	switch number {
	case "65001":
		return help{means: "nobody has consented to the app's permissions", remedy: "open the admin-consent page", consent: true}, true
	case "65004":
		return help{means: "consent was declined", remedy: "sign in again and accept, or ask an administrator to consent"}, true
	case "90094", "90093":
		return help{means: "the app's permissions need an administrator's consent", remedy: "ask an administrator to open the admin-consent page", consent: true}, true
	case "650056":
		return help{means: "the app registration is misconfigured", remedy: "add the Microsoft Graph permissions to the registration (App registrations › API permissions)"}, true
	case "650057":
		return help{means: "the app registration does not list this resource", remedy: "add the API permission to the registration (App registrations › API permissions)"}, true
	case "700016", "700011":
		return help{means: "the tenant does not know the app", remedy: "check the client id and the tenant; for a multi-tenant app an administrator must consent first"}, true
	case "90002", "900021", "900023":
		return help{means: "there is no such tenant", remedy: "check the tenant id and the cloud of the profile"}, true
	case "50194":
		return help{means: "the app belongs to a single tenant", remedy: "set the tenant id in the profile instead of organizations or common"}, true
	case "50105":
		return help{means: "the account is not assigned to the app", remedy: "Enterprise applications › the app › Users and groups › Add, or set Properties › Assignment required to No"}, true
	case "7000218":
		return help{means: "the app registration does not allow public client flows", remedy: "Entra admin center › App registrations › the app › Authentication › Allow public client flows › Yes"}, true
	case "7000215":
		return help{means: "the client secret is wrong", remedy: "set AZURE_CLIENT_SECRET to the secret's value, not to its id"}, true
	case "7000222":
		return help{means: "the client secret has expired", remedy: "create a new one (App registrations › Certificates & secrets) and set AZURE_CLIENT_SECRET"}, true
	case "700027", "7000214":
		return help{means: "the certificate is not the one that the app registration holds", remedy: "upload its public part (App registrations › Certificates & secrets)"}, true
	case "50020", "16000", "50034", "51004":
		return help{means: "the account does not exist in this tenant", remedy: tenantAccount}, true
	case "50126":
		return help{means: "the user name or password is wrong", remedy: signInAgain}, true
	case "50053", "50057":
		return help{means: "the account is locked or disabled", remedy: "ask an administrator to unlock or enable it"}, true
	case "50072", "50074", "50076", "50079":
		return help{means: "multi-factor authentication is needed", remedy: signInAgain}, true
	case "50097", "50129", "53000", "53001":
		return help{means: "Conditional Access asks for a registered or compliant device", remedy: otherMethod}, true
	case "53003":
		return help{means: "Conditional Access blocked the sign-in", remedy: "look in Entra › Sign-in logs › Conditional Access; where the policy blocks the device code flow, exclude this app or use another sign-in method"}, true
	case "530035":
		return help{means: "security defaults blocked the sign-in", remedy: "use another sign-in method, or review the tenant's security defaults"}, true
	case "50134":
		return help{means: "the code was approved in another data centre than it was issued in", remedy: signInAgain}, true
	case "70008", "700082", "50173", "70043", "700084":
		return help{means: "the sign-in has expired or was revoked", remedy: signInAgain}, true
	case "70018":
		return help{means: "the code was not entered correctly", remedy: "sign in again to get a new code"}, true
	case "70019", "70020":
		return help{means: "the code expired before it was entered", remedy: "sign in again to get a new code"}, true
	case "500011":
		return help{means: "the tenant does not have the service that the token is for", remedy: "check the tenant's licences and the endpoints of the profile"}, true
	case "500113":
		return help{means: "the app registration has no redirect address", remedy: "add http://localhost under Authentication › Mobile and desktop applications"}, true
	}
	return help{}, false
}
