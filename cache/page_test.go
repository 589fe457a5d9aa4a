package cache

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"rollcall/model"
)

func emptyNames(t require.TestingT) *names {
	n, err := loadNames(model.FullSchema(), nil)
	require.NoError(t, err)
	return n
}

// changes draws a page of anything that a source may send, hostile texts and
// ids of any form among it.
func changes() *rapid.Generator[[]model.Change] {
	text := rapid.OneOf(rapid.StringN(1, 20, 60), rapid.SampledFrom([]string{"\x1b[31m", "\u202e", "\n", "=1+1", "\xff\xfe"}))
	id := rapid.OneOf(
		rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`),
		rapid.StringMatching(`[0-9A-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`),
		rapid.StringN(1, 40, 80),
	)
	field := rapid.Custom(func(t *rapid.T) model.Field {
		f := model.Field{Attr: rapid.SampledFrom(model.Catalogue()).Draw(t, "attribute").ID}
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			f.Value = text.Draw(t, "value")
		case 1:
			f.Values = rapid.SliceOfN(rapid.OneOf(text, rapid.Just("")), 1, 4).Draw(t, "values")
		case 2:
			f.Values = []string{}
		}
		return f
	})
	change := rapid.Custom(func(t *rapid.T) model.Change {
		c := model.Change{ID: id.Draw(t, "id"), Whole: rapid.Bool().Draw(t, "whole")}
		switch rapid.IntRange(0, 2).Draw(t, "manager") {
		case 0:
			manager := id.Draw(t, "manager's id")
			c.Manager = &manager
		case 1:
			c.Manager = new(string)
		}
		c.Removed = rapid.SampledFrom([]string{"", "", "", "changed", "deleted", "another reason"}).Draw(t, "removed")
		if fields := rapid.SliceOfN(field, 0, 8).Draw(t, "fields"); len(fields) > 0 {
			c.Fields = fields
		}
		return c
	})
	return rapid.SliceOfN(change, 0, 6)
}

func TestAPageReadsAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, w := emptyNames(t), &pageWriter{}
		for range 2 { // the second one finds the names that the first one added
			page := changes().Draw(t, "page")
			got, err := readPage(w.write(page, n), n)
			require.NoError(t, err)
			assert.Equal(t, page, got)
		}
	})
}

func TestChangesOfAPageDoNotGrowIntoEachOther(t *testing.T) {
	n := emptyNames(t)
	page := []model.Change{employee(1), employee(2)}
	got, err := readPage(new(pageWriter).write(page, n), n)
	require.NoError(t, err)
	got[0].Fields = append(got[0].Fields, model.Field{Attr: model.AttrFaxNumber, Value: "1"})
	i := slices.IndexFunc(got[0].Fields, func(f model.Field) bool { return f.Values != nil })
	got[0].Fields[i].Values = append(got[0].Fields[i].Values, "smtp:x@contoso.com")
	assert.Equal(t, page[1], got[1])
}

func TestAPageSurvivesAnotherOrderOfTheCatalogue(t *testing.T) {
	written := emptyNames(t)
	page := new(pageWriter).write([]model.Change{
		{ID: guid(1), Fields: []model.Field{{Attr: model.AttrDepartment, Value: "Sales"}, {Attr: model.AttrCity, Value: "Ulm"}}},
		{ID: guid(2), Fields: []model.Field{{Attr: model.AttrDepartment, Values: []string{"a", "b"}}}},
	}, written)
	written.list[0] = "extension_of_another_schema"
	stored, err := written.stored()
	require.NoError(t, err)

	n, err := loadNames(model.FullSchema(), stored)
	require.NoError(t, err)
	got, err := readPage(page, n)
	require.NoError(t, err)
	assert.Equal(t, []model.Change{{ID: guid(1), Fields: []model.Field{{Attr: model.AttrCity, Value: "Ulm"}}}, {ID: guid(2)}}, got,
		"what the schema does not know is passed over")
}

func TestEveryChangedByteOfAValueIsNoticed(t *testing.T) {
	value := seal(bucketLog, pageKey(1), pack(nil, new(pageWriter).write(employees(0, 3), emptyNames(t))))
	_, err := unseal(bucketLog, pageKey(1), value)
	require.NoError(t, err)
	for i := range value {
		for _, flip := range []byte{1, 0x80, 0xff} {
			broken := slices.Clone(value)
			broken[i] ^= flip
			_, err := unseal(bucketLog, pageKey(1), broken)
			require.ErrorIs(t, err, errDamaged, "byte %d", i)
		}
		_, err := unseal(bucketLog, pageKey(1), value[:i])
		require.ErrorIs(t, err, errDamaged, "cut at %d", i)
	}
	_, err = unseal(bucketLog, pageKey(2), value)
	require.ErrorIs(t, err, errDamaged, "at the place of another page")
	_, err = unseal(bucketHeld, pageKey(1), value)
	require.ErrorIs(t, err, errDamaged, "in another bucket")
	_, err = unseal(bucketLog, pageKey(1), nil)
	require.ErrorIs(t, err, errDamaged, "missing")
}

// FuzzReadPage gives pages that have a right checksum anything else.
func FuzzReadPage(f *testing.F) {
	n := emptyNames(f)
	f.Add(new(pageWriter).write(employees(0, 3), n))
	boss := "boss"
	f.Add(new(pageWriter).write([]model.Change{
		{ID: "x", Manager: &boss, Removed: "why not"},
		{ID: guid(1), Manager: new(string), Removed: "changed"},
		{ID: guid(2), Fields: []model.Field{{Attr: model.AttrMail}, {Attr: model.AttrOtherMails, Values: []string{}}}},
	}, n))
	f.Add([]byte{1, 0, 0, 0, 1, tagTextID, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Add([]byte{1, 1, 1, 1, 3, tagTextID | tagManagerText, 1, kindCollection, 1, 1, 'x', 1, 'y', 1, 'z'})
	noise := make([]byte, 300)
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise)
	f.Add(noise)
	f.Fuzz(func(t *testing.T, page []byte) {
		changes, err := readPage(page, n)
		if err != nil {
			if !errors.Is(err, errDamaged) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		again, err := readPage(new(pageWriter).write(changes, n), n)
		require.NoError(t, err)
		assert.Equal(t, changes, again)
	})
}

func BenchmarkPage(b *testing.B) {
	n := emptyNames(b)
	users := employees(0, benchPage)
	page := new(pageWriter).write(users, n)
	packed := pack(nil, page)
	b.Run("write", func(b *testing.B) {
		var w pageWriter
		var room []byte
		measured(b, benchPage, func() { room = pack(room, w.write(users, n)) })
		b.ReportMetric(float64(len(page))/benchPage, "bytes/user")
		b.ReportMetric(float64(len(room))/benchPage, "packed-bytes/user")
	})
	b.Run("read", func(b *testing.B) {
		var room []byte
		measured(b, benchPage, func() {
			var err error
			room, err = unpack(room, packed[sealSize:])
			require.NoError(b, err)
			_, err = readPage(room, n)
			require.NoError(b, err)
		})
	})
}
