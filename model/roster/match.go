package roster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"rollcall/model"
	"rollcall/model/directory"
)

// By says by what a row named its user.
type By string

// A user is named by object id, user principal name, primary or secondary
// address, or employee id.
const (
	ByObjectID   By = "objectId"
	ByUPN        By = "userPrincipalName"
	ByMail       By = "mail"
	ByProxy      By = "proxyAddress"
	ByEmployeeID By = "employeeId"
)

// Matched is a row that names one user.
type Matched struct {
	Row  Row
	User int32 // row of the snapshot
	By   By    // the surest of the columns that name the user
}

// Outsider is a row that names somebody outside the tenant.
type Outsider struct{ Row Row }

// Duplicate is a row that names whom an earlier one has named.
type Duplicate struct {
	Row   Row
	First int // the earlier line
}

// Unmatched is a row that names nobody.
type Unmatched struct {
	Row    Row
	Reason string
	// Near are users whom the row nearly names: by an employee id that lacks the
	// leading zeros.
	Near []int32
}

// Ambiguous is a row that can mean several users.
type Ambiguous struct {
	Row        Row
	Reason     string
	Candidates []int32 // rows of the snapshot
}

// Match is what the rows of a file name, each row in one of the lists, in the
// order of the file.
type Match struct {
	Matched    []Matched
	Outside    []Outsider
	Duplicates []Duplicate
	Unmatched  []Unmatched
	Ambiguous  []Ambiguous
}

// MatchOptions tune a Match.
type MatchOptions struct {
	// Outside takes a row that names no user for a contact outside the tenant,
	// when it holds an address of another domain than Domains.
	Outside bool
	Domains []string // the tenant's own, in any letter case
}

// MatchRows finds the users whom the rows name. A row that fills several columns
// must name the same user by all of them that name anybody; what some of them
// leave open another may decide.
//
// Employee ids are compared without regard to letter case, with their leading
// zeros. Entra does not keep them unique: one that several users have is
// ambiguous unless another column decides. They are looked up in one pass over
// the directory, and only where a row has one.
func MatchRows(ctx context.Context, s *directory.Snapshot, rows []Row, o MatchOptions) (*Match, error) {
	m := &matching{snapshot: s, own: make(map[string]bool, len(o.Domains)), outside: o.Outside}
	for _, d := range o.Domains {
		m.own[strings.ToLower(d)] = true
	}
	var err error
	if m.employees, err = employees(ctx, s, rows); err != nil {
		return nil, err
	}
	m.users = make(map[int32]int, len(rows))
	m.strangers = make(map[string]int)
	for i := range rows {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		m.match(&rows[i])
	}
	return &m.Match, nil
}

type matching struct {
	Match
	snapshot  *directory.Snapshot
	employees map[string][]int32 // by employeeKey
	own       map[string]bool    // domains
	outside   bool
	users     map[int32]int  // row of the snapshot → the line that names it
	strangers map[string]int // address in lower case → the line that names it
}

func (m *matching) match(r *Row) {
	found, by, said, conflict := m.candidates(r)
	switch {
	case len(found) == 1:
		if first, again := m.users[found[0]]; again {
			m.Duplicates = append(m.Duplicates, Duplicate{*r, first})
			return
		}
		m.users[found[0]] = r.Line
		m.Matched = append(m.Matched, Matched{*r, found[0], by})
	case len(found) > 1:
		reason := conflict
		if reason == "" {
			reason = fmt.Sprintf("%d users go by %s", len(found), clip(said))
		}
		m.Ambiguous = append(m.Ambiguous, Ambiguous{*r, reason, found})
	default:
		m.stray(r)
	}
}

// candidates are the users whom all columns of the row that name anybody name;
// where there is none, those whom any of them names, and the contradiction. The
// surest column that names anybody is told with what it says.
func (m *matching) candidates(r *Row) (found []int32, by By, said, conflict string) {
	narrow := func(column By, value string, rows []int32) {
		switch {
		case len(rows) == 0:
		case found == nil:
			found, by, said = rows, column, value
		default:
			both := slices.DeleteFunc(slices.Clone(found), func(row int32) bool { return !slices.Contains(rows, row) })
			if len(both) > 0 && conflict == "" {
				found = both
				return
			}
			if conflict == "" {
				conflict = fmt.Sprintf("%s and %s are of different users", clip(said), clip(value))
			}
			for _, row := range rows {
				if !slices.Contains(found, row) {
					found = append(slices.Clone(found), row)
				}
			}
		}
	}
	if r.ObjectID != "" {
		if row, ok := m.snapshot.ByID(r.ObjectID); ok {
			narrow(ByObjectID, r.ObjectID, []int32{row})
		}
	}
	if r.UPN != "" {
		if row, ok := m.snapshot.ByPrincipalName(r.UPN); ok {
			narrow(ByUPN, r.UPN, []int32{row})
		} else {
			rows := m.snapshot.ByAddress(r.UPN)
			narrow(m.owns(rows, r.UPN), r.UPN, rows)
		}
	}
	if r.Address != "" && !strings.EqualFold(r.Address, r.UPN) {
		rows := m.snapshot.ByAddress(r.Address)
		narrow(m.owns(rows, r.Address), r.Address, rows)
	}
	if r.EmployeeID != "" {
		narrow(ByEmployeeID, r.EmployeeID, m.employed(r.EmployeeID, true))
	}
	return found, by, said, conflict
}

// owns says how the first of the users owns an address.
func (m *matching) owns(rows []int32, address string) By {
	switch {
	case len(rows) == 0:
		return ""
	case strings.EqualFold(m.snapshot.Value(rows[0], model.AttrUserPrincipalName), address):
		return ByUPN
	case strings.EqualFold(m.snapshot.Value(rows[0], model.AttrMail), address):
		return ByMail
	}
	return ByProxy
}

// stray places a row that names no user.
func (m *matching) stray(r *Row) {
	address := r.mailAddress()
	domain := strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
	foreign := address != "" && !m.own[domain] && r.ObjectID == "" // the id was given in a tenant
	if foreign && m.outside {
		key := strings.ToLower(address)
		if first, again := m.strangers[key]; again {
			m.Duplicates = append(m.Duplicates, Duplicate{*r, first})
			return
		}
		m.strangers[key] = r.Line
		m.Outside = append(m.Outside, Outsider{*r})
		return
	}
	u := Unmatched{Row: *r}
	if r.EmployeeID != "" {
		u.Near = m.employed(r.EmployeeID, false)
	}
	switch {
	case r.empty():
		u.Reason = "the row names nobody: it has no address and no id"
	case len(u.Near) > 0:
		u.Reason = fmt.Sprintf("no user has the employee id %s; %s differs in its leading zeros, which a spreadsheet takes away", clip(r.EmployeeID), clip(m.snapshot.Value(u.Near[0], model.AttrEmployeeID)))
	case r.ObjectID != "":
		u.Reason = fmt.Sprintf("no synced user has the id %q", r.ObjectID)
	case foreign:
		u.Reason = "no user owns " + clip(address) + ", and its domain is not the tenant's"
	case address != "":
		u.Reason = "no user owns " + clip(address)
	default:
		u.Reason = "no user has the employee id " + clip(r.EmployeeID)
	}
	m.Unmatched = append(m.Unmatched, u)
}

// employeeKey is an employee id as it is looked up: ids that differ in letter
// case or leading zeros are found together.
func employeeKey(id string) string {
	id = strings.TrimSpace(id)
	if rest := strings.TrimLeft(id, "0"); rest != "" {
		id = rest
	}
	return strings.ToLower(id)
}

// employed are the users of an employee id, or those of one that differs in its
// leading zeros.
func (m *matching) employed(id string, same bool) []int32 {
	var rows []int32
	for _, row := range m.employees[employeeKey(id)] {
		if strings.EqualFold(strings.TrimSpace(m.snapshot.Value(row, model.AttrEmployeeID)), id) == same {
			rows = append(rows, row)
		}
	}
	return rows
}
