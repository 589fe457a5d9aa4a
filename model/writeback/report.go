package writeback

import "rollcall/model"

// Progress counts the rows of a running apply.
type Progress struct{ Done, Failed, Total int }

// Failure is a row that the tenant refused.
type Failure struct {
	Ref    Ref
	Remove bool
	Err    *model.Error
}

// Report is the outcome of an apply or resume.
type Report struct {
	PlanID      string
	Added       int
	Removed     int
	AlreadyDone int
	Failed      []Failure
	Verified    bool // read back and found as wanted
	Members     int  // members after the run, as read back
}
