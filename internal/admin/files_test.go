package admin_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/dialplane/dialplane/api/client"
)

// left is how many contents there are beside the world's own.
func (w *world) left() int {
	w.t.Helper()
	list, err := os.ReadDir(w.files)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(list) - 1
}

func upload(name string) string {
	return "/files?" + url.Values{"name": {name}, "kind": {"ringtone"}}.Encode()
}

func TestRefusedUploads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		path, body string
		header     http.Header
		status     int
		faults     []string
	}{
		"nothing said":      {"/files", "x", nil, 422, []string{"VALIDATE_FAILED /name", "VALIDATE_FAILED /kind"}},
		"another parameter": {uploadPath + "9&size=1", "x", nil, 400, []string{"MALFORMED"}},
		"twice":             {uploadPath + "9&name=B", "x", nil, 400, []string{"MALFORMED"}},
		"JSON":              {upload("x"), "{}", http.Header{"Content-Type": {"application/json"}}, 415, []string{"UNSUPPORTED_MEDIA_TYPE"}},
		"no type":           {upload("x"), "x", http.Header{"Content-Type": nil}, 415, []string{"UNSUPPORTED_MEDIA_TYPE"}},
		"zipped":            {upload("x"), "x", http.Header{"Content-Encoding": {"gzip"}}, 415, []string{"UNSUPPORTED_MEDIA_TYPE"}},
		"empty":             {upload("x"), "", nil, 422, []string{"VALIDATE_FAILED"}},
		"oversize":          {upload("x"), strings.Repeat("x", 1<<20+1), nil, 413, []string{"REQUEST_TOO_LARGE"}},
		"duplicate":         {uploadPath, "other", nil, 409, []string{"CONFLICT /name"}},
		"upwards":           {upload("../../x.tpl"), "x", nil, 422, []string{"VALIDATE_FAILED /name"}},
		"NUL":               {upload("x.tpl\x00.txt"), "x", nil, 422, []string{"VALIDATE_FAILED /name"}},
		"drive":             {upload(`C:\x`), "x", nil, 422, []string{"VALIDATE_FAILED /name"}},
		"encoded twice":     {upload("%2e%2e"), "x", nil, 422, []string{"VALIDATE_FAILED /name"}},
		"long":              {upload(strings.Repeat("x", 300)), "x", nil, 422, []string{"VALIDATE_FAILED /name"}},
		"turned around":     {upload("x\u202egnp"), "x", nil, 422, []string{"VALIDATE_FAILED /name"}},
	} {
		r := request("POST", c.path, w.admin, c.body)
		for k, v := range c.header {
			r.Header[k] = v
		}
		got := w.send(t, r)
		if got.status != c.status || !slices.Equal(got.faults(), c.faults) {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	if n := w.left(); n != 0 {
		t.Errorf("%d files are left", n)
	}
	for _, path := range []string{"/files/..%2f..%2fetc%2fpasswd/content", "/files/%00/content", "/files/x/content", "/files/.../content"} {
		rec := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/api"+path, nil)
		r.Header.Set("Authorization", "Bearer "+w.admin)
		w.ServeHTTP(rec, r)
		if rec.Code != 404 {
			t.Errorf("%s: %d", path, rec.Code)
		}
	}
}

// TestUploadsOverTheNetwork sends what does not fit into a test's memory of a request:
// bodies in chunks, without end, or cut.
func TestUploadsOverTheNetwork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := httptest.NewServer(w)
	defer server.Close()
	c, err := client.NewClientWithResponses(server.URL + "/api")
	if err != nil {
		t.Fatal(err)
	}
	auth := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+w.admin) }
	send := func(name string, body io.Reader) *client.UploadFileResponse {
		t.Helper()
		req, err := client.NewUploadFileRequestWithBody(c.ClientInterface.(*client.Client).Server, &client.UploadFileParams{Name: name, Kind: "ringtone"}, "application/octet-stream", body)
		if err != nil {
			t.Fatal(err)
		}
		auth(req)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		got, err := client.ParseUploadFileResponse(res)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<15)
	made := send("half.wav", io.MultiReader(bytes.NewReader(content))) // in chunks
	if made.JSON201 == nil {
		t.Fatalf("%s: %s", made.Status(), made.Body)
	}
	r, err := http.NewRequest("GET", server.URL+"/api/files/"+made.JSON201.ID+"/content", nil)
	if err != nil {
		t.Fatal(err)
	}
	auth(r)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	back, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || !bytes.Equal(back, content) || res.Header.Get("Content-Disposition") != `attachment; filename="half.wav"` {
		t.Errorf("%d bytes came back: %v, %v", len(back), err, res.Header)
	}

	// Larger than allowed, and without end: refused early, however it is sent.
	for name, head := range map[string]string{"announced": "Content-Length: 10737418240", "in chunks": "Transfer-Encoding: chunked"} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST /api%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/octet-stream\r\n%s\r\n\r\n", upload("big"), w.admin, head)
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			chunk := append([]byte("10000\r\n"), append(bytes.Repeat([]byte("x"), 1<<16), "\r\n"...)...)
			for { // until the server has had enough
				if _, err := conn.Write(chunk); err != nil {
					return
				}
			}
		}()
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || res.StatusCode != 413 {
			t.Errorf("%s: %v, %v", name, res, err)
		}
		conn.Close()
		<-sent
	}

	// Cut in the middle: nothing is left.
	for _, head := range []string{"Content-Length: 100000", "Transfer-Encoding: chunked"} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST /api%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/octet-stream\r\n%s\r\n\r\n5\r\nhello\r\n", upload("cut"), w.admin, head)
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || res.StatusCode != 400 {
			t.Errorf("%s: %v, %v", head, res, err)
		}
		conn.Close()
	}
	if n := w.left(); n != 1 {
		t.Errorf("%d files are left, want the one that came whole", n)
	}
}
