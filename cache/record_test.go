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

func drawUser(t *rapid.T) model.User {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"\x1b[31m", "\u202e", "\n", "=1+1", "\xff\xfe"}))
	id := rapid.OneOf(rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`),
		rapid.StringMatching(`[0-9A-F]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), rapid.StringN(1, 40, 80))
	u := model.User{ID: id.Draw(t, "id")}
	if rapid.Bool().Draw(t, "has manager") {
		u.ManagerID = id.Draw(t, "manager")
	}
	for _, a := range model.Catalogue() {
		switch rapid.IntRange(0, 3).Draw(t, a.Graph) {
		case 0:
			u.Set(model.Field{Attr: a.ID, Value: text.Draw(t, "value")})
		case 1:
			u.Set(model.Field{Attr: a.ID, Values: rapid.SliceOfN(text, 1, 4).Draw(t, "values")})
		}
	}
	return u
}

func TestARecordReadsAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := emptyNames(t)
		d := decoder{names: n}
		for range 3 { // the decoder's room is used again
			u := drawUser(t)
			got, err := d.decode(appendRecord(nil, &u, n))
			require.NoError(t, err)
			assert.Equal(t, u.ID, got.ID)
			assert.Equal(t, u.ManagerID, got.ManagerID)
			assert.Equal(t, append([]model.Field{}, u.Fields()...), append([]model.Field{}, got.Fields()...))
		}
	})
}

func TestARecordSurvivesAnotherOrderOfTheCatalogue(t *testing.T) {
	written := emptyNames(t)
	u := model.User{ID: guid(1)}
	u.Set(model.Field{Attr: model.AttrDepartment, Value: "Sales"})
	u.Set(model.Field{Attr: model.AttrCity, Value: "Ulm"})
	record := appendRecord(nil, &u, written)
	written.list[0] = "extension_of_another_schema"
	stored, err := written.stored()
	require.NoError(t, err)

	n, err := loadNames(model.FullSchema(), stored)
	require.NoError(t, err)
	got, err := (&decoder{names: n}).decode(record)
	require.NoError(t, err)
	assert.Equal(t, []model.Field{{Attr: model.AttrCity, Value: "Ulm"}}, got.Fields(), "what the schema does not know is passed over")
}

func TestEveryChangedByteOfARecordIsNoticed(t *testing.T) {
	n := emptyNames(t)
	u := model.User{}
	u.Apply(employee(7))
	record := appendRecord(nil, &u, n)
	d := decoder{names: n}
	for i := range record {
		for _, flip := range []byte{1, 0x80, 0xff} {
			broken := slices.Clone(record)
			broken[i] ^= flip
			_, err := d.decode(broken)
			require.ErrorIs(t, err, errDamaged, "byte %d", i)
		}
		_, err := d.decode(record[:i])
		require.ErrorIs(t, err, errDamaged, "cut at %d", i)
	}
}

// FuzzDecode gives bodies a right checksum, so that what is tested is what
// comes after it.
func FuzzDecode(f *testing.F) {
	n := emptyNames(f)
	for i := range 3 {
		u := model.User{}
		u.Apply(employee(i))
		f.Add(appendRecord(nil, &u, n)[checksumSize:])
	}
	f.Add([]byte{refText, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Add([]byte{refText, 1, 'x', refNone, 1, 0xff, 0xff, 0xff, 0xff, 0x0f})
	random := rand.NewChaCha8([32]byte{})
	noise := make([]byte, 300)
	_, _ = random.Read(noise)
	f.Add(noise)
	f.Fuzz(func(t *testing.T, body []byte) {
		d := decoder{names: n}
		u, err := d.decode(sealed(body))
		if err != nil {
			if !errors.Is(err, errDamaged) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		again, err := (&decoder{names: n}).decode(appendRecord(nil, u, n))
		require.NoError(t, err)
		assert.Equal(t, u, again)
	})
}

// sealed puts the right checksum before a body.
func sealed(body []byte) []byte {
	sum := castagnoli(body)
	return append([]byte{byte(sum), byte(sum >> 8), byte(sum >> 16), byte(sum >> 24)}, body...)
}

func BenchmarkRecord(b *testing.B) {
	n := emptyNames(b)
	u := model.User{}
	u.Apply(employee(7))
	record := appendRecord(nil, &u, n)
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		var dst []byte
		for b.Loop() {
			dst = appendRecord(dst[:0], &u, n)
		}
		b.ReportMetric(float64(len(dst)), "bytes/user")
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		d := decoder{names: n}
		for b.Loop() {
			if _, err := d.decode(record); err != nil {
				b.Fatal(err)
			}
		}
	})
}
