package seed

import "strings"

// extensionApp is the appId, without hyphens, of the personnel system's app
// registration, which owns the tenant's directory extensions.
const extensionApp = "5f0c9a7e3b614d28a1c07d92be64f318"

// The directory extensions of users, by their place in User.Extensions.
const (
	extensionSiteCode = iota
	extensionWorkerType
	extensionParkingPermit
	extensionCount
)

var extensionNames = [extensionCount]string{
	extensionSiteCode:      "extension_" + extensionApp + "_siteCode",
	extensionWorkerType:    "extension_" + extensionApp + "_workerType",
	extensionParkingPermit: "extension_" + extensionApp + "_parkingPermit",
}

// DirectoryExtensions are the names of the directory extensions that users
// have, as Graph spells them, in the order of User.Extensions. All are strings,
// and none has a value for everybody.
func DirectoryExtensions() []string { return extensionNames[:] }

// describeDirectoryExtensions sets what the personnel system knows of members.
func (t *Tenant) describeDirectoryExtensions(u *User, tr *traits, s *slab) {
	k := tr.key
	if tr.office != noOffice && k.chance(topicSiteCode, 700) {
		u.Extensions[extensionSiteCode] = t.offices[tr.office].site
	}
	switch k.below(topicWorkerType, 5) {
	case 0:
		u.Extensions[extensionWorkerType] = "Shift"
	case 1, 2:
		u.Extensions[extensionWorkerType] = "Salaried"
	}
	if k.chance(topicParkingPermit, 150) {
		from := s.text.Len()
		s.write("P-")
		s.digits(k.below(topicParkingNumber, 100_000), 5)
		u.Extensions[extensionParkingPermit] = s.since(from)
	}
}

// siteOf is the personnel system's code of an office: "BERLIN-01".
func siteOf(office string) string { return strings.ToUpper(office) + "-01" }
