package audience

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
)

func TestAnAmbiguousEntrySaysWhatCanBeWrittenInstead(t *testing.T) {
	p := build(t, newWorld(), "group:twice")
	require.Len(t, p.Missing, 1)
	var c *Candidates
	require.ErrorAs(t, p.Missing[0].Reason, &c)
	assert.Equal(t, "group:twice", c.Entry.String())
	assert.Equal(t, []Candidate{
		{Text: "one@contoso.com", Name: "one", Note: "security group · one@contoso.com"},
		{Text: "two@contoso.com", Name: "two", Note: "security group · two@contoso.com"},
	}, c.List)
}

func TestANameThatIsNearToAnotherSaysWhatCanBeWrittenInstead(t *testing.T) {
	c := near(Entry{Kind: EntryObject, Text: "Sale"}, []Entry{{Kind: EntrySegment, Text: "Sales"}})
	assert.Equal(t, []Candidate{{Text: "segment:Sales", Name: "Sales", Note: "segment"}}, c.List)
	assert.Contains(t, c.Error(), "Sale may stand for 1 thing")
}

func TestAnAddressOfSeveralIsToldApartByTheirIDs(t *testing.T) {
	one, two := group("one"), group("two")
	two.Mail = "One@contoso.com"
	c := among(Entry{Kind: EntryAddress, Text: "one@contoso.com"}, []model.Object{one, two})
	assert.Equal(t, "g-one", c.List[0].Text)
	assert.Equal(t, "g-two", c.List[1].Text)
}
