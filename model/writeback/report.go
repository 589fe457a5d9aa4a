package writeback

import (
	"encoding/json"
	"time"

	"rollcall/model"
)

// Phase is what a running apply is about.
type Phase string

const (
	PhaseReading   Phase = "reading"   // the group, before anything is written
	PhaseWriting   Phase = "writing"   // rows; the budget of writes may hold them back
	PhaseVerifying Phase = "verifying" // reading the group back
)

// Progress counts the rows of a running apply.
type Progress struct {
	Phase               Phase
	Done, Failed, Total int

	// Of a wait for changes that the group does not show yet.
	Unseen int       // rows that it does not show
	Until  time.Time // when it is read again; zero while it is not waited for
}

// Failure is a row that the tenant refused.
type Failure struct {
	Ref    Ref
	Remove bool
	Err    *model.Error
}

// Report is the outcome of one call of Apply or Resume. Its rows are those of
// the whole plan, told apart by who made them right: what this call wrote is
// added or removed, and what was right without it is already done, whether an
// earlier call of the same run wrote it or somebody else did. So a plan that
// verifies has Added + Removed + AlreadyDone rows, however often its run was
// interrupted, and one that is applied again reports all of them as already
// done.
type Report struct {
	PlanID      string
	Added       int // rows that this call wrote
	Removed     int // rows that this call wrote
	AlreadyDone int // rows that were right without this call
	Failed      []Failure
	Unseen      int  // of the rows above, those that were not seen when the group was read back
	Left        int  // rows that are not written, as far as is known: not come to, or sent without an answer
	Verified    bool // read back, and every row of the plan found as wanted
	Members     int  // direct members after the run, as read back; 0 where they were not
	Requests    int  // what the run cost, where the caller counts them
}

// MarshalJSON writes the report under the keys of the command-line contract.
func (r Report) MarshalJSON() ([]byte, error) {
	type failure struct {
		ID     string `json:"id"`
		Reason string `json:"reason"`
	}
	failed := make([]failure, len(r.Failed))
	for i, f := range r.Failed {
		failed[i] = failure{f.Ref.ID, f.Err.Message}
	}
	var members *int // no number, where the group was not read back
	if r.Verified || r.Members > 0 {
		members = &r.Members
	}
	return json.Marshal(struct {
		PlanID      string    `json:"planId"`
		Added       int       `json:"added"`
		Removed     int       `json:"removed"`
		AlreadyDone int       `json:"alreadyDone"`
		Failed      []failure `json:"failed"`
		Verified    bool      `json:"verified"`
		Members     *int      `json:"members,omitempty"`
		Requests    int       `json:"requests"`
		Unseen      int       `json:"unseen,omitempty"`
		Left        int       `json:"left,omitempty"`
	}{r.PlanID, r.Added, r.Removed, r.AlreadyDone, failed, r.Verified, members, r.Requests, r.Unseen, r.Left})
}
