package roster

import (
	"context"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"rollcall/model"
	"rollcall/model/directory"
	"rollcall/model/rule"
)

// employees finds the users of the employee ids that the rows name. The
// directory has no index of that column, and one of a million ids would cost
// more than to look each of them up among the few thousand that are asked for.
func employees(ctx context.Context, s *directory.Snapshot, rows []Row) (map[string][]int32, error) {
	found := make(map[string][]int32)
	for i := range rows {
		if id := rows[i].EmployeeID; id != "" {
			found[employeeKey(id)] = nil
		}
	}
	if len(found) == 0 || !s.Schema().IsSynced(model.AttrEmployeeID) {
		return found, nil
	}
	program, _, err := rule.Compile("user.employeeId -ne null", s.Schema(), time.Time{})
	if err != nil {
		return nil, err
	}
	set, err := s.Select(ctx, program)
	if err != nil {
		return nil, err
	}
	having := make([]int32, 0, set.Count())
	for row := range set.All() {
		having = append(having, row)
	}
	type hit struct {
		key string
		row int32
	}
	const part = 1 << 16
	hits := make([][]hit, (len(having)+part-1)/part)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range hits {
		group.Go(func() error {
			for _, row := range having[i*part : min((i+1)*part, len(having))] {
				key := employeeKey(s.Value(row, model.AttrEmployeeID))
				if _, wanted := found[key]; wanted {
					hits[i] = append(hits[i], hit{key, row})
				}
			}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, part := range hits {
		for _, h := range part {
			found[h.key] = append(found[h.key], h.row)
		}
	}
	return found, nil
}
