package refresh_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rollcall/model"
	"rollcall/model/refresh"
)

// zone has no summer time, and is not that of the machine.
var zone = time.FixedZone("test", 3*60*60)

// scheduled is a bench whose clock is the bubble's plus what a test adds to
// it, and whose jitter is the most there can be.
type scheduled struct {
	*bench
	skew   atomic.Int64 // nanoseconds that the wall clock is ahead of the timers, as after a machine's sleep
	rounds []time.Time
	runner *refresh.Runner
}

func newScheduled(now string) *scheduled {
	s := &scheduled{bench: newBench(3)}
	begin, err := time.ParseInLocation("2006-01-02 15:04", now, zone)
	if err != nil {
		panic(err)
	}
	s.skew.Store(int64(time.Until(begin)))
	s.tenant.before = func(call string) {
		if call == "delta" {
			s.rounds = append(s.rounds, s.now())
		}
	}
	s.runner = refresh.New(refresh.Options{
		Source: s.tenant, Store: s.store, Directory: s.users, Schema: s.schema, TenantID: func() string { return tenantID },
		Now: s.now, Jitter: func(limit time.Duration) time.Duration { return limit },
	})
	return s
}

func (s *scheduled) now() time.Time { return time.Now().Add(time.Duration(s.skew.Load())).In(zone) }

// clock writes the rounds as "day hour:minute".
func (s *scheduled) clock() []string {
	var out []string
	for _, at := range s.rounds {
		out = append(out, at.Format("2 15:04"))
	}
	return out
}

// during runs fn while Background runs, and waits for its end.
func (s *scheduled) during(t *testing.T, schedule refresh.Schedule, fn func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.runner.Background(ctx, schedule, func(ctx context.Context) error {
			_, err := s.runner.Run(ctx, false)
			return err
		})
	}()
	synctest.Wait()
	fn()
	cancel()
	<-done
}

func nightly(t *testing.T, s string) refresh.Nightly {
	t.Helper()
	n, err := refresh.ParseNightly(s)
	require.NoError(t, err)
	return n
}

func TestBackgroundSyncsAtOnceWhenItNeverDid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScheduled("2026-11-03 09:00")
		s.during(t, refresh.Schedule{}, func() {
			time.Sleep(72 * time.Hour)
			synctest.Wait()
		})
		assert.Equal(t, []string{"3 09:00"}, s.clock(), "and with no nightly time, once only")
	})
}

func TestBackgroundSyncsAtTheStartOnlyWhenTheDataIsOld(t *testing.T) {
	for age, want := range map[time.Duration]int{23 * time.Hour: 1, 25 * time.Hour: 2} {
		synctest.Test(t, func(t *testing.T) {
			s := newScheduled("2026-11-03 09:00")
			_, err := s.runner.Run(t.Context(), false)
			require.NoError(t, err)
			time.Sleep(age)
			s.during(t, refresh.Schedule{}, func() {})
			assert.Len(t, s.rounds, want, "%s old", age)
		})
	}
}

func TestBackgroundSyncsEachNightWithJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScheduled("2026-11-03 09:00")
		s.during(t, refresh.Schedule{Nightly: nightly(t, "02:00"), Jitter: 20 * time.Minute}, func() {
			time.Sleep(48 * time.Hour)
			synctest.Wait()
		})
		assert.Equal(t, []string{"3 09:00", "4 02:20", "5 02:20"}, s.clock())
	})
}

func TestANightThatTheMachineSleptThroughIsCaughtUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScheduled("2026-11-03 23:00")
		s.during(t, refresh.Schedule{Nightly: nightly(t, "02:00")}, func() {
			s.skew.Add(int64(9 * time.Hour)) // the lid is closed from 23:00 to 08:00
			time.Sleep(5 * time.Minute)
			synctest.Wait()
		})
		assert.Equal(t, []string{"3 23:00", "4 08:05"}, s.clock())
	})
}

func TestANightThatPassedWhileNothingRanIsCaughtUpAtTheStart(t *testing.T) {
	for closed, want := range map[time.Duration][]string{
		2 * time.Hour: {"3 23:00", "4 02:20"}, // until one o'clock: not missed
		4 * time.Hour: {"3 23:00", "4 03:00"}, // an hour late, and no jitter while somebody looks on
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScheduled("2026-11-03 23:00")
			_, err := s.runner.Run(t.Context(), false)
			require.NoError(t, err)
			time.Sleep(closed)
			s.during(t, refresh.Schedule{Nightly: nightly(t, "02:00"), Jitter: 20 * time.Minute}, func() {
				time.Sleep(90 * time.Minute)
				synctest.Wait()
			})
			assert.Equal(t, want, s.clock())
		})
	}
}

func TestAFailedRoundIsTriedAgainAfterAGrowingPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScheduled("2026-11-03 09:00")
		var tries []string
		s.tenant.fail = func(call, _ string) error {
			if call != "begin" {
				return nil
			}
			tries = append(tries, s.now().Format("15:04"))
			if len(tries) < 7 {
				return &model.Error{Kind: model.KindUnavailable, Message: "no network"}
			}
			return nil
		}
		s.during(t, refresh.Schedule{}, func() {
			time.Sleep(12 * time.Hour)
			synctest.Wait()
		})
		assert.Equal(t, []string{"09:00", "09:01", "09:03", "09:07", "09:15", "09:30", "09:45"}, tries)
		assert.Len(t, s.rounds, 1)
	})
}

func TestARoundThatNeedsAnAdministratorWaitsForTheNight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScheduled("2026-11-03 09:00")
		var tries []string
		s.tenant.fail = func(call, _ string) error {
			if call == "count" {
				return nil
			}
			tries = append(tries, s.now().Format("2 15:04"))
			return &model.Error{Kind: model.KindSignIn, Message: "sign in again"}
		}
		s.during(t, refresh.Schedule{Nightly: nightly(t, "02:00")}, func() {
			time.Sleep(20 * time.Hour)
			synctest.Wait()
		})
		assert.Equal(t, []string{"3 09:00", "4 02:00"}, tries)
	})
}

func TestTheNightlyTimeStaysThatOfTheClockWhenTheClocksChange(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	synctest.Test(t, func(t *testing.T) {
		s := newScheduled("2026-11-03 09:00")
		begin := time.Date(2026, 10, 24, 12, 0, 0, 0, berlin) // summer time ends that night
		s.skew.Store(int64(time.Until(begin)))
		var at []string
		runner := refresh.New(refresh.Options{
			Source: s.tenant, Store: s.store, Directory: s.users, Schema: s.schema, TenantID: func() string { return tenantID },
			Now: func() time.Time { return s.now().In(berlin) },
		})
		s.tenant.before = func(call string) {
			if call == "delta" {
				at = append(at, s.now().In(berlin).Format("2 15:04 MST"))
			}
		}
		s.runner = runner
		s.during(t, refresh.Schedule{Nightly: nightly(t, "06:30")}, func() {
			time.Sleep(24 * time.Hour)
			synctest.Wait()
		})
		assert.Equal(t, []string{"24 12:00 CEST", "25 06:30 CET"}, at)
	})
}

func TestParseNightly(t *testing.T) {
	assert.Equal(t, refresh.Nightly{Hour: 2, Minute: 5, On: true}, nightly(t, "02:05"))
	assert.Equal(t, refresh.Nightly{}, nightly(t, "off"))
	assert.Equal(t, refresh.Nightly{}, nightly(t, ""))
	for _, text := range []string{"02:05", "23:59", "off"} {
		assert.Equal(t, text, nightly(t, text).String())
	}
	for _, bad := range []string{"25:00", "2am", "02:00:00", "always"} {
		_, err := refresh.ParseNightly(bad)
		assert.Equal(t, model.KindUsage, kindOf(t, err), bad)
	}
}
