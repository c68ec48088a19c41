package http

import (
	"io"
	"net/http"
	"time"

	"github.com/dialplane/dialplane/internal/provision"
)

// How long a phone may take for an uploaded file: uploadTime, and one second more for
// each uploadPace bytes of it.
const (
	uploadTime = time.Minute
	uploadPace = 16 << 10
)

// upload sends an uploaded file, or the ranges of it that the phone asks for, from the
// disk: the operating system copies it to the connection where it can.
func (h *Handler) upload(w http.ResponseWriter, r *http.Request, a provision.Answer) {
	defer func() { _ = a.Upload.Close() }() // was only read
	size, err := a.Upload.Seek(0, io.SeekEnd)
	if err != nil {
		a.Upload.Sent(http.StatusServiceUnavailable, 0)
		retryLater(w, http.StatusServiceUnavailable)
		return
	}
	// A writer without deadlines is a test's.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(uploadTime + time.Duration(size/uploadPace)*time.Second))
	header := w.Header()
	header["Content-Type"] = []string{a.Type}
	header["Etag"] = []string{a.ETag}
	header["Cache-Control"] = cacheControl
	counted := &counter{ResponseWriter: w, status: http.StatusOK}
	defer func() { a.Upload.Sent(counted.status, counted.bytes) }()
	http.ServeContent(counted, r, "", a.Upload.Modified, a.Upload.ReadSeekCloser)
}

// counter notes what is sent.
type counter struct {
	http.ResponseWriter
	status int
	bytes  int64 // of the body
}

func (c *counter) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.bytes += int64(n)
	return n, err
}

// ReadFrom lets the connection copy a file without us.
func (c *counter) ReadFrom(r io.Reader) (int64, error) {
	n, err := io.Copy(c.ResponseWriter, r)
	c.bytes += n
	return n, err
}
