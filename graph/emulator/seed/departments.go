package seed

import "slices"

// department is a branch of the company: a tree of its own under the chief
// executive, whose head is a vice president.
type department struct {
	name       string
	code       string // in the addresses of lists
	costCentre string
	share      int // how often it comes in the cycle of 128 users

	head, director, manager string // titles of those with reports, from the top
	titles                  []string
}

// span is the number of direct reports that the computed tree gives.
const span = 8

// Departments that groups and fixed users are made from.
const (
	deptExecutive = iota
	deptSales
	deptEngineering
	deptMarketing
	deptFinance
	deptHumanResources
	deptIT
	deptOperations
	deptSupport
	deptLegal
	deptProduct
	deptResearch
	noDepartment = -1
)

func departments() []department {
	return []department{
		deptExecutive: {
			"Executive", "executive", "CC-1000", 2, "Chief of Staff", "Director of Strategy", "Strategy Manager",
			[]string{"Executive Assistant", "Strategy Analyst"},
		},
		deptSales: {
			"Sales", "sales", "CC-2100", 22, "Vice President, Sales", "Regional Sales Director", "Sales Manager",
			[]string{"Account Executive", "Account Executive", "Senior Account Executive", "Sales Development Representative", "Inside Sales Representative", "Sales Engineer", "Key Account Manager"},
		},
		deptEngineering: {
			"Engineering", "engineering", "CC-3100", 26, "Vice President, Engineering", "Director of Engineering", "Engineering Manager",
			[]string{"Software Engineer", "Software Engineer", "Senior Software Engineer", "Staff Engineer", "Site Reliability Engineer", "Test Engineer", "Firmware Engineer"},
		},
		deptMarketing: {
			"Marketing", "marketing", "CC-2200", 10, "Vice President, Marketing", "Marketing Director", "Marketing Manager",
			[]string{"Marketing Specialist", "Content Writer", "Brand Designer", "Campaign Analyst", "Event Planner"},
		},
		deptFinance: {
			"Finance", "finance", "CC-1200", 9, "Vice President, Finance", "Finance Director", "Accounting Manager",
			[]string{"Accountant", "Senior Accountant", "Financial Analyst", "Payroll Specialist", "Controller"},
		},
		deptHumanResources: {
			"Human Resources", "hr", "CC-1300", 6, "Vice President, Human Resources", "HR Director", "HR Manager",
			[]string{"HR Business Partner", "Recruiter", "Learning Specialist", "HR Generalist"},
		},
		deptIT: {
			"IT", "it", "CC-1400", 9, "Vice President, IT", "Director of IT", "IT Manager",
			[]string{"Systems Administrator", "Network Engineer", "Service Desk Analyst", "Identity Engineer", "Database Administrator"},
		},
		deptOperations: {
			"Operations", "operations", "CC-4100", 14, "Vice President, Operations", "Operations Director", "Operations Manager",
			[]string{"Operations Analyst", "Logistics Coordinator", "Warehouse Associate", "Procurement Specialist", "Quality Inspector"},
		},
		deptSupport: {
			"Customer Support", "support", "CC-4200", 14, "Vice President, Customer Support", "Support Director", "Support Team Lead",
			[]string{"Support Engineer", "Customer Success Manager", "Support Specialist", "Technical Account Manager"},
		},
		deptLegal: {
			"Legal", "legal", "CC-1500", 4, "General Counsel", "Associate General Counsel", "Legal Manager",
			[]string{"Corporate Counsel", "Paralegal", "Compliance Officer", "Contracts Specialist"},
		},
		deptProduct: {
			"Product", "product", "CC-3200", 7, "Vice President, Product", "Director of Product", "Group Product Manager",
			[]string{"Product Manager", "Product Owner", "UX Designer", "UX Researcher"},
		},
		deptResearch: {
			"Research & Development", "research", "CC-3300", 5, "Vice President, Research", "Research Director", "Research Manager",
			[]string{"Research Scientist", "Data Scientist", "Laboratory Technician"},
		},
	}
}

// cycle deals the numbers 0, 1, 2, … to kinds with fixed shares: which kind
// number i is of repeats after len(kind) numbers. It can be read both ways, so
// "the tenth of kind k" is found without counting.
type cycle struct {
	kind []int   // by position in the cycle
	rank []int   // by position: how many of its kind stand before it
	at   [][]int // by kind: its positions
}

func newCycle(k key, shares []int) cycle {
	var c cycle
	for kind, share := range shares {
		c.kind = append(c.kind, slices.Repeat([]int{kind}, share)...)
	}
	for i := len(c.kind) - 1; i > 0; i-- { // Fisher-Yates
		j := k.below(uint64(i), i+1)
		c.kind[i], c.kind[j] = c.kind[j], c.kind[i]
	}
	c.rank = make([]int, len(c.kind))
	c.at = make([][]int, len(shares))
	for i, kind := range c.kind {
		c.rank[i] = len(c.at[kind])
		c.at[kind] = append(c.at[kind], i)
	}
	return c
}

// locate returns the kind of number i and how many of that kind came before.
func (c *cycle) locate(i int) (kind, nth int) {
	round, pos := i/len(c.kind), i%len(c.kind)
	kind = c.kind[pos]
	return kind, round*len(c.at[kind]) + c.rank[pos]
}

// number is the inverse of locate.
func (c *cycle) number(kind, nth int) int {
	at := c.at[kind]
	return nth/len(at)*len(c.kind) + at[nth%len(at)]
}
