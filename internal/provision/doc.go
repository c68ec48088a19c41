// Package provision is the device-facing core: it knows which phone asks, what
// that phone has proved, and which bytes it gets.
//
// # The ladder
//
//	L0  a file name only               bootstrap files, the same for every phone
//	L1  an open enrolment window       the phone's own secret address, once
//	L2  the phone's secret address     everything
//
// # The snapshot
//
// All tenants, users, phones and compiled templates are held in memory. A request
// is answered from there: one look-up by the hash of the secret address, one check
// that the cached file is still made of the current tenant, user, phone and
// template (pointer comparisons), and the write. There is no query, no template
// parse and no lock that a writer holds. A change swaps one pointer before its
// caller hears that it is done, so what is acknowledged is what phones get.
//
// Look-ups cost the same for a hundred phones and a hundred thousand; memory and
// the time to start grow in proportion to the fleet.
package provision
