package admin

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/dialplane/dialplane/internal/fleet"
)

type file struct {
	ID        string     `json:"id" example:"NzAwNTUxOTA5NzczMTQ4MTYw"`
	Kind      string     `json:"kind" enum:"firmware,ringtone,background" example:"firmware"`
	Name      string     `json:"name" example:"T46U-108.86.0.90.rom"`
	Vendor    blank      `json:"vendor" example:"Yealink" doc:"Null for every vendor."`
	Models    []string   `json:"models" example:"T46U" doc:"Empty for all of the vendor."`
	Version   blank      `json:"version" example:"108.86.0.90" doc:"Of firmware; null for what is none."`
	Bytes     int64      `json:"bytes" example:"31457280"`
	SHA256    string     `json:"sha256" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
	CreatedAt *time.Time `json:"created" example:"2026-11-23T08:00:00Z"`
}

type firmwarePolicy struct {
	ID             string     `json:"id" example:"NzAwNTUxOTA5NzczMTQ4MTYw"`
	Vendor         string     `json:"vendor" example:"Yealink"`
	Models         []string   `json:"models" example:"T46U" doc:"Empty for all of the vendor that no other policy names."`
	From           blank      `json:"from" example:"108.84.0.10" doc:"Phones below it are offered nothing; null for any."`
	Steps          []string   `json:"steps" example:"108.86.0.90" doc:"In the order of installation; the last is the target."`
	AllowDowngrade bool       `json:"allow_downgrade" example:"false"`
	OfferUnknown   bool       `json:"offer_unknown" example:"false"`
	CreatedAt      *time.Time `json:"created_at" example:"2026-11-23T08:00:00Z"`
	UpdatedAt      *time.Time `json:"updated_at" example:"2026-11-23T08:00:00Z"`
}

type firmwarePolicyCreate struct {
	Vendor         string    `json:"vendor" maxLength:"64" example:"Yealink"`
	Models         *[]string `json:"models,omitempty" maxItems:"100" example:"T46U" doc:"For these only; none for all models of the vendor that no other policy names."`
	From           *string   `json:"from,omitempty" maxLength:"64" example:"108.84.0.10" doc:"Phones below this version are offered nothing."`
	Steps          []string  `json:"steps" minItems:"1" maxItems:"16" example:"108.86.0.90" doc:"Versions as the phones name them, each above the one before it: a phone is offered the lowest that is above its own, until it runs the last. Firmware of each must have been uploaded."`
	AllowDowngrade *bool     `json:"allow_downgrade,omitempty" example:"false" doc:"Whether phones above the last step are offered it."`
	OfferUnknown   *bool     `json:"offer_unknown,omitempty" example:"false" doc:"Whether phones that name no version are offered the first step, even if they should run a later one."`
}

type firmwarePolicyUpdate struct {
	Vendor         *string   `json:"vendor,omitempty" maxLength:"64" example:"Yealink"`
	Models         *[]string `json:"models,omitempty" maxItems:"100" example:"T46U" doc:"Replaces all."`
	From           *string   `json:"from,omitempty" maxLength:"64" example:"108.84.0.10"`
	Steps          *[]string `json:"steps,omitempty" minItems:"1" maxItems:"16" example:"108.86.0.90" doc:"Replaces all."`
	AllowDowngrade *bool     `json:"allow_downgrade,omitempty" example:"false"`
	OfferUnknown   *bool     `json:"offer_unknown,omitempty" example:"false"`
}

// fileUpload is what an upload says of itself, and the request with its body.
type fileUpload struct {
	Name    string `query:"name" required:"true" example:"T46U-108.86.0.90.rom" doc:"What phones ask for: letters, digits, dots, hyphens and underscores, at most 128, the first a letter or digit. A kind, vendor and version has each name once."`
	Kind    string `query:"kind" required:"true" enum:"firmware,ringtone,background" example:"firmware" doc:"What it is."`
	Vendor  string `query:"vendor" example:"Yealink" doc:"Required for firmware; without it the file is for every vendor."`
	Models  string `query:"models" example:"T46U,T48U" doc:"For these models only, with commas between them."`
	Version string `query:"version" example:"108.86.0.90" doc:"Required for firmware, and of that alone: as the phones name it."`

	request *http.Request
	writer  http.ResponseWriter
}

// Resolve takes hold of the request. It is part of huma.Resolver.
func (u *fileUpload) Resolve(ctx huma.Context) []error {
	u.request, u.writer = humago.Unwrap(ctx)
	return nil
}

var _ huma.Resolver = (*fileUpload)(nil)

// How long an upload may take, and how long nothing may come of it.
const (
	uploadTime = time.Hour
	uploadIdle = 30 * time.Second
)

// incoming is the body of an upload. Its errors are problems.
type incoming struct {
	body       io.Reader
	connection *http.ResponseController
	until      time.Time
}

func (in *incoming) Read(p []byte) (int, error) {
	deadline := time.Now().Add(uploadIdle)
	if deadline.After(in.until) {
		deadline = in.until
	}
	_ = in.connection.SetReadDeadline(deadline) // a writer without deadlines is a test's
	n, err := in.body.Read(p)
	var network net.Error
	switch {
	case err == nil, errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return n, err
	case errors.As(err, &network) && network.Timeout():
		return n, refuse(http.StatusRequestTimeout, "the file did not arrive in time; nothing was kept")
	}
	return n, refuse(http.StatusBadRequest, "the file ended early; nothing was kept")
}

func (s *server) registerFiles() {
	register(s, operation{
		method: http.MethodGet, path: "/files", id: "listFiles", tag: tagFiles, status: http.StatusOK, role: fleet.Viewer, fields: fleet.FileFields,
		summary: "List uploaded firmware, ring tones and backgrounds",
	}, func(ctx context.Context, r request, _ *struct{}) (*output[listOf[file]], error) {
		found, n, err := s.Fleet.Files(ctx, r.Caller, r.Query)
		return listed(r, found, n, fileOf), err
	})
	register(s, operation{
		method: http.MethodPost, path: "/files", id: "uploadFile", tag: tagFiles, status: http.StatusCreated, role: fleet.Admin, upload: true,
		summary: "Upload a file",
		detail: "The body is the file itself, as application/octet-stream. The answer comes when it is kept durably; an upload that is cut leaves nothing. " +
			"A ring tone or background has at most 16 MiB, firmware what the server allows (512 MiB unless told), and so have all files of a tenant together (4 GiB). " +
			"In errors, `detail` names the parameter that is meant.",
	}, func(ctx context.Context, r request, in *fileUpload) (*output[created], error) {
		connection := http.NewResponseController(in.writer)
		until := time.Now().Add(uploadTime)
		_ = connection.SetWriteDeadline(until.Add(uploadIdle))
		defer func() { _ = connection.SetReadDeadline(time.Time{}) }()
		given := fleet.FileInput{Name: in.Name, Kind: in.Kind, Vendor: in.Vendor, Version: in.Version}
		if in.Models != "" {
			given.Models = strings.Split(in.Models, ",")
		}
		return createdAs(s.Fleet.CreateFile(ctx, r.Caller, given, in.request.ContentLength, &incoming{in.request.Body, connection, until}))
	})
	register(s, operation{
		method: http.MethodGet, path: "/files/{id}", id: "getFile", tag: tagFiles, status: http.StatusOK, role: fleet.Viewer,
		summary: "Get what is known of a file",
	}, func(ctx context.Context, r request, in *ObjectPath) (*output[file], error) {
		f, err := s.Fleet.File(ctx, r.Caller, in.ID.ref())
		return &output[file]{fileOf(f)}, err
	})
	register(s, operation{
		method: http.MethodGet, path: "/files/{id}/content", id: "getFileContent", tag: tagFiles, status: http.StatusOK, role: fleet.Viewer, answer: "application/octet-stream",
		summary: "Get a file, byte for byte as it was uploaded",
	}, func(ctx context.Context, r request, in *ObjectPath) (*huma.StreamResponse, error) {
		f, content, err := s.Fleet.FileContent(ctx, r.Caller, in.ID.ref())
		if err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(ctx huma.Context) {
			defer func() { _ = content.Close() }() // was only read
			_, w := humago.Unwrap(ctx)
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(uploadTime))
			h := w.Header()
			h.Set("Content-Type", "application/octet-stream")
			h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", f.Name))
			h.Set("Content-Length", strconv.FormatInt(f.Bytes, 10))
			w.WriteHeader(http.StatusOK)
			_, _ = io.CopyN(w, content, f.Bytes) // the client has gone; there is nobody to tell
		}}, nil
	})
	register(s, operation{
		method: http.MethodPost, path: "/files/{id}/destroy", id: "deleteFile", tag: tagFiles, status: http.StatusNoContent, role: fleet.Admin,
		summary: "Delete a file",
		detail:  "Firmware of a version that a policy leads to is a conflict.",
	}, func(ctx context.Context, r request, in *ObjectPath) (*empty, error) {
		return nothing(s.Fleet.DeleteFile(ctx, r.Caller, in.ID.ref()))
	})

	register(s, operation{
		method: http.MethodGet, path: "/firmware_policies", id: "listFirmwarePolicies", tag: tagFiles, status: http.StatusOK, role: fleet.Viewer, fields: fleet.FirmwarePolicyFields,
		summary: "List which firmware phones are to run",
	}, func(ctx context.Context, r request, _ *struct{}) (*output[listOf[firmwarePolicy]], error) {
		found, n, err := s.Fleet.FirmwarePolicies(ctx, r.Caller, r.Query)
		return listed(r, found, n, firmwarePolicyOf), err
	})
	register(s, operation{
		method: http.MethodPost, path: "/firmware_policies", id: "createFirmwarePolicy", tag: tagFiles, status: http.StatusCreated, role: fleet.Admin,
		summary: "Say which firmware phones are to run",
		detail:  "Phones that are to install something are out-of-date from then on, and install it when they next fetch.",
	}, func(ctx context.Context, r request, in *input[firmwarePolicyCreate]) (*output[created], error) {
		b := in.Body
		return createdAs(s.Fleet.CreateFirmwarePolicy(ctx, r.Caller, fleet.FirmwarePolicyInput{
			Vendor: &b.Vendor, Models: b.Models, From: b.From, Steps: &b.Steps, AllowDowngrade: b.AllowDowngrade, OfferUnknown: b.OfferUnknown,
		}))
	})
	register(s, operation{
		method: http.MethodGet, path: "/firmware_policies/{id}", id: "getFirmwarePolicy", tag: tagFiles, status: http.StatusOK, role: fleet.Viewer,
		summary: "Get a firmware policy",
	}, func(ctx context.Context, r request, in *ObjectPath) (*output[firmwarePolicy], error) {
		p, err := s.Fleet.FirmwarePolicy(ctx, r.Caller, in.ID.ref())
		return &output[firmwarePolicy]{firmwarePolicyOf(p)}, err
	})
	register(s, operation{
		method: http.MethodPost, path: "/firmware_policies/{id}", id: "updateFirmwarePolicy", tag: tagFiles, status: http.StatusOK, role: fleet.Admin,
		summary: "Change a firmware policy",
	}, func(ctx context.Context, r request, in *struct {
		ObjectPath
		Body firmwarePolicyUpdate
	},
	) (*empty, error) {
		return nothing(s.Fleet.UpdateFirmwarePolicy(ctx, r.Caller, in.ID.ref(), fleet.FirmwarePolicyInput(in.Body)))
	})
	register(s, operation{
		method: http.MethodPost, path: "/firmware_policies/{id}/destroy", id: "deleteFirmwarePolicy", tag: tagFiles, status: http.StatusNoContent, role: fleet.Admin,
		summary: "Delete a firmware policy",
		detail:  "Phones keep the firmware that they run.",
	}, func(ctx context.Context, r request, in *ObjectPath) (*empty, error) {
		return nothing(s.Fleet.DeleteFirmwarePolicy(ctx, r.Caller, in.ID.ref()))
	})
}

func fileOf(f fleet.File) file {
	return file{
		ID: f.ID.String(), Kind: string(f.Kind), Name: f.Name, Vendor: blank(f.Vendor), Models: orEmpty(f.Models), Version: blank(f.Version),
		Bytes: f.Bytes, SHA256: hex.EncodeToString(f.SHA256[:]), CreatedAt: moment(f.CreatedAt),
	}
}

func firmwarePolicyOf(p fleet.FirmwarePolicy) firmwarePolicy {
	return firmwarePolicy{
		ID: p.ID.String(), Vendor: p.Vendor, Models: orEmpty(p.Models), From: blank(p.From), Steps: p.Steps,
		AllowDowngrade: p.AllowDowngrade, OfferUnknown: p.OfferUnknown, CreatedAt: moment(p.CreatedAt), UpdatedAt: moment(p.UpdatedAt),
	}
}
