package rule

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Duration is what -plus or -minus adds to system.now: an ISO 8601 duration
// whose years, months, weeks and days follow the calendar. The zero value adds
// nothing and is not printed.
type Duration struct {
	Minus                      bool
	Years, Months, Weeks, Days int
	Hours, Minutes, Seconds    int
}

// maxDurationDigits keeps a shifted time inside the years that a time.Time can
// hold.
const maxDurationDigits = 5

var errNoDuration = errors.New("not an ISO 8601 duration")

// parseDuration reads an ISO 8601 duration in any letter case, such as P7DT3H.
// It needs at least one part, and one after a T.
func parseDuration(s string) (Duration, error) {
	var d Duration
	rest, ok := strings.CutPrefix(strings.ToUpper(s), "P")
	if !ok {
		return d, errNoDuration
	}
	date, clock, hasClock := strings.Cut(rest, "T")
	if date == "" && !hasClock || hasClock && clock == "" {
		return d, errNoDuration
	}
	if !readParts(date, "YMWD", &d.Years, &d.Months, &d.Weeks, &d.Days) ||
		!readParts(clock, "HMS", &d.Hours, &d.Minutes, &d.Seconds) {
		return Duration{}, errNoDuration
	}
	return d, nil
}

// readParts reads numbers that are each followed by one of the units, in their
// order, into the places of the units.
func readParts(s, units string, places ...*int) bool {
	for s != "" {
		digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
		if digits == 0 || digits > maxDurationDigits || digits == len(s) {
			return false
		}
		unit := strings.IndexByte(units, s[digits])
		if unit < 0 {
			return false
		}
		n, err := strconv.Atoi(s[:digits])
		if err != nil {
			return false
		}
		*places[unit] = n
		s, units, places = s[digits+1:], units[unit+1:], places[unit+1:]
	}
	return true
}

// String returns the duration without its sign: "P7DT3H".
func (d Duration) String() string {
	part := func(n int, unit string) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n) + unit
	}
	date := part(d.Years, "Y") + part(d.Months, "M") + part(d.Weeks, "W") + part(d.Days, "D")
	clock := part(d.Hours, "H") + part(d.Minutes, "M") + part(d.Seconds, "S")
	switch {
	case clock != "":
		return "P" + date + "T" + clock
	case date == "":
		return "P0D"
	default:
		return "P" + date
	}
}

// from returns the moment that lies the duration after t, or before it.
func (d Duration) from(t time.Time) time.Time {
	sign := 1
	if d.Minus {
		sign = -1
	}
	t = t.AddDate(sign*d.Years, sign*d.Months, sign*(7*d.Weeks+d.Days))
	seconds := int64(d.Hours)*3600 + int64(d.Minutes)*60 + int64(d.Seconds)
	return t.Add(time.Duration(int64(sign)*seconds) * time.Second)
}
