// Package pnp is the listener for SIP plug and play. A phone fresh from its box
// multicasts a SUBSCRIBE for its profile (RFC 6080, Event: ua-profile) to
// 224.0.1.75:5060; whoever answers 200 OK and then sends a NOTIFY with a URL has
// told it where its files are.
//
// The listener reads every datagram by a strict grammar of its own, answers none
// but the host that it came from, and holds its state within fixed bounds: a
// forged SUBSCRIBE costs the network at most three bytes for each of its own, and
// what is remembered of it is gone after 32 seconds, or after the wait if the
// phone is to wait for an admin.
//
// What arrives by the group and is no SUBSCRIBE for a profile meets silence, as it
// was sent to everybody. What arrives by the unicast address is answered as
// RFC 3261 has it.
//
// The group has a socket of its own, bound to the group's address, so a PBX on the
// same host keeps its port 5060. NOTIFY requests leave from another one, whose
// port the answers come back to.
package pnp
