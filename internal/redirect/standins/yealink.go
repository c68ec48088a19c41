package standins

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // the API's Content-MD5
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
)

// once sees that a nonce comes but once, and that a call is of now. Yealink's documents
// promise both; how long a call is of now is assumed.
type once struct {
	now  func() time.Time
	seen map[string]bool
}

const yealinkWindow = 15 * time.Minute

func (o *once) accept(nonce, millis string) bool {
	at, err := strconv.ParseInt(millis, 10, 64)
	if err != nil || nonce == "" || o.seen[nonce] || o.now().Sub(time.UnixMilli(at)).Abs() > yealinkWindow {
		return false
	}
	o.seen[nonce] = true
	return true
}

// fields reads a JSON object strictly: the fields that are allowed, of their types.
func fields(body []byte, into any) bool {
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	return d.Decode(into) == nil && !d.More()
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) //nolint:errchkjson // maps of strings and numbers
}

// validURL is what both APIs want of a uniqueServerUrl, by assumption: an absolute one.
func validURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.IsAbs() && u.Host != "" && len(s) <= 512
}

// plainMAC reads an address as the JSON APIs spell it: 12 digits, lower case.
func plainMAC(s string) (mac.Addr, bool) {
	m, err := mac.Parse(s)
	return m, err == nil && s == m.String()
}

// yealinkPhones answers phones at service.do?method=redirect&mac=00-15-65-AA-BB-CC, as
// the code of a desk phone's firmware asks, by a redirect (assumed: 302, and 404 for a
// phone that nobody has registered).
func yealinkPhones(registered func() map[mac.Addr]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m, err := mac.Parse(r.URL.Query().Get("mac"))
		at := registered()[m]
		if r.URL.Path != "/service.do" || r.URL.Query().Get("method") != "redirect" || err != nil || at == "" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Location", at)
		w.WriteHeader(http.StatusFound)
	})
}

// page cuts skip and limit out of a list of devices by MAC address.
func pageOf(urls map[mac.Addr]string, key string, skip, limit int) (part []map[string]any, total int) {
	var all []mac.Addr
	for m := range urls {
		if strings.Contains(m.String(), key) {
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b mac.Addr) int { return strings.Compare(a.String(), b.String()) })
	for _, m := range all[min(skip, len(all)):min(skip+limit, len(all))] {
		part = append(part, map[string]any{"id": "id-" + m.String(), "mac": m.String(), "uniqueServerUrl": urls[m], "serverUrl": nil, "serverId": nil})
	}
	return part, len(all)
}

// YealinkRPS is the JSON API of Yealink's RPS: the rules of signing, the calls, the
// envelope and the messages are those of the document, as clients of it have them.
// Assumed: that the messages for a wrong signature and a wrong field come with 200.
type YealinkRPS struct {
	holdings
	once
}

// NewYealinkRPS returns one.
func NewYealinkRPS(now func() time.Time) *YealinkRPS {
	return &YealinkRPS{hold(), once{now, make(map[string]bool)}}
}

// The AccessKey of the document's example.
const (
	yealinkKey    = "2df23f2d9c255e7138dc603b3847b58a"
	yealinkSecret = "d4a4be460a8d43609d8e8a5e7d0d4ad1" //nolint:gosec // the document's example
)

// Account is the one that the stand-in accepts.
func (s *YealinkRPS) Account() map[string]string {
	return map[string]string{"access_key_id": yealinkKey, "access_key_secret": yealinkSecret}
}

// Phones answers phones.
func (s *YealinkRPS) Phones() http.Handler { return yealinkPhones(s.Registered) }

// API answers calls.
func (s *YealinkRPS) API() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<16))
		if s.revoked || !s.signed(r, body) {
			s.refuse(w, "service.common.token.unauthorized", 401, nil)
			return
		}
		switch name := strings.TrimPrefix(r.URL.Path, "/api/open/v1/"); r.Method + " " + name {
		case "POST server/list", "POST device/list":
			var in struct {
				Key         string
				Status      string
				Skip, Limit int
				AutoCount   bool
			}
			if !fields(body, &in) || in.Skip < 0 || in.Limit < 0 || in.Limit > 100 {
				s.refuse(w, "param.invalid", 400, nil)
				return
			}
			list, total := pageOf(s.urls, in.Key, in.Skip, in.Limit)
			if name == "server/list" {
				list, total = nil, 0
			}
			s.answer(w, map[string]any{"skip": in.Skip, "limit": in.Limit, "total": total, "data": list})
		case "POST device/add":
			s.add(w, body)
		case "POST device/edit":
			var in struct{ ID, ServerID, UniqueServerURL, Remark, AuthName, Password string }
			m, known := mac.Addr{}, false
			if fields(body, &in) && validURL(in.UniqueServerURL) {
				m, known = plainMAC(strings.TrimPrefix(in.ID, "id-"))
			}
			if _, ours := s.urls[m]; !known || !ours {
				s.refuse(w, "device.not.found", 404, nil)
				return
			}
			s.urls[m] = in.UniqueServerURL
			s.answer(w, map[string]string{"id": in.ID, "mac": m.String(), "uniqueServerUrl": in.UniqueServerURL})
		case "POST device/delete":
			var in struct{ MACs, IDs []string }
			if !fields(body, &in) || len(in.MACs) == 0 || len(in.MACs) > 100 {
				s.refuse(w, "param.invalid", 400, nil)
				return
			}
			for _, text := range in.MACs {
				m, ok := plainMAC(text)
				if _, ours := s.urls[m]; !ok || !ours {
					s.refuse(w, "device.not.found", 404, text)
					return
				}
				delete(s.urls, m)
			}
			s.answer(w, nil)
		case "GET device/checkMac":
			m, ok := plainMAC(r.URL.Query().Get("mac"))
			_, ours := s.urls[m]
			switch {
			case !ok:
				s.refuse(w, "device.mac.invalid", 400, nil)
			case ours || s.foreign[m]:
				s.answer(w, map[string]any{"existed": true, "self": ours})
			default:
				s.answer(w, map[string]any{"existed": false, "self": nil})
			}
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	})
}

// add adds all devices of a call or, for one that it may not, none.
func (s *YealinkRPS) add(w http.ResponseWriter, body []byte) {
	var in struct {
		MACs                                                  []string
		ServerID, UniqueServerURL, Remark, AuthName, Password string
	}
	if !fields(body, &in) || len(in.MACs) == 0 || len(in.MACs) > 100 || !validURL(in.UniqueServerURL) {
		s.refuse(w, "param.invalid", 400, nil)
		return
	}
	var added []map[string]string
	for _, text := range in.MACs {
		m, ok := plainMAC(text)
		_, ours := s.urls[m]
		switch {
		case !ok || s.unmade[m]:
			s.refuse(w, "device.mac.invalid", 400, text)
			return
		case s.foreign[m]:
			s.refuse(w, "device.mac.added.by.other", 409, text)
			return
		case ours:
			s.refuse(w, "device.mac.existed", 409, text)
			return
		}
		added = append(added, map[string]string{"id": "id-" + text, "mac": text})
	}
	for _, text := range in.MACs {
		s.urls[mac.MustParse(text)] = in.UniqueServerURL
	}
	s.answer(w, added)
}

// signed checks a call by the document's section 1.3: the headers of its own, sorted,
// each with a line; the MD5 of the body, if there is one; the path; the query, sorted.
func (s *YealinkRPS) signed(r *http.Request, body []byte) bool {
	headers := []string{"X-Ca-Key", "X-Ca-Nonce", "X-Ca-Timestamp"}
	if len(body) > 0 {
		headers = append([]string{"Content-MD5"}, headers...)
		sum := md5.Sum(body) //nolint:gosec // the API's Content-MD5
		if r.Header.Get("Content-MD5") != base64.StdEncoding.EncodeToString(sum[:]) {
			return false
		}
	}
	lines := []string{r.Method}
	for _, h := range headers {
		lines = append(lines, h+":"+r.Header.Get(h))
	}
	lines = append(lines, strings.TrimLeft(r.URL.Path, "/"))
	var pairs []string
	for name, values := range r.URL.Query() {
		pair := name
		if values[0] != "" {
			pair += "=" + values[0]
		}
		pairs = append(pairs, pair)
	}
	if slices.Sort(pairs); len(pairs) > 0 {
		lines = append(lines, strings.Join(pairs, "&"))
	}
	h := hmac.New(sha256.New, []byte(yealinkSecret))
	_, _ = io.WriteString(h, strings.Join(lines, "\n"))
	given, err := base64.StdEncoding.DecodeString(r.Header.Get("X-Ca-Signature"))
	return err == nil && hmac.Equal(given, h.Sum(nil)) && r.Header.Get("X-Ca-Key") == yealinkKey && s.accept(r.Header.Get("X-Ca-Nonce"), r.Header.Get("X-Ca-Timestamp"))
}

func (s *YealinkRPS) answer(w http.ResponseWriter, data any) {
	ret := 1
	if data == nil {
		ret = 0
	}
	writeJSON(w, http.StatusOK, map[string]any{"ret": ret, "data": data, "error": nil})
}

func (s *YealinkRPS) refuse(w http.ResponseWriter, msg string, code int, data any) {
	writeJSON(w, http.StatusOK, map[string]any{"ret": -1, "data": data, "error": map[string]any{"msg": msg, "errorCode": code, "fieldErrors": []any{}}})
}

// YealinkYMCS is the RPS part of the API v2 of YMCS, with the calls, fields and codes
// that clients of it have. Assumed: the states that codes come with, where no client
// says, and that an address belongs to one device as its serial number does.
type YealinkYMCS struct {
	holdings
	once
	tokens map[string]time.Time // until when each is valid
}

// NewYealinkYMCS returns one.
func NewYealinkYMCS(now func() time.Time) *YealinkYMCS {
	return &YealinkYMCS{hold(), once{now, make(map[string]bool)}, make(map[string]time.Time)}
}

const (
	ymcsID     = "7c1d3f6e5a9b4a0b8f0e"
	ymcsSecret = "9d0c5b2a7e6f4c1d8a3b" //nolint:gosec // made up
)

// Account is the one that the stand-in accepts.
func (s *YealinkYMCS) Account() map[string]string {
	return map[string]string{"client_id": ymcsID, "client_secret": ymcsSecret}
}

// Phones answers phones.
func (s *YealinkYMCS) Phones() http.Handler { return yealinkPhones(s.Registered) }

// PIN is what a phone asks for, by the service.
func (s *YealinkYMCS) PIN(m mac.Addr) string { return m.String()[6:] }

// API answers calls.
func (s *YealinkYMCS) API() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if !s.accept(r.Header.Get("nonce"), r.Header.Get("timestamp")) || len(r.Header.Get("nonce")) > 32 {
			s.fail(w, http.StatusUnauthorized, "500401", "Invalid request header")
			return
		}
		if r.URL.Path == "/v2/token" {
			s.token(w, r, body)
			return
		}
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if until, ok := s.tokens[token]; !ok || s.now().After(until) || s.revoked {
			s.fail(w, http.StatusUnauthorized, "900401", "Not logged in")
			return
		}
		switch id, one := strings.CutPrefix(r.URL.Path, "/v2/rps/devices/"); {
		case one && r.Method == http.MethodPatch:
			s.patch(w, id, body)
		case r.Method == http.MethodPost && r.URL.Path == "/v2/rps/devices":
			var in ymcsDevice
			status, code, msg := http.StatusBadRequest, "900400", "Request parameters are incorrect"
			if fields(body, &in) {
				status, code, msg = s.add(in)
			}
			if code != "" {
				s.fail(w, status, code, msg)
				return
			}
			writeJSON(w, http.StatusCreated, map[string]any{"id": "id-" + in.MAC, "mac": in.MAC, "sn": in.SN, "uniqueServerUrl": in.UniqueServerURL})
		case r.Method == http.MethodPost && r.URL.Path == "/v2/rps/addDevices":
			s.addAll(w, body)
		case r.Method == http.MethodPost && r.URL.Path == "/v2/rps/delDevices":
			s.deleteAll(w, body)
		case r.Method == http.MethodPost && r.URL.Path == "/v2/rps/listDevices":
			var in struct {
				Skip, Limit int
				AutoCount   bool
				Filter      struct{ MAC string }
			}
			if !fields(body, &in) || in.Limit < 1 || in.Limit > 100 || in.Skip < 0 {
				s.fail(w, http.StatusBadRequest, "900400", "Request parameters are incorrect")
				return
			}
			list, total := pageOf(s.urls, in.Filter.MAC, in.Skip, in.Limit)
			writeJSON(w, http.StatusOK, map[string]any{"skip": in.Skip, "limit": in.Limit, "total": total, "data": list})
		case r.Method == http.MethodPost && r.URL.Path == "/v2/rps/listDevicePins":
			var in struct{ MACs []string }
			if !fields(body, &in) {
				s.fail(w, http.StatusBadRequest, "900400", "Request parameters are incorrect")
				return
			}
			pins := []map[string]string{}
			for _, text := range in.MACs {
				if m, ok := plainMAC(text); ok && s.urls[m] != "" {
					pins = append(pins, map[string]string{"mac": text, "pin": s.PIN(m)})
				}
			}
			writeJSON(w, http.StatusOK, pins)
		default:
			s.fail(w, http.StatusNotFound, "900404", "Resource not found")
		}
	})
}

// ymcsDevice is what a call adds.
type ymcsDevice struct{ MAC, SN, ServerID, UniqueServerURL, AuthName, Password, Remark string }

// add adds a device, or returns a code and what it means.
func (s *YealinkYMCS) add(in ymcsDevice) (status int, code, msg string) {
	m, ok := plainMAC(in.MAC)
	_, ours := s.urls[m]
	switch {
	case !ok || s.unmade[m]:
		return http.StatusBadRequest, "800001", "Invalid MAC"
	case in.SN == "":
		return http.StatusBadRequest, "800002", "Invalid SN"
	case !validURL(in.UniqueServerURL):
		return http.StatusBadRequest, "900400", "Request parameters are incorrect"
	case s.foreign[m]:
		return http.StatusBadRequest, "800004", "Device already managed by another organization"
	case ours:
		return http.StatusBadRequest, "800003", "Resource already exists"
	}
	s.urls[m] = in.UniqueServerURL
	return 0, "", ""
}

func (s *YealinkYMCS) addAll(w http.ResponseWriter, body []byte) {
	var list []ymcsDevice
	if !fields(body, &list) || len(list) == 0 {
		s.fail(w, http.StatusBadRequest, "900400", "Request parameters are incorrect")
		return
	}
	if len(list) > 100 {
		s.fail(w, http.StatusBadRequest, "800006", "Batch size exceeds limit")
		return
	}
	failed := []map[string]string{}
	for _, in := range list {
		if _, code, msg := s.add(in); code != "" {
			failed = append(failed, map[string]string{"mac": in.MAC, "sn": in.SN, "errorInfo": msg})
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"total": len(list), "successCount": len(list) - len(failed), "failureCount": len(failed), "errors": failed})
}

func (s *YealinkYMCS) deleteAll(w http.ResponseWriter, body []byte) {
	var in struct {
		DeviceIDType string
		DeviceIDs    []string
	}
	if !fields(body, &in) || in.DeviceIDType != "mac" || len(in.DeviceIDs) == 0 || len(in.DeviceIDs) > 100 {
		s.fail(w, http.StatusBadRequest, "900400", "Request parameters are incorrect")
		return
	}
	failed := []map[string]string{}
	for _, text := range in.DeviceIDs {
		m, ok := plainMAC(text)
		if _, ours := s.urls[m]; !ok || !ours {
			failed = append(failed, map[string]string{"field": text, "msg": "Resource not found"})
		}
		delete(s.urls, m)
	}
	writeJSON(w, http.StatusOK, map[string]any{"total": len(in.DeviceIDs), "successCount": len(in.DeviceIDs) - len(failed), "failureCount": len(failed), "errors": failed})
}

func (s *YealinkYMCS) patch(w http.ResponseWriter, id string, body []byte) {
	var in struct{ ServerID, UniqueServerURL, AuthName, Password, Remark string }
	m, ok := plainMAC(strings.TrimPrefix(id, "id-"))
	if _, ours := s.urls[m]; !ok || !ours {
		s.fail(w, http.StatusNotFound, "900404", "Resource not found")
		return
	}
	if !fields(body, &in) || !validURL(in.UniqueServerURL) {
		s.fail(w, http.StatusBadRequest, "900400", "Request parameters are incorrect")
		return
	}
	s.urls[m] = in.UniqueServerURL
	writeJSON(w, http.StatusOK, map[string]any{"id": id, "mac": m.String()})
}

// token gives a token of an hour for the account's AccessKey.
func (s *YealinkYMCS) token(w http.ResponseWriter, r *http.Request, body []byte) {
	var in struct {
		GrantType string `json:"grant_type"`
	}
	id, secret, ok := r.BasicAuth()
	switch {
	case r.Method != http.MethodPost || !fields(body, &in) || in.GrantType != "client_credentials":
		s.fail(w, http.StatusBadRequest, "70011", "Invalid grant_type")
	case !ok || id != ymcsID || secret != ymcsSecret || s.revoked:
		s.fail(w, http.StatusUnauthorized, "900401", "Not logged in")
	default:
		token := fmt.Sprintf("token-%d", len(s.tokens))
		s.tokens[token] = s.now().Add(time.Hour)
		writeJSON(w, http.StatusOK, map[string]any{"access_token": token, "token_type": "bearer", "expires_in": 3600})
	}
}

func (s *YealinkYMCS) fail(w http.ResponseWriter, status int, code, msg string) {
	writeJSON(w, status, map[string]any{"code": code, "message": msg, "requestId": "1", "details": []any{}})
}

// Expire ends all tokens before their time.
func (s *YealinkYMCS) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}
