package writeback

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
)

func samplePlan(t *testing.T) *Plan {
	t.Helper()
	hostile := user("new")
	hostile.DisplayName = "=cmd|'/c calc'!A0\u202e\xff\n<script>"
	return propose(t, newWorld(append(users("a", "old"), nested("sub"))...).params(ModeMirror, user("a"), hostile))
}

func TestAPlanFileIsReadBackAsItWas(t *testing.T) {
	p := samplePlan(t)
	data, err := p.Encode()
	require.NoError(t, err)
	got, err := Decode(data)
	require.NoError(t, err)
	again, err := got.Encode()
	require.NoError(t, err)
	assert.Equal(t, string(data), string(again))
	assert.Equal(t, p.ID, strings.TrimPrefix(p.Hash, "sha256:")[:12])

	compact, err := json.Marshal(p)
	require.NoError(t, err)
	_, err = Decode(compact)
	assert.NoError(t, err, "white space is no part of a plan")
	_, err = Decode(bytes.ReplaceAll(bytes.ReplaceAll(data, []byte(`\u003c`), []byte("<")), []byte("\u202e"), []byte(`\u202E`)))
	assert.NoError(t, err, "nor is the way in which a text is escaped, as other programs do it")
}

func TestThePlanHasTheKeysThatScriptsRelyOn(t *testing.T) {
	data, err := propose(t, newWorld().params(ModeMirror)).Encode()
	require.NoError(t, err)
	var keys map[string]any
	require.NoError(t, json.Unmarshal(data, &keys))
	for _, key := range []string{"id", "tenantId", "group", "mode", "base", "add", "remove", "unchanged", "skipped", "guards"} {
		assert.Contains(t, keys, key)
	}
	assert.NotContains(t, string(data), "null", "an empty list is a list")
}

func TestAChangedFileIsRefused(t *testing.T) {
	data, err := samplePlan(t).Encode()
	require.NoError(t, err)
	for _, change := range [][2]string{
		{`"u-new"`, `"u-old2"`},
		{`"u-old"`, `"u-old2"`},
		{`"limit": -1`, `"limit": 9`},
		{`"t-1"`, `"t-2"`},
		{`"mode": "mirror"`, `"mode": "add"`},
		{`"hash": "sha256:`, `"hash": "sha256:0`},
		{`"id": "` + samplePlan(t).ID, `"id": "000000000000`},
		{`"remove": [`, `"remove": [], "Remove": [`},
		{`"remove": [`, `"remove": [{"id": "u-boss", "userPrincipalName": ""}], "remove": [`},
		{`"mode": "mirror"`, `"MODE": "mirror"`},
		{`"mode": "mirror"`, `"exclude": [], "mode": "mirror"`},
	} {
		t.Run(change[0], func(t *testing.T) {
			changed := bytes.Replace(data, []byte(change[0]), []byte(change[1]), 1)
			require.NotEqual(t, data, changed)
			_, err := Decode(changed)
			e := model.AsError(err)
			require.NotNil(t, e)
			assert.Equal(t, model.KindUsage, e.Kind)
			assert.Equal(t, "planChanged", e.Code)
		})
	}
}

func TestAFileThatIsNoPlanIsRefused(t *testing.T) {
	data, err := samplePlan(t).Encode()
	require.NoError(t, err)
	for name, text := range map[string]string{
		"empty": "", "text": "hello", "another object": `{"users":[]}`, "two plans": string(data) + string(data),
		"null": "null", "cut off": string(data[:len(data)/2]),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Decode([]byte(text))
			assert.Equal(t, model.KindUsage, model.AsError(err).Kind)
		})
	}
}

// A hash proves no origin: whoever changes a plan can hash it again. What the
// plan says of itself must hold all the same.
func TestAPlanThatWasHashedAgainMustStillFitItself(t *testing.T) {
	rehash := func(p *Plan) *Plan {
		hash, err := p.digest()
		require.NoError(t, err)
		p.Hash, p.ID = hash, idOf(hash)
		return p
	}
	for name, change := range map[string]func(p *Plan){
		"a path for an id":            func(p *Plan) { p.Remove[0].ID = "x/../../users/y" },
		"no id":                       func(p *Plan) { p.Add[0].ID = "" },
		"a quote in an id":            func(p *Plan) { p.Add[0].ID = "a';Remove-Item" },
		"a group that is a path":      func(p *Plan) { p.Group.ID = "g/members" },
		"another removal":             func(p *Plan) { p.Remove[0].ID = "u-boss" },
		"added and removed":           func(p *Plan) { p.Add[0].ID = p.Remove[0].ID },
		"added twice":                 func(p *Plan) { p.Add = append(p.Add, p.Add[0]) },
		"a guard that is missing":     func(p *Plan) { p.Guards = p.Guards[1:] },
		"a guard that looks away":     func(p *Plan) { p.Guards[0].Value = 0 },
		"a guard that trips":          func(p *Plan) { p.Guards[0].Limit = 0 },
		"a share that is none":        func(p *Plan) { p.Guards[2].Value = 0 },
		"a first mirror of no size":   func(p *Plan) { p.Guards[6].Value = 0 },
		"guards in another order":     func(p *Plan) { p.Guards[0], p.Guards[1] = p.Guards[1], p.Guards[0] },
		"a guard that nobody knows":   func(p *Plan) { p.Guards = append(p.Guards, GuardResult{Name: "luck", Limit: 1}) },
		"a guard that is there twice": func(p *Plan) { p.Guards[1] = p.Guards[0] },
		"five guards":                 func(p *Plan) { p.Guards = p.Guards[:5] },
		"no guards":                   func(p *Plan) { p.Guards = nil },
		"a limit below off":           func(p *Plan) { p.Guards[0].Limit = -2 },
		"an audience too small":       func(p *Plan) { p.Guards[5].Value = 0 },
		"former guards, handed over": func(p *Plan) {
			p.HandOver = true
			p.Guards = []GuardResult{p.Guards[0], p.Guards[1], p.Guards[4], p.Guards[5]}
		},
		"another count":              func(p *Plan) { p.BaseCount++ },
		"a mode that nobody has":     func(p *Plan) { p.Mode = "replace" },
		"removals that only add":     func(p *Plan) { p.Mode = ModeAdd },
		"additions that only remove": func(p *Plan) { p.Mode = ModeRemove },
		"a source that may be empty": func(p *Plan) {
			p.Guards[5].Limit = off
			p.Guards[5].Tripped = false
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := samplePlan(t)
			change(p)
			err := rehash(p).Verify()
			require.Error(t, err)
			assert.Equal(t, "planUnreadable", model.AsError(err).Code)
		})
	}
	assert.NoError(t, rehash(samplePlan(t)).Verify())
}

// formerPlan was written by the version before guards held shares and first
// mirrors.
const formerPlan = `{"id":"1a51de32fa38","tenantId":"t-1",
"group":{"id":"g-1","displayName":"Sales","kind":"security"},
"mode":"mirror","from":["segment:S"],
"base":"sha256:787a083685357f30bd3a0fb771f560173ce617ff00db8e39223b3c730297416b","baseCount":3,
"add":[{"id":"u-new","userPrincipalName":"new@contoso.com","displayName":"Zoë \u003cO'Neil\u003e \u0026 \"co\" \u202e"}],
"remove":[{"id":"u-old","userPrincipalName":"old@contoso.com","displayName":"old"}],
"keep":["n-sub","u-a"],"unchanged":1,
"skipped":[{"entry":"sub","reason":"nested group is a member and was left alone: rollcall removes users only"}],
"guards":[{"name":"removals","limit":50,"value":1,"tripped":false},
{"name":"additions","limit":1000,"value":1,"tripped":false},
{"name":"leastSize","limit":1,"value":3,"tripped":false},
{"name":"emptySource","limit":1,"value":2,"tripped":false}],
"author":"adele@contoso.com","createdAt":"2026-11-22T12:00:00Z","hash":"sha256:1a51de32fa384135823857562f055e4e2930c37d853e6fed687ce187f1c69963"}`

// Plans stay in ledgers and files while rollcall goes on.
func TestAPlanOfTheFormerVersionIsReadAndHeldAgainstEveryGuard(t *testing.T) {
	p, err := Decode([]byte(formerPlan))
	require.NoError(t, err)
	assert.Equal(t, "1a51de32fa38", p.ID)
	require.Len(t, p.Guards, 4)
	require.NoError(t, Check(p, approved), "its own guards let it pass")

	held := *p
	held.Guards = DefaultGuards().Hold(p, true)
	require.Len(t, held.Guards, 7)
	assert.Equal(t, []string{"firstMirror"}, trippedOf(&held))
	assert.Equal(t, 2, held.Guards[5].Value, "the audience is the plan's own word")
	assert.Equal(t, "guardFirstMirror", model.AsError(Check(&held, approved)).Code)

	less, err := p.Without("u-old")
	require.NoError(t, err)
	require.NoError(t, less.Verify(), "what is derived from it is whole as well")
	w := newWorld(append(users("a", "old"), nested("sub"))...)
	w.people["u-new"] = user("new")
	report, err := Apply(t.Context(), w.deps(), p, approved)
	require.NoError(t, err)
	assert.True(t, report.Verified)
}

func FuzzDecode(f *testing.F) {
	p, err := New(newWorld(user("old")).params(ModeMirror, user("new")))
	require.NoError(f, err)
	data, err := p.Encode()
	require.NoError(f, err)
	f.Add(data)
	f.Add([]byte(`{"id":"","keep":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Decode(data)
		if err != nil {
			require.Equal(t, model.KindUsage, model.AsError(err).Kind)
			return
		}
		again, err := p.Encode()
		require.NoError(t, err)
		back, err := Decode(again)
		require.NoError(t, err)
		require.Equal(t, p.Hash, back.Hash)
	})
}
