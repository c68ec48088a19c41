package app_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/admin"
	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/provision"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/store"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/snom"
)

// brand is a template of the PortSIP dialect as an admin would upload it.
const brand = `<?xml version="1.0" encoding="utf-8"?>
<doc xmlns:tcx="http://www.portsip.com">
  <header>
    <type>phone-template</type>
    <name>SkyNom</name>
    <original_brand>snom</original_brand>
    <models><model ua="snomD785">SkyNom D785</model></models>
    <languages>
      <option value="English"><item name="lang">English</item></option>
      <option value="Deutsch"><item name="lang">Deutsch</item></option>
    </languages>
    <ringtones>
      <option value="Ring 1"><item name="ring">Ringer1</item></option>
      <option value="Ring 2"><item name="ring">Ringer2</item></option>
    </ringtones>
    <timezoneParams param="time_timezone_snom">
      <option value="USA-5" displaytext="-5 United States - Eastern Time"/>
      <option value="GER+1" displaytext="+1 Germany (Berlin)"/>
    </timezoneParams>
    <Codecspriorities>
      <Codecspriority variableName="codec1" priority="1"><option value="pcma">PCMA</option><option value="g722">G722</option></Codecspriority>
    </Codecspriorities>
  </header>
  <blftype>
    <extension><Type>blf</Type><Value>&lt;sip:%%blfno%%@%%pbx_ip%%&gt;</Value></extension>
  </blftype>
  <data><device><deviceconfig filename="snomD785-%%mac_address%%.htm"><![CDATA[<?xml version="1.0" encoding="utf-8"?>
<settings>
<phone-settings>
<user_name idx="1" perm="">%%extension_number%%</user_name>
<user_pass idx="1" perm="">%%extension_auth_pw%%</user_pass>
<user_realname idx="1" perm="">%%extension_first_name%% %%extension_last_name%%</user_realname>
<language perm="">%%lang%%</language>
<ring perm="">%%ring%%</ring>
<timezone perm="">%%timezone%%</timezone>
<codec perm="">%%codec1%%</codec>
</phone-settings>
<functionKeys>
{IF blf2}
<fkey idx="1" perm="">%%Type%% %%Value%%</fkey>
{ENDIF}
</functionKeys>
</settings>
]]></deviceconfig></device></data>
</doc>`

// base is a template for a DECT base.
const base = `<doc><header><type>fxs-template</type><name>snom base</name>
<models><model ua="snomM900">snom M900</model></models>
<languages><option value="English"/></languages>
<tones><option value="Germany"/></tones>
</header><data><device>
<field name="TypeOfLines">DECT</field><field name="NumberOfExtensions">30</field>
<deviceconfig filename="snomM900-%%mac_address%%.htm"><![CDATA[<settings>
<user_name idx="1">%%ext_int_num_01%%</user_name>
</settings>]]></deviceconfig>
</device></data></doc>`

// listener answers the API and phones from one fleet, without a network.
type listener struct {
	t     *testing.T
	api   http.Handler
	core  *provision.Core
	token string
}

type nobody struct{}

func (nobody) Wake()                                                          { /* no orders are carried out */ }
func (nobody) Record(fleet.Fetch)                                             { /* nothing is noted */ }
func (nobody) UseEnrolment(context.Context, fleet.ID, mac.Addr) (bool, error) { return true, nil }

func newListener(t *testing.T) *listener {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	db, err := store.Open(t.Context(), t.TempDir(), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	registry := vendor.NewRegistry(snom.Pack())
	catalog, err := provision.NewCatalog(registry, log)
	if err != nil {
		t.Fatal(err)
	}
	core, err := provision.New(t.Context(), provision.Config{
		Registry: registry, Catalog: catalog, Source: db, Enroller: nobody{}, Recorder: nobody{},
		Addresses: provision.Addresses{Base: "http://phones.example.net/"}, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	f := fleet.New(fleet.Config{Store: db, Changes: core, Catalog: catalog, Jobs: nobody{}, Now: time.Now, Log: log})
	_, token, err := f.Bootstrap(t.Context(), secret.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{t: t, core: core, token: token.Reveal()}
	l.api, _ = admin.New(admin.Options{Fleet: f, PhoneURL: core.PhoneURL, DectURL: core.DectURL, Status: core.Status, Log: log, Version: "test"})
	return l
}

// call makes a request to the API and reads its answer into v.
func (l *listener) call(method, path string, body any, status int, v any) {
	l.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		l.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(l.t.Context(), method, "/api"+path, strings.NewReader(string(b)))
	r.Header.Set("Authorization", "Bearer "+l.token)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	l.api.ServeHTTP(w, r)
	if w.Code != status {
		l.t.Fatalf("%s %s: %d, want %d: %s", method, path, w.Code, status, w.Body)
	}
	if v != nil {
		if err := json.Unmarshal(w.Body.Bytes(), v); err != nil {
			l.t.Fatalf("%s %s: %v: %s", method, path, err, w.Body)
		}
	}
}

// TestDialectOverTheAPI uploads a template of PortSIP, finds its model, gives a
// phone of it to an extension and lets the phone fetch.
func TestDialectOverTheAPI(t *testing.T) {
	t.Parallel()
	l := newListener(t)
	l.call("POST", "/tenant", map[string]any{
		"domain": "pbx.example.org", "endpoints": map[string]any{"WEB_DOMAIN": map[string]any{"host": "pbx.example.org", "udp": 5060}},
		"enrol_minutes": 15,
	}, 200, nil)

	var refused struct{ Errors []struct{ Message string } }
	l.call("POST", "/templates/phones", map[string]any{"filename": "SkyNom.ph.xml", "content": strings.Replace(brand, "{ENDIF}", "", 1)}, 422, &refused)
	if len(refused.Errors) != 1 || refused.Errors[0].Message != "SkyNom.ph.xml:39:1: this {IF} has no {ENDIF}" {
		t.Errorf("the answer does not name the place: %+v", refused)
	}
	l.call("POST", "/templates/phones", map[string]any{"filename": "SkyNom.ph.xml", "content": brand}, 201, nil)
	var kept struct{ Content string }
	l.call("GET", "/templates/phones/SkyNom.ph.xml", nil, 200, &kept)
	if kept.Content != brand {
		t.Error("the template is not kept byte for byte")
	}

	var models struct {
		Items []struct {
			Filename, Model string
			DisplayName     string `json:"display_name"`
		}
	}
	l.call("GET", "/phone_models?filter="+"filename%20eq%20'SkyNom.ph.xml'", nil, 200, &models)
	if len(models.Items) != 1 || models.Items[0].Model != "D785" || models.Items[0].DisplayName != "Snom SkyNom D785" {
		t.Fatalf("models %+v", models.Items)
	}
	var profile struct {
		Languages []string
		Ringtones []string
		TimeZones []string `json:"time_zones"`
		Codecs    []string
	}
	l.call("GET", "/phone_models/SkyNom.ph.xml", nil, 200, &profile)
	if got, want := strings.Join(append(append(append(profile.Languages, profile.Ringtones...), profile.TimeZones...), profile.Codecs...), "|"),
		"ENGLISH|GERMAN|Ring 1|Ring 2|America/New_York|Europe/Berlin|PCMA|G722"; got != want {
		t.Errorf("profile %s, want %s", got, want)
	}

	l.call("POST", "/templates/phones", map[string]any{"filename": "SkyNom.fxs.xml", "content": base}, 201, nil)
	var bases struct {
		Items []struct {
			Filename, Model string
			Lines           int
		}
	}
	l.call("GET", "/dect_phone_models?filter=filename%20eq%20'SkyNom.fxs.xml'", nil, 200, &bases)
	if len(bases.Items) != 1 || bases.Items[0].Model != "M900" || bases.Items[0].Lines != 30 {
		t.Errorf("DECT models %+v", bases.Items)
	}
	var offer struct{ Languages, Tones, Codecs []string }
	l.call("GET", "/dect_phone_models/SkyNom.fxs.xml", nil, 200, &offer)
	if got, want := strings.Join(append(append(offer.Languages, offer.Tones...), offer.Codecs...), "|"), "ENGLISH|DEU|PCMU|PCMA|G722|G729"; got != want {
		t.Errorf("profile of a DECT base %s, want %s", got, want)
	}

	var user, phone struct{ ID, URL string }
	l.call("POST", "/users", map[string]any{
		"extension_number": "101", "display_name": "Ada & <Sons>", "password": `s3cr"et`, "vm_pin": "48151",
		"blfs": []map[string]any{{"key": "BLF", "value": "102", "first_name": "Bob", "last_name": "B"}},
	}, 201, &user)
	l.call("POST", "/users/"+user.ID+"/phones", map[string]any{
		"mac": "00:04:13:aa:bb:cc", "filename": "SkyNom.ph.xml", "vendor": "Snom", "model": "D785", "password": "Adm1n-secret",
		"language": "GERMAN", "transfer": "BLIND", "timezone": "Europe/Berlin", "codecs": []string{"G722"}, "ringtone": "Ring 2",
		"interface": "WEB_DOMAIN", "preferred_transport": "UDP",
	}, 201, &phone)
	l.call("GET", "/users/"+user.ID+"/phones/"+phone.ID, nil, 200, &phone)
	path := strings.TrimPrefix(phone.URL, "http://phones.example.net")
	enrolled := l.core.Answer(t.Context(), provision.Request{Path: "/snomD785-000413AABBCC.htm", IP: netip.MustParseAddr("192.168.1.20")})
	if !strings.Contains(string(enrolled.Body), phone.URL+"snomD785-000413AABBCC.htm") || strings.Contains(string(enrolled.Body), "101") {
		t.Errorf("the phone does not enrol: %d\n%s", enrolled.Status, enrolled.Body)
	}
	answer := l.core.Answer(t.Context(), provision.Request{Path: path + "snomD785-000413AABBCC.htm", IP: netip.MustParseAddr("192.168.1.20")})
	want := `<?xml version="1.0" encoding="utf-8"?>
<settings>
<phone-settings>
<user_name idx="1" perm="">101</user_name>
<user_pass idx="1" perm="">s3cr&quot;et</user_pass>
<user_realname idx="1" perm="">Ada &amp; &lt;Sons&gt;</user_realname>
<language perm="">Deutsch</language>
<ring perm="">Ringer2</ring>
<timezone perm="">GER+1</timezone>
<codec perm="">g722</codec>
</phone-settings>
<functionKeys>
<fkey idx="1" perm="">blf &lt;sip:102@pbx.example.org&gt;</fkey>
</functionKeys>
</settings>
`
	if answer.Status != 200 || string(answer.Body) != want {
		t.Errorf("%s: %d\n%s", path, answer.Status, answer.Body)
	}
}
