package roster

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// meaning is what a heading says about the column below it.
type meaning struct {
	column Column
	rank   int // of several columns that mean the same the one of the lowest rank is taken
	// doubtful headings name a column only where its values look like it: an
	// "ID" may be anybody's.
	doubtful bool
}

// headings are spellings of each column by headingKey, the surest first. Where
// a system has a column for work and one for home, only that for work is here.
//
// The spellings are those of Workday, SAP SuccessFactors, BambooHR, Personio,
// SAP HCM, the Entra admin center's bulk files and downloads, Exchange's exports
// and Active Directory, in English, German, French and Spanish, with some of Italian
// and Dutch.
var headings = map[Column][]string{
	ColumnObjectID: {
		"memberobjectidorupn", "objectid", "userobjectid", "azureobjectid", "entraobjectid", "azureadobjectid", "externaldirectoryobjectid", "objektid", "identifiantdobjet", "iddobjeto",
	},
	ColumnUPN: {
		"userprincipalname", "upn", "principalname", "userprincipal", "benutzerprinzipalname", "nomprincipaldutilisateur", "nombreprincipaldeusuario", "userupn", "azureupn",
	},
	ColumnAddress: {
		"primarysmtpaddress", "primaryworkemail", "workemail", "workemailaddress", "emailwork", "emailprimarywork", "emailprimaryworkaddress", "businessemail", "businessemailaddress", "companyemail", "corporateemail", "officialemail",
		"geschaftlicheemail", "geschaftlicheemailadresse", "emailgeschaftlich", "emaildienstlich", "dienstlicheemail", "dienstlicheemailadresse", "firmenemail",
		"emailprofessionnel", "emailpro", "courrielprofessionnel", "adresseemailprofessionnelle", "adresseelectroniqueprofessionnelle", "mailprofessionnel",
		"correocorporativo", "correoprofesional", "correodeltrabajo", "emailcorporativo", "emaildetrabajo", "correoelectronicocorporativo", "correoelectronicodeltrabajo", "emailprofesional",
		"mail", "email", "emailaddress", "mailaddress", "smtpaddress", "windowsemailaddress", "address", "emailid", "inviteeemail", "emailaddresstoinvite",
		"emailadresse", "mailadresse", "epost", "epostadresse", "elektronischepost",
		"courriel", "adressemail", "adresseemail", "adresseelectronique", "adressecourriel", "mel",
		"correo", "correoelectronico", "direcciondecorreo", "direcciondecorreoelectronico", "direccionemail", "emailaziendale", "indirizzoemail", "emailadres", "zakelijkeemail",
		"emailaddr", "usridlong", "emailprimary", "primaryemail", "primaryemailaddress",
	},
	ColumnEmployeeID: {
		"employeeid", "employeeidentifier", "employeenumber", "employeeno", "employeenr", "employeecode", "employee#", "empid", "empno", "emplid", "emplno", "personnelnumber", "personnelno", "personnelid", "payrollnumber", "payrollid", "staffid", "staffnumber", "staffno", "workerid", "workernumber", "associateid", "badgeid", "pernr", "assignmentid", "assignmentidexternal", "personidexternal",
		"personalnummer", "personalnr", "persnr", "persnummer", "personalid", "mitarbeiternummer", "mitarbeiternr", "mitarbeiterid", "manr", "stammnummer",
		"matricule", "matriculesalarie", "numerodematricule", "nomatricule", "numeroemploye", "numerodemploye", "numerosalarie", "numerodesalarie", "nsalarie", "nemploye", "identifiantemploye", "identifiantsalarie", "codesalarie", "idemploye", "idsalarie",
		"numerodeempleado", "numeroempleado", "nempleado", "noempleado", "numdeempleado", "nodeempleado", "nrodeempleado", "nroempleado", "idempleado", "iddeempleado", "iddelempleado", "codigodeempleado", "codigoempleado", "matricula", "legajo", "numerodelegajo", "numerodepersonal", "matricoladipendente", "matricola", "personeelsnummer",
	},
	ColumnMobile: {
		"workmobile", "mobilework", "workmobilephone", "businessmobile", "companymobile", "mobile", "mobilephone", "mobilephonenumber", "mobilenumber", "mobileno", "mobilephoneno", "cell", "cellphone", "cellphonenumber", "cellnumber", "cellularphone", "phonemobile", "mobiletelephone", "mobiletelephonenumber", "smsnumber",
		"mobil", "mobiltelefon", "mobilnummer", "mobiltelefonnummer", "mobilfunknummer", "mobilfunk", "handy", "handynummer", "telefonmobil", "mobilgeschaftlich", "diensthandy",
		"portable", "telephoneportable", "telephonemobile", "numerodeportable", "numerodemobile", "telmobile", "telportable", "mobileprofessionnel", "portableprofessionnel",
		"movil", "telefonomovil", "celular", "telefonocelular", "numerodecelular", "numerodemovil", "movilcorporativo", "numerodetelefonomovil", "cellulare", "telefonocellulare", "mobieletelefoon", "mobielnummer",
	},
	ColumnName: {
		"displayname", "fullname", "name", "employeename", "workername", "worker", "preferredname", "legalname", "formattedname", "employee", "fullnamelastfirst", "lastnamefirstname", "namelastfirst", "lastfirst", "completename",
		"anzeigename", "vollstandigername", "mitarbeiter", "mitarbeitername", "namevorname", "vornamename", "vornamenachname", "nachnamevorname", "vorundnachname", "vorundzuname",
		"nomcomplet", "nomprenom", "nometprenom", "prenomnom", "prenometnom", "nomaffiche", "nomdusalarie", "salarie", "nomdaffichage", "nomprenoms",
		"nombrecompleto", "nombreyapellidos", "nombreyapellido", "apellidosynombre", "apellidosnombre", "apellidosynombres", "nombreparamostrar", "empleado", "nomecompleto", "volledigenaam",
	},
	ColumnGivenName: {
		"preferredfirstname", "givenname", "firstname", "forename", "legalfirstname", "fname", "givennames", "firstnames", "firstnm",
		"vorname", "vorna", "rufname", "vornamen", "prenom", "prenoms", "prenomusuel", "nombre", "nombres", "nombredepila", "primernombre", "voornaam",
	},
	ColumnFamilyName: {
		"preferredlastname", "surname", "lastname", "familyname", "legallastname", "lname", "sn", "lastnm",
		"nachname", "nachn", "familienname", "zuname", "nom", "nomdefamille", "nomusuel", "nomdusage", "apellido", "apellidos", "primerapellido", "cognome", "achternaam",
	},
}

// doubtfulHeadings name a column where its values look like it.
var doubtfulHeadings = map[string][]Column{
	"id":           {ColumnObjectID, ColumnUPN},
	"userid":       {ColumnObjectID, ColumnUPN, ColumnEmployeeID},
	"user":         {ColumnUPN},
	"username":     {ColumnUPN},
	"loginname":    {ColumnUPN},
	"login":        {ColumnUPN},
	"logon":        {ColumnUPN},
	"account":      {ColumnUPN},
	"accountname":  {ColumnUPN},
	"benutzername": {ColumnUPN},
	"anmeldename":  {ColumnUPN},
	"benutzer":     {ColumnUPN},
	"identifiant":  {ColumnUPN, ColumnObjectID},
	"usuario":      {ColumnUPN},
	"member":       {ColumnAddress, ColumnObjectID},
	"recipient":    {ColumnAddress},
	"contact":      {ColumnAddress},
	"kontakt":      {ColumnAddress},
	"adresse":      {ColumnAddress},
	"direccion":    {ColumnAddress},
	"address":      {ColumnAddress}, // or where somebody lives
	"employee":     {ColumnName},    // or the number
	"worker":       {ColumnName},
	"salarie":      {ColumnName},
	"empleado":     {ColumnName},
	"mitarbeiter":  {ColumnName},
	"personalid":   {ColumnEmployeeID},
	"matricula":    {ColumnEmployeeID},
}

// lastResorts are headings of numbers that name an employee only where no other
// column names a user: systems have numbers of their own beside it.
var lastResorts = []string{"id", "number", "no", "nr", "nummer", "numero", "code", "personid", "userid"}

// known are the meanings by heading.
var known = func() map[string][]meaning {
	m := make(map[string][]meaning)
	for column, spellings := range headings {
		for rank, spelling := range spellings {
			m[spelling] = append(m[spelling], meaning{column, rank, doubtfulHeadings[spelling] != nil})
		}
	}
	for spelling, columns := range doubtfulHeadings {
		for _, column := range columns {
			if !slices.ContainsFunc(m[spelling], func(a meaning) bool { return a.column == column }) {
				m[spelling] = append(m[spelling], meaning{column, len(headings[column]), true})
			}
		}
	}
	return m
}()

// headingKey reduces a heading to what is compared: letters and digits, in
// small letters without accents. The bulk templates of the Entra admin center
// write "Member object ID or user principal name [memberObjectIdOrUpn]
// Required": there the name in brackets counts.
func headingKey(heading string) string {
	if _, rest, ok := strings.Cut(heading, "["); ok {
		if inner, _, ok := strings.Cut(rest, "]"); ok && strings.TrimSpace(inner) != "" {
			heading = inner
		}
	}
	const longest = 200 // no heading that is known comes near it
	if len(heading) > longest {
		return ""
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ReplaceAll(heading, "ß", "ss")) {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '#':
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// isKnown reports whether a heading names a column, or may.
func isKnown(heading string) bool {
	key := headingKey(heading)
	return known[key] != nil || slices.Contains(lastResorts, key)
}
