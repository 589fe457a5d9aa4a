package refresh

import "context"

// Restore reads from the store when the last round ended, so that Progress can
// say it before the first round of this process. Call it before any round.
func (r *Runner) Restore(ctx context.Context) error {
	state, err := r.opts.Store.State(ctx)
	if err != nil {
		return err
	}
	r.progress.Store(&Progress{Phase: PhaseIdle, SyncedAt: state.SyncedAt})
	return nil
}
