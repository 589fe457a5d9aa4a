package emulator

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"rollcall/model"
)

// Faults are how often a tenant misbehaves. Probabilities are per request to
// Graph or Exchange, from 0 to 1; inner requests of a $batch are throttled and
// failed on their own.
//
// Throttle, Server, Expire, Cut and Unreplicated strike before a request is
// looked at: a write that meets one has changed nothing. Timeout and Unanswered
// strike when a write has taken effect, and Halfway when some of a batch have.
// Truncate strikes then too, but of writes only those in a $batch: the others
// are answered without a body.
type Faults struct {
	Latency  time.Duration // added to each answer
	Throttle float64       // 429 with a fractional Retry-After between 0.5 and 2.5 s
	Server   float64       // 500, 502, 503 or 504
	Cut      float64       // the connection breaks before an answer
	Truncate float64       // the body ends half-way, cleanly: valid HTTP, broken JSON
	Expire   float64       // the access token is from now on an expired one: 401

	// Of memberships.
	Lag          time.Duration // members are listed and counted as they were this long ago, in either store
	Unanswered   float64       // a write, or a $batch with one, takes effect and the connection breaks before an answer
	Halfway      float64       // of a $batch with a write some requests are served, then the connection breaks
	Timeout      float64       // a write takes effect and is answered with 504 nevertheless
	Unreplicated float64       // a write is refused as if the group had just been created: 400
	Absent400    bool          // removing who is no member is answered with 400 in place of 404

	// Of pages of users, in listings and in delta rounds.
	Empty float64 // a page holds nobody but leads on
	Loop  float64 // a page's nextLink is the link that it was read with
	Stale float64 // a listing's nextLink has expired: 400 Directory_ExpiredPageToken

	// Of delta rounds.
	Dup      float64 // a record comes twice, or again in the next round
	Reorder  bool    // the records of a page come in any order
	Stranger float64 // a page removes a user that never was
	Gone     float64 // a link is answered with 410 and a Location
	Lost     float64 // a link is answered with 400 or 404 and syncStateNotFound

	// Everybody makes the Exchange Online Admin API answer with every recipient
	// when it is asked for a list that is not there, or for none.
	Everybody bool

	// Names of user properties, in any letter case, whose selection is refused.
	NotImplemented []string // with 501
	Unknown        []string // with 400, as no property of users
}

// chances are the faults that come with a probability, by their names in
// a specification.
func (f *Faults) chances() map[string]*float64 {
	return map[string]*float64{
		"unanswered": &f.Unanswered, "halfway": &f.Halfway, "timeout": &f.Timeout, "unreplicated": &f.Unreplicated,
		"429": &f.Throttle, "5xx": &f.Server, "cut": &f.Cut, "truncate": &f.Truncate, "expire": &f.Expire,
		"empty": &f.Empty, "loop": &f.Loop, "stale": &f.Stale,
		"dup": &f.Dup, "stranger": &f.Stranger, "gone": &f.Gone, "lost": &f.Lost,
	}
}

// properties are the faults that name properties, by their names in a
// specification.
func (f *Faults) properties() map[string]*[]string {
	return map[string]*[]string{"501": &f.NotImplemented, "400": &f.Unknown}
}

// durations are the faults that take a time, by their names in a specification.
func (f *Faults) durations() map[string]*time.Duration {
	return map[string]*time.Duration{"latency": &f.Latency, "lag": &f.Lag}
}

// flags are the faults without a value, by their names in a specification.
func (f *Faults) flags() map[string]*bool {
	return map[string]*bool{"reorder": &f.Reorder, "everybody": &f.Everybody, "absent400": &f.Absent400}
}

// ParseFault reads a fault specification: items separated by commas, each a
// name with a value, in any order. Several properties are joined by "+".
//
//	latency=20ms,429=0.05,5xx=0.02,cut=0.01,truncate=0.01,expire=0.01
//	lag=5s,unanswered=0.01,halfway=0.01,timeout=0.01,unreplicated=0.01,absent400
//	empty=0.1,loop=0.01,stale=0.01
//	dup=0.1,reorder,stranger=0.1,gone=0.01,lost=0.01
//	everybody
//	501=faxNumber,400=employeeHireDate+imAddresses
//
// The values are the fields of Faults. An unknown name or a value out of range
// is a KindUsage error.
func ParseFault(spec string) (Faults, error) {
	var f Faults
	if strings.TrimSpace(spec) == "" {
		return f, nil
	}
	chances, properties, durations, flags := f.chances(), f.properties(), f.durations(), f.flags()
	for item := range strings.SplitSeq(spec, ",") {
		name, value, hasValue := strings.Cut(strings.TrimSpace(item), "=")
		switch {
		case flags[name] != nil && hasValue:
			return badFault("%s takes no value", name)
		case flags[name] != nil:
			*flags[name] = true
		case durations[name] != nil:
			d, err := time.ParseDuration(value)
			if err != nil || d < 0 {
				return badFault("%s needs a duration such as 20ms, not %q", name, value)
			}
			*durations[name] = d
		case chances[name] != nil:
			p, err := strconv.ParseFloat(value, 64)
			if err != nil || !(p >= 0 && p <= 1) {
				return badFault("%s needs a share from 0 to 1, not %q", name, value)
			}
			*chances[name] = p
		case properties[name] != nil:
			for property := range strings.SplitSeq(value, "+") {
				if property = strings.TrimSpace(property); property == "" {
					return badFault("%s needs names of user properties such as faxNumber+city, not %q", name, value)
				}
				*properties[name] = append(*properties[name], property)
			}
		default:
			return badFault("there is no fault %q", name)
		}
	}
	return f, nil
}

func badFault(format string, args ...any) (Faults, error) {
	return Faults{}, &model.Error{
		Kind: model.KindUsage, Code: "faultSpec", Message: "fault specification: " + fmt.Sprintf(format, args...),
		Remedy: "write for example latency=20ms,429=0.05,5xx=0.02,cut=0.01,truncate=0.01,expire=0.01,dup=0.1,reorder,gone=0.01,501=faxNumber",
	}
}
