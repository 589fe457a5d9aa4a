package handover

// Table returns a CSV of the rows, the header first. Every cell is made safe
// as Cell does; the rows are changed.
func Table(rows [][]string) []byte {
	for _, row := range rows {
		for i, cell := range row {
			row[i] = Cell(cell)
		}
	}
	return encode(rows)
}
