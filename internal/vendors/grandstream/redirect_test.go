package grandstream

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/redirect/redirecttest"
	"github.com/dialplane/dialplane/internal/redirect/standins"
)

func TestRedirects(t *testing.T) {
	t.Parallel()
	devices := []redirect.Device{
		{MAC: mac.MustParse("c074ad8caa01"), Model: "GRP2614"},
		{MAC: mac.MustParse("c074ad8caa02"), Model: "HT801"},
		{MAC: mac.MustParse("000b82c0aa03"), Model: "GXP2170"},
	}
	papers := func(m mac.Addr) (serial, code string) { return "20EZ115N" + m.Upper()[4:], "" }
	for i := range devices {
		devices[i].Serial, _ = papers(devices[i].MAC)
	}
	for _, s := range Redirects() {
		subject := redirecttest.Subject{Service: s, Devices: devices, Papers: papers, Phone: askRedirect}
		switch s.Name {
		case "grandstream-gdms":
			subject.New = func(now func() time.Time) redirecttest.Standin { return standins.NewGDMS(now) }
			subject.NoLookup = "GDMS has no call that shows what a phone was given"
			subject.NoOwners = "the codes of refusals are not public"
			subject.Keeps = "GDMS has no documented call that takes a device out of the account"
		default:
			t.Errorf("the service %s is not tested", s.Name)
			continue
		}
		t.Run(s.Name, func(t *testing.T) { t.Parallel(); redirecttest.Run(t, subject) })
	}
}

// The guide has no example with its result, but the text that is hashed.
func TestSignature(t *testing.T) {
	t.Parallel()
	params := map[string]string{"timestamp": "1622241631000", "client_secret": "Secret_Key", "access_token": "13dac871-38c2-4261-a698-6481840617cc", "client_id": "API_ID"}
	const plain = "&access_token=13dac871-38c2-4261-a698-6481840617cc&client_id=API_ID&client_secret=Secret_Key&timestamp=1622241631000&"
	for hash, text := range map[string]string{"": plain, "abc123": plain + "abc123&"} {
		sum := sha256.Sum256([]byte(text))
		if got, want := signature(params, hash), hex.EncodeToString(sum[:]); got != want {
			t.Errorf("the signature with the body's hash %q is %s, want %s", hash, got, want)
		}
	}
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	for at, good := range map[string]bool{"https://prov.example.org/f/x/": true, "http://prov.example.org/f/x/": true, "https://" + strings.Repeat("x", 257) + "/": false} {
		if got := checkURL(at); (got == "") != good {
			t.Errorf("%s: %q", at, got)
		}
	}
}
