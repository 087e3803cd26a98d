// Package torture kills, pauses and deceives the program while it carries
// documents to a simulated Xero, and checks in the end that each of them stands
// there exactly once.
//
// Its test runs random histories, each from one seed: worker processes are
// killed at every labelled step of the protocol or stopped beyond every lease,
// answers are lost before and after the commit, commits come late, limits and
// outages strike, tokens expire. Then everything is mended, and when nothing is
// on its way any more package check looks at both sides with code of its own.
//
//	go test ./e2e/torture                                    a few histories
//	go test -v -timeout 0 ./e2e/torture -args -runs=300      many; results add up in torture-results.jsonl
//	go test -v ./e2e/torture -args -runs=1 -seed=N           the plan of seed N again
//
// A seed fixes what is planned, not how the processes interleave.
package torture
