package notify

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"

	"github.com/dialplane/dialplane/internal/mac"
)

func answerWith(contacts ...string) string {
	return "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\nFrom: <sip:100@x>;tag=a\r\nTo: <sip:100@x>;tag=b\r\n" +
		"Call-ID: c\r\nCSeq: 1 REGISTER\r\nContact: " + strings.Join(contacts, "\r\nContact: ") + "\r\nContent-Length: 0\r\n\r\n"
}

func read(t *testing.T, text string) []Contact {
	t.Helper()
	message, err := sip.ParseMessage([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return contacts(message.(*sip.Response))
}

func TestContacts(t *testing.T) {
	t.Parallel()
	addr := netip.MustParseAddr
	got := read(t, answerWith(
		`<sip:100@192.0.2.7:5062;line=abc;transport=tcp>;q=0.5;expires=300;+sip.instance="<urn:uuid:00000000-0000-1000-8000-001565AABBCC>", "Desk" <sip:100@phone.example.org>;expires=20`,
		`<sip:100@10.0.0.5:5060>;expires=30;received="sip:203.0.113.9:40001;transport=UDP"`,
		`<sips:100@[2001:db8::7]:5061>`,
		`<tel:+49123>`,
	))
	wanted := []Contact{
		{"sip:100@192.0.2.7:5062;line=abc;transport=tcp", "urn:uuid:00000000-0000-1000-8000-001565AABBCC", addr("192.0.2.7"), 300},
		{"sip:100@phone.example.org", "", netip.Addr{}, 20},
		{"sip:100@10.0.0.5:5060", "", addr("203.0.113.9"), 30},
		{"sips:100@[2001:db8::7]:5061", "", addr("2001:db8::7"), 0},
	}
	if len(got) != len(wanted) {
		t.Fatalf("read %+v", got)
	}
	for i := range got {
		if got[i] != wanted[i] {
			t.Errorf("contact %d is %+v, want %+v", i, got[i], wanted[i])
		}
	}
	if many := read(t, answerWith(strings.Repeat("<sip:100@192.0.2.7>,", 2*maxContacts)+"<sip:100@192.0.2.8>")); len(many) > maxContacts {
		t.Errorf("%d contacts are read", len(many))
	}
}

// Whatever a registrar says of contacts, what is written into a request line or an
// order to a PBX stays within its line and its angle brackets.
func FuzzContacts(f *testing.F) {
	for _, s := range []string{
		`<sip:100@192.0.2.7:5062;line=abc>;+sip.instance="<urn:uuid:1>"`, `sip:100@x`, `*`, `<sip:100@[::1]>;received="sip:[::ffff:1.2.3.4]:5"`,
		`<sip:100@x> SIP/2.0%0d%0aX: y>`, `"<sip:a@b>" <sip:c@d>;expires=9999999999999999999`, `<sip:1@1.2.3.4.5>`, `<sip:1@x;a="b>">`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		message, err := sip.ParseMessage([]byte(answerWith(s)))
		if err != nil {
			return
		}
		response, ok := message.(*sip.Response)
		if !ok {
			return
		}
		for _, c := range contacts(response) {
			if strings.ContainsAny(c.URI, " \t\r\n<>\"") || len(c.URI) > 512 || !strings.HasPrefix(c.URI, "sip") {
				t.Errorf("%q gave the contact %q", s, c.URI)
			}
		}
	})
}

func TestPlace(t *testing.T) {
	t.Parallel()
	device := func(m, host string) Device {
		d := Device{MAC: mac.MustParse(m)}
		if host != "" {
			d.Host = netip.MustParseAddr(host)
		}
		return d
	}
	contact := func(uri, instance, from string, expires int) Contact {
		c := Contact{URI: uri, Instance: instance, Expires: expires}
		if from != "" {
			c.From = netip.MustParseAddr(from)
		}
		return c
	}
	const mine, theirs = "001565000001", "001565000002"
	named := contact("sip:100@10.0.0.1:5060", "urn:uuid:00000000-0000-1000-8000-001565000001", "10.0.0.1", 100)
	renewed := contact("sip:100@10.0.0.1:5070", "urn:uuid:00000000-0000-1000-8000-001565000001", "10.0.0.1", 200)
	other := contact("sip:100@10.0.0.1:5080", "urn:uuid:00000000-0000-1000-8000-001565000002", "10.0.0.1", 100)
	plain := contact("sip:100@10.0.0.1:5062", "", "10.0.0.1", 100)
	second := contact("sip:100@10.0.0.1:5064", "", "10.0.0.1", 100)
	away := contact("sip:100@10.0.0.9:5062", "", "10.0.0.9", 100)
	for _, tt := range []struct {
		name   string
		list   []Contact
		phone  Device
		others []Device
		want   string
		says   string
		retry  bool
	}{
		{name: "its UUID", list: []Contact{other, named}, phone: device(mine, ""), others: []Device{device(theirs, "")}, want: named.URI},
		{name: "its UUID, whatever its address", list: []Contact{plain, named}, phone: device(mine, "10.0.0.7"), want: named.URI},
		{name: "the latest of its own", list: []Contact{named, renewed, other}, phone: device(mine, ""), want: renewed.URI},
		{name: "a parameter", list: []Contact{contact("sip:100@x;mac=00-15-65-00-00-01", "", "", 0), away}, phone: device(mine, ""), want: "sip:100@x;mac=00-15-65-00-00-01"},
		{name: "a user part is no parameter", list: []Contact{contact("sip:001565000001@10.0.0.3", "", "10.0.0.3", 0)}, phone: device(mine, "10.0.0.1"), says: "none is at 10.0.0.1", retry: true},
		{name: "its address", list: []Contact{away, plain}, phone: device(mine, "10.0.0.1"), others: []Device{device(theirs, "10.0.0.9")}, want: plain.URI},
		{name: "its address, written as IPv6", list: []Contact{away, plain}, phone: device(mine, "::ffff:10.0.0.1"), want: plain.URI},
		{name: "its address, where another is known by name", list: []Contact{other, plain}, phone: device(mine, "10.0.0.1"), others: []Device{device(theirs, "10.0.0.8")}, want: plain.URI},
		{name: "an address that another has too", list: []Contact{plain, away}, phone: device(mine, "10.0.0.1"), others: []Device{device(theirs, "10.0.0.1")}, says: "another of them last fetched from 10.0.0.1"},
		{name: "two at its address", list: []Contact{plain, second}, phone: device(mine, "10.0.0.1"), says: "2 contacts are at 10.0.0.1", retry: true},
		{name: "only the others'", list: []Contact{other, away}, phone: device(mine, "10.0.0.1"), others: []Device{device(theirs, "10.0.0.1")}, says: "none is at", retry: true},
		{name: "nobody's", phone: device(mine, "10.0.0.1"), says: "not registered", retry: true},
		{name: "never seen", list: []Contact{plain}, phone: device(mine, ""), says: "never seen", retry: true},
	} {
		got, retry, err := Place(tt.list, tt.phone, tt.others)
		if got != tt.want || (err != nil) != (tt.says != "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
		if retry != tt.retry || err != nil && OutcomeOf(err) != Unreachable {
			t.Errorf("%s: %v, retry %v", tt.name, OutcomeOf(err), retry)
		}
	}
}
