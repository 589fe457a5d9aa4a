package rule_test

import "flag"

// update is shared by the tests that hold a corpus in testdata/rules.
var update = flag.Bool("update", false, "write the results of the corpora in testdata/rules instead of comparing them")
