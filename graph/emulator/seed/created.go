package seed

import "time"

// massImport is a day on which the company created accounts by the thousand.
type massImport struct {
	at       time.Time // the first of its hours
	hours    int
	permille int // of those who had been hired by then and were not imported before
}

// massImports are the move to Entra, which took a night, and the companies
// bought since.
func massImports() []massImport {
	on := func(year int, month time.Month, day, hour int) time.Time {
		return time.Date(year, month, day, hour, 0, 0, 0, time.UTC)
	}
	return []massImport{
		{on(2017, time.March, 18, 1), 5, 800},
		{on(2019, time.September, 28, 22), 2, 150},
		{on(2022, time.April, 2, 4), 3, 120},
		{on(2024, time.November, 16, 2), 1, 60},
	}
}

// unknownBefore is when the directory began to know when an account was made.
// Source: Graph documentation, "user resource type", createdDateTime.
var unknownBefore = time.Date(2018, time.June, 1, 0, 0, 0, 0, time.UTC)

// hiredEvery is the time between two users who are hired after the start.
const hiredEvery = 61 * time.Second

// created is the time at which the account was made, in whole seconds; zero
// where the directory does not know it.
func (t *Tenant) created(tr *traits) time.Time {
	switch {
	case tr.index == serviceAccount:
		return today.AddDate(-2, 0, 0).Add(9 * time.Hour)
	case tr.index >= t.users:
		return today.Add(time.Duration(tr.index-t.users+1) * hiredEvery)
	}
	at := t.provisioned(tr)
	if at.Before(unknownBefore) && tr.key.chance(topicCreated, t.nullCreated) {
		return time.Time{}
	}
	return at
}

// provisioned is when an account was imported with many others, or made in the
// days before its bearer's first.
func (t *Tenant) provisioned(tr *traits) time.Time {
	k := tr.key
	hired := today.Add(-time.Duration(hiredDaysAgo(k)) * day)
	if !tr.guest {
		for i := range t.imports {
			m := &t.imports[i]
			if hired.Before(m.at) && k.chance(topicImport+uint64(i), m.permille) {
				return m.at.Add(time.Duration(k.below(topicHiredTime, m.hours*3600)) * time.Second)
			}
		}
	}
	const opens, open = 6 * time.Hour, 12 * 3600
	return hired.Add(opens - time.Duration(k.below(topicLead, 4))*day + time.Duration(k.below(topicHiredTime, open))*time.Second)
}

const day = 24 * time.Hour
