package standins

import (
	"crypto/md5" //nolint:gosec // GDMS wants it of passwords and files
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
)

// GDMS is Grandstream's GDMS, as its API Guide shows it (token, signatures, devices and
// sites) and a program that has run against it (device/config/xml, the refusal of a
// serial number by 30010). Its other codes, that a timestamp is good for five minutes,
// and how a device of another account is refused are assumptions; so is the rule that
// a serial number ends with the last eight digits of the MAC address, which holds of
// the phones that have been seen.
type GDMS struct {
	holdings
	now     func() time.Time
	tokens  map[string]time.Time // until when each is good
	devices map[mac.Addr]bool    // of the account
	files   map[mac.Addr][]byte  // that they were given
}

// NewGDMS returns one.
func NewGDMS(now func() time.Time) *GDMS {
	return &GDMS{holdings: hold(), now: now, tokens: make(map[string]time.Time), devices: make(map[mac.Addr]bool), files: make(map[mac.Addr][]byte)}
}

const (
	gdmsUser     = "ours"
	gdmsPassword = "Gr4nd-stream"
	gdmsID       = "100439"
	gdmsSecret   = "q0kqZ1bSrRVR2WnZvFs6IWJyZ7Y3vWtS" //nolint:gosec // of the stand-in alone
	gdmsSite     = 675285
	gdmsOrg      = 88
	gdmsFactory  = "fm.grandstream.com/gs"
)

// Account is the one that the stand-in accepts.
func (g *GDMS) Account() map[string]string {
	return map[string]string{
		"username": gdmsUser, "password": gdmsPassword, "client_id": gdmsID, "client_secret": gdmsSecret,
		"site_id": strconv.Itoa(gdmsSite), "org_id": strconv.Itoa(gdmsOrg),
	}
}

// Withdraw makes the service forget the tokens that it has given.
func (g *GDMS) Withdraw() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for token := range g.tokens {
		g.tokens[token] = time.Time{}
	}
}

// Phones answers phones at their factory's config server with what they were given. The
// real ones of GDMS get it by a connection whose protocol is not public.
func (g *GDMS) Phones() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		name, ok := strings.CutPrefix(strings.TrimSuffix(r.URL.Path, ".xml"), "/gs/cfg")
		m, err := mac.Parse(name)
		if !ok || err != nil || !strings.HasSuffix(r.URL.Path, ".xml") || g.files[m] == nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/xml")
		_, _ = w.Write(g.files[m])
	})
}

// API answers calls.
func (g *GDMS) API() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oapi/oauth/token", g.token)
	mux.HandleFunc("POST /oapi/v1.0.0/{api...}", g.call)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		mux.ServeHTTP(w, r)
	})
}

func (g *GDMS) token(w http.ResponseWriter, r *http.Request) {
	refuse := func(status int, code, text string) {
		writeJSON(w, status, map[string]string{"error": code, "error_description": text})
	}
	inner := md5.Sum([]byte(gdmsPassword)) //nolint:gosec // GDMS wants it
	switch {
	case r.PostFormValue("client_id") != gdmsID || r.PostFormValue("client_secret") != gdmsSecret:
		refuse(http.StatusUnauthorized, "invalid_client", "Bad client credentials")
	case r.PostFormValue("grant_type") != "password":
		refuse(http.StatusBadRequest, "unsupported_grant_type", "no such grant")
	case g.revoked || r.PostFormValue("username") != gdmsUser || r.PostFormValue("password") != digest(hex.EncodeToString(inner[:])):
		refuse(http.StatusBadRequest, "invalid_grant", "Bad credentials")
	default:
		token := digest(strconv.Itoa(len(g.tokens)))[:36]
		g.tokens[token] = g.now().Add(time.Hour)
		writeJSON(w, http.StatusOK, map[string]any{"access_token": token, "refresh_token": "r" + token, "token_type": "bearer", "expires_in": 3600})
	}
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// answer is the form of every answer.
func answer(w http.ResponseWriter, code int, text string, data any) {
	writeJSON(w, http.StatusOK, map[string]any{"retCode": code, "msg": text, "data": data})
}

func (g *GDMS) call(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	token := query.Get("access_token")
	if until, ok := g.tokens[token]; !ok || !g.now().Before(until) || g.revoked {
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token", "error_description": "Invalid access token: " + token})
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if err != nil {
		return
	}
	signed := "&access_token=" + token + "&client_id=" + gdmsID + "&client_secret=" + gdmsSecret
	kind := r.Header.Get("Content-Type")
	upload := strings.HasPrefix(kind, "multipart/form-data")
	var file []byte
	if upload {
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		part, _, err := r.FormFile("xml")
		if err != nil {
			answer(w, 40001, "no file", nil)
			return
		}
		if file, err = io.ReadAll(part); err != nil {
			return
		}
		sum := md5.Sum(file) //nolint:gosec // GDMS wants it
		signed += "&mac=" + r.FormValue("mac")
		if org := r.FormValue("orgId"); org != "" {
			signed += "&orgId=" + org
		}
		signed += "&timestamp=" + query.Get("timestamp") + "&xml=" + hex.EncodeToString(sum[:]) + "&"
	} else {
		signed += "&timestamp=" + query.Get("timestamp") + "&" + digest(string(body)) + "&"
	}
	at, err := strconv.ParseInt(query.Get("timestamp"), 10, 64)
	switch {
	case query.Get("signature") != digest(signed):
		answer(w, 40003, "signature error", nil)
	case err != nil || g.now().Sub(time.UnixMilli(at)).Abs() > 5*time.Minute:
		answer(w, 40002, "timestamp error", nil)
	case upload && r.PathValue("api") == "device/config/xml":
		g.configure(w, r.FormValue("mac"), file)
	case !upload && kind == "application/json":
		g.json(w, r.PathValue("api"), body)
	default:
		answer(w, 40004, "no such call", nil)
	}
}

func (g *GDMS) json(w http.ResponseWriter, api string, body []byte) {
	switch api {
	case "site/list":
		answer(w, 0, "", map[string]any{"total": 2, "result": []any{
			map[string]any{"id": 11, "siteName": "Default", "isDefault": 1},
			map[string]any{"id": 12, "siteName": "Shop", "children": []any{map[string]any{"id": gdmsSite, "siteName": "Front desk"}}},
		}})
	case "device/list":
		var in struct {
			MAC   string `json:"mac"`
			Page  int    `json:"pageNum"`
			Size  int    `json:"pageSize"`
			OrgID int    `json:"orgId"`
		}
		if json.Unmarshal(body, &in) != nil {
			answer(w, 40001, "malformed", nil)
			return
		}
		result := []any{}
		if m, err := mac.Parse(in.MAC); err == nil && g.devices[m] {
			result = append(result, map[string]any{"mac": strings.ToUpper(m.Colons()), "siteId": gdmsSite, "deviceType": "GRP2614", "status": 0})
		}
		answer(w, 0, "", map[string]any{"result": result, "total": len(result), "pages": 1})
	case "device/add":
		var in []struct {
			MAC   string `json:"mac"`
			SN    string `json:"sn"`
			Site  int    `json:"siteId"`
			OrgID int    `json:"orgId"`
		}
		if json.Unmarshal(body, &in) != nil {
			answer(w, 40001, "malformed", nil)
			return
		}
		var refused []any
		for _, d := range in {
			m, err := mac.Parse(d.MAC)
			code := ""
			switch {
			case err != nil || d.MAC != strings.ToUpper(m.Colons()):
				code = "30001"
			case d.Site != gdmsSite || d.OrgID != gdmsOrg:
				code = "30005"
			case g.foreign[m]:
				code = "30006"
			case g.unmade[m] || !strings.HasSuffix(d.SN, m.Upper()[4:]):
				code = "30010"
			}
			if code == "" {
				g.devices[m] = true
				continue
			}
			refused = append(refused, map[string]any{"mac": m.Upper(), "sn": d.SN, "siteId": d.Site, "errorMsg": code})
		}
		answer(w, 0, "", map[string]any{"total": len(in), "success": len(in) - len(refused), "failure": len(refused), "errorDeviceList": refused})
	default:
		answer(w, 40004, "no such call", nil)
	}
}

func (g *GDMS) configure(w http.ResponseWriter, of string, file []byte) {
	var c struct {
		XMLName  xml.Name `xml:"gs_provision"`
		MAC      string   `xml:"mac"`
		Protocol string   `xml:"config>P212"`
		Server   string   `xml:"config>P237"`
	}
	m, err := mac.Parse(of)
	switch {
	case err != nil || of != strings.ToUpper(m.Colons()) || !g.devices[m]:
		answer(w, 30002, "The device does not exist", nil)
		return
	case xml.Unmarshal(file, &c) != nil || c.MAC != m.String() || !slices.Contains([]string{"1", "2"}, c.Protocol):
		answer(w, 50005, "bad xml", nil)
		return
	}
	g.files[m] = file
	delete(g.urls, m)
	if c.Server != gdmsFactory {
		g.urls[m] = map[string]string{"1": "http://", "2": "https://"}[c.Protocol] + c.Server + "/"
	}
	answer(w, 0, "", "")
}
