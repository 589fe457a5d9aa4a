package emulator

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"rollcall/graph/emulator/seed"
)

func TestTheDirectoryChangesALittleAtEachInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tenant := seed.New(seed.Options{Users: 200})
		before := tenant.UserCount()
		s := &Server{options: Options{Seed: 1}, tenant: tenant}
		ctx, cancel := context.WithCancel(t.Context())
		s.running.Go(func() { s.churn(ctx, time.Minute) })
		for range 14 {
			seq := tenant.Seq()
			time.Sleep(time.Minute) // the bubble's time: nobody waits
			synctest.Wait()
			assert.Greater(t, tenant.Seq(), seq)
		}
		kinds := make(map[seed.ChangeKind]bool)
		for _, change := range tenant.Changes(0, 0) {
			kinds[change.Kind] = true
		}
		assert.True(t, kinds[seed.UserHired] && kinds[seed.UserUpdated], "somebody joined, somebody moved")
		assert.True(t, kinds[seed.UserSoftDeleted], "somebody left")
		assert.True(t, kinds[seed.UserRestored], "somebody came back")
		assert.Equal(t, before, tenant.UserCount())
		cancel()
		s.running.Wait()
	})
}
