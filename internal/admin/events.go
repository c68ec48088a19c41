package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/dialplane/dialplane/internal/fleet"
)

type event struct {
	ID       string     `json:"id" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"Rises with each event, but is opaque: it can be given back as Last-Event-ID."`
	Time     *time.Time `json:"time" example:"2026-11-23T08:00:00Z"`
	Tenant   string     `json:"tenant" example:"NzAwNTUxOTA5NzczMTQ4MTYw"`
	MAC      blank      `json:"mac" example:"001565aabbcc" doc:"Null for what concerns every phone."`
	Kind     string     `json:"kind" example:"fetch.served" doc:"What kind of thing happened. Kinds may be added."`
	Severity string     `json:"severity" enum:"info,warning,high" doc:"How much it matters; high may be an attack."`
	Text     string     `json:"text" example:"fetched 001565aabbcc.cfg, 12345 bytes" doc:"In plain words."`
	Caller   blank      `json:"caller" example:"anna" doc:"Who did or ordered it; null for what the phone did."`
	Details  details    `json:"details" doc:"What this kind of event has."`
}

type details struct {
	File      string   `json:"file,omitempty" example:"001565aabbcc.cfg" doc:"That was asked for: the last part of the path, or that from files/ on for an uploaded file; never a secret address."`
	Level     string   `json:"level,omitempty" enum:"L0,L1,L2" doc:"What the phone had proven: nothing, an enrolment window, its secret address."`
	Status    int      `json:"status,omitempty" example:"200" doc:"Of the answer."`
	Bytes     int64    `json:"bytes,omitempty" example:"12345"`
	IP        string   `json:"ip,omitempty" example:"192.0.2.17"`
	UserAgent string   `json:"user_agent,omitempty" example:"Yealink SIP-T46U 108.86.0.45 00:15:65:aa:bb:cc"`
	Vendor    string   `json:"vendor,omitempty" example:"Yealink"`
	Model     string   `json:"model,omitempty" example:"T46U"`
	Version   string   `json:"version,omitempty" example:"108.86.0.45"`
	Reason    string   `json:"reason,omitempty" example:"the phone is rejected" doc:"Why it was refused."`
	Changes   []change `json:"changes,omitempty" doc:"What differs from before."`
	Job       string   `json:"job,omitempty" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"That a command belongs to, for /jobs/{id}."`
	Order     string   `json:"order,omitempty" enum:"reprovision,reboot"`
	Attempt   int      `json:"attempt,omitempty" example:"1"`
	Outcome   string   `json:"outcome,omitempty" enum:"challenged,unreachable,timed-out,refused,broken" doc:"Why an attempt did not succeed."`
	Phones    int      `json:"phones,omitempty" example:"1" doc:"How many phones an order goes to."`
}

type change struct {
	Field string `json:"field" example:"version"`
	From  blank  `json:"from" example:"108.86.0.40" doc:"Null for settings, which may be secret."`
	To    blank  `json:"to" example:"108.86.0.45" doc:"Null for settings, which may be secret."`
}

func eventOf(e fleet.Event) event {
	out := event{
		ID: e.ID.String(), Time: moment(e.Time), Tenant: e.Tenant.String(), Kind: string(e.Kind), Severity: string(e.Severity), Text: e.Text, Caller: blank(e.Caller),
		Details: details{
			Job: e.Job.String(), Order: string(e.Order), Attempt: e.Attempt, Outcome: string(e.Outcome), Phones: e.Phones,
			Changes: each(func(c fleet.Change) change { return change{c.Field, blank(c.From), blank(c.To)} })(e.Changes),
		},
	}
	if !e.MAC.IsZero() {
		out.MAC = blank(e.MAC.String())
	}
	if f := e.Fetch; f != nil {
		d := &out.Details
		d.File, d.Level, d.Status, d.Bytes, d.UserAgent = f.File, f.Level, f.Status, f.Bytes, f.UserAgent
		d.Vendor, d.Model, d.Version, d.Reason = f.Vendor, f.Model, f.Version, f.Reason
		if f.IP.IsValid() {
			d.IP = f.IP.String()
		}
	}
	return out
}

// Times of a stream of events.
const (
	heartbeat    = 20 * time.Second // between signs of life, and looks at the credential
	streamWrite  = 10 * time.Second // for a client to take what is written
	streamReturn = 3 * time.Second  // that clients wait before they come back
)

// ResumeHeader is the header of a client that comes back.
type ResumeHeader struct {
	LastEventID string `header:"Last-Event-ID" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"Id of the last event that the client has, after which it wants to go on; without it, the stream begins now."`
}

func (s *server) registerEvents() {
	stream := operation{
		method: http.MethodGet, path: "/events", id: "streamEvents", tag: tagEvents, status: http.StatusOK, role: fleet.Viewer, stream: true,
		summary: "Follow what happens to the tenant's phones",
		detail: "Server-sent events (text/event-stream) as they become durable, without an event name: `id` is the event's, `data` the JSON of Event on one line. " +
			"The first block has an id and no data: from there on nothing is missed. A client that comes back names the last id it has in Last-Event-ID " +
			"and is sent what it has missed, as far as it is still kept, each event once. A comment is sent where nothing else is for 20 seconds. " +
			"The stream ends with the credential, with the server, and for a client that does not take what it is sent within 10 seconds.",
	}
	register(s, stream, func(ctx context.Context, r request, in *ResumeHeader) (*huma.StreamResponse, error) {
		after, ok := fleet.ParseID(in.LastEventID)
		if !ok && in.LastEventID != "" {
			return nil, refuse(http.StatusBadRequest, "the header Last-Event-ID holds no id of an event")
		}
		watch, err := s.Fleet.Watch(ctx, r.Caller, after)
		if err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(ctx huma.Context) {
			defer watch.Close()
			hr, w := humago.Unwrap(ctx)
			s.stream(watch, hr, w, func() error {
				c, err := s.caller(hr, stream, r.Address)
				if err == nil && c.Tenant != r.Tenant {
					return fleet.NotFound("tenant")
				}
				return err
			})
		}}, nil
	})
	register(s, operation{
		method: http.MethodGet, path: "/phones/{mac}/history", id: "listPhoneHistory", tag: tagEvents, status: http.StatusOK, role: fleet.Viewer, fields: fleet.EventFields,
		summary: "List what happened to a phone or DECT base, latest first",
		detail:  "Kinds of events are `" + strings.Join(each(func(k fleet.EventKind) string { return string(k) })(fleet.EventKinds), "`, `") + "`; others may be added.",
	}, func(ctx context.Context, r request, in *MACPath) (*output[listOf[event]], error) {
		found, n, err := s.Fleet.Events(ctx, r.Caller, in.MAC, r.Query)
		return listed(r, found, n, eventOf), err
	})
}

// stream sends events until the client, the server or its credential ends. still
// returns an error once the client may no longer have them.
func (s *server) stream(watch *fleet.Watch, r *http.Request, w http.ResponseWriter, still func() error) {
	connection := http.NewResponseController(w)
	// The server's deadlines are for requests that end. A writer without deadlines
	// is a test's.
	_ = connection.SetReadDeadline(time.Time{})
	send := func(write func() error) bool {
		_ = connection.SetWriteDeadline(time.Now().Add(streamWrite))
		return write() == nil && connection.Flush() == nil
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would hold it back
	w.WriteHeader(http.StatusOK)
	begun := send(func() error {
		_, err := fmt.Fprintf(w, "retry: %d\nid: %s\n\n", streamReturn.Milliseconds(), watch.After())
		return err
	})
	looked := time.Now()
	for begun {
		wait, cancel := context.WithTimeout(r.Context(), heartbeat)
		events, err := watch.Next(wait)
		cancel()
		quiet := errors.Is(err, context.DeadlineExceeded) && r.Context().Err() == nil
		if err != nil && !quiet {
			if r.Context().Err() == nil && !errors.Is(err, fleet.ErrFeedClosed) {
				s.Log.ErrorContext(r.Context(), "a stream of events has ended: they could not be read", "error", err)
			}
			return
		}
		if time.Since(looked) >= heartbeat {
			if still() != nil {
				return
			}
			looked = time.Now()
		}
		if !send(func() error { return writeEvents(w, events) }) {
			return
		}
	}
}

// writeEvents writes events, or a comment if there are none.
func writeEvents(w io.Writer, events []fleet.Event) error {
	if len(events) == 0 {
		_, err := io.WriteString(w, ":\n\n")
		return err
	}
	for _, e := range events {
		data, err := json.Marshal(eventOf(e))
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "id: %s\ndata: %s\n\n", e.ID, data); err != nil {
			return err
		}
	}
	return nil
}

// streamed describes the answer of an operation that streams events.
func (s *server) streamed() *huma.Response {
	return &huma.Response{
		Description: "The events, until the stream ends.",
		Content: map[string]*huma.MediaType{"text/event-stream": {
			Schema: &huma.Schema{
				Type: huma.TypeString, Description: "Blocks of `id` and `data` lines, as WHATWG HTML says. Each data is an Event.",
				Extensions: map[string]any{"x-event": s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[event](), true, "").Ref},
			},
		}},
	}
}
