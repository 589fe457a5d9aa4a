package seed

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
)

func TestFamilyNamesTellTheCulture(t *testing.T) {
	owner := make(map[string]string)
	for _, c := range append(latinCultures(), worldCultures()...) {
		given := make(map[string]bool)
		for _, n := range c.given {
			assert.False(t, given[n.ascii], "%s has the given name %s twice", c.code, n.ascii)
			given[n.ascii] = true
		}
		for _, n := range c.family {
			assert.Empty(t, owner[n.ascii], "%s is a family name of %s, too", n.ascii, c.code)
			owner[n.ascii] = c.code
		}
	}
}

func TestAddressFormsOfNamesCanBeTakenApart(t *testing.T) {
	for _, c := range append(latinCultures(), worldCultures()...) {
		for _, n := range append(c.given, c.family...) {
			assert.Regexp(t, `^[a-z][a-z']*$`, n.ascii, "%s in %s", n.native, c.code)
			assert.NotContains(t, nativeToken(n), ".")
			assert.Equal(t, c.latin, isLatin(n.native), "%s in %s", n.native, c.code)
		}
	}
}

func isLatin(s string) bool {
	for _, r := range s {
		if unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) {
			return false
		}
	}
	return true
}

func TestCulturesAndDepartmentsAreIndependent(t *testing.T) {
	tenant := New(Options{})
	a, b := len(tenant.cultCycle.kind), len(tenant.deptCycle.kind)
	for b != 0 {
		a, b = b, a%b
	}
	assert.Equal(t, 1, a, "the lengths of the two cycles have no common factor")
}

func TestEveryCultureHasAnOffice(t *testing.T) {
	tenant := New(Options{})
	for _, c := range tenant.cultures {
		assert.NotEmpty(t, c.offices, c.code)
		for _, code := range c.offices {
			assert.Contains(t, tenant.officeAt, code)
		}
	}
	for _, o := range tenant.offices {
		assert.NotEmpty(t, areaNames[o.area], o.name)
		assert.NotEmpty(t, o.streets, o.name)
	}
}

func TestNamesAreCapitalisedAsPeopleWriteThem(t *testing.T) {
	for given, want := range map[string]string{"o'brien": "O'Brien", "ivanenko": "Ivanenko", "anna.bauer": "Anna.Bauer", "élodie": "Élodie"} {
		assert.Equal(t, want, titled(given))
	}
	assert.Equal(t, "straussoezguer", asciiFold.Replace(strings.ToLower("Strauß Özgür")))
}
