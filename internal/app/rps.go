package app

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dialplane/dialplane/api/client"
)

// rpsCmd asks a running server, by its API, about the vendors' redirect services.
type rpsCmd struct {
	API    string `name:"api" help:"Address of the API." default:"http://127.0.0.1:8887" placeholder:"URL"`
	Token  string `help:"Token to ask with; better given by the environment." placeholder:"TOKEN"`
	Tenant string `help:"Id of the tenant to act in, for a token of the installation; without, accounts are the installation's own." placeholder:"ID"`
	JSON   bool   `name:"json" help:"Print the API's answer instead of a table."`

	Services rpsServicesCmd `cmd:"" help:"List the services that there can be accounts at, and what an account consists of."`
	Accounts rpsAccountsCmd `cmd:"" help:"List, add, verify and delete accounts."`
	Status   rpsStatusCmd   `cmd:"" help:"Say how devices stand at their vendors' services."`
	Sync     rpsSyncCmd     `cmd:"" help:"Compare what a service has with what it should have; changes nothing unless asked to."`
}

// tenant is the header that names the tenant, if one is named.
func (c *rpsCmd) tenant() *client.InTenant {
	if c.Tenant == "" {
		return nil
	}
	return &c.Tenant
}

func (c *rpsCmd) open() (*client.ClientWithResponses, error) {
	if c.Token == "" {
		return nil, errors.New("there is no token to ask with; give one in DIALPLANE_TOKEN or with --token")
	}
	base := strings.TrimSuffix(strings.TrimSuffix(c.API, "/"), "/api") // people copy it with and without
	return client.NewClientWithResponses(base+"/api",
		client.WithHTTPClient(&http.Client{Timeout: 2 * time.Minute}),
		client.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
			r.Header.Set("Authorization", "Bearer "+c.Token)
			return nil
		}))
}

// answered returns why an answer is none, in the API's words.
func answered(err error, status int, p *client.Problem) error {
	switch {
	case err != nil:
		return fmt.Errorf("the API was not reached: %w", err)
	case status < 300:
		return nil
	case p == nil || len(p.Errors) == 0:
		return fmt.Errorf("the API has answered with the status %d", status)
	}
	lines := make([]string, len(p.Errors))
	for i, e := range p.Errors {
		lines[i] = e.Message
		if e.Detail != nil && *e.Detail != "" {
			lines[i] = *e.Detail + ": " + e.Message
		}
	}
	return errors.New(strings.Join(lines, "\n"))
}

// show prints an answer as it came, or as a table with the titles of its columns first.
func (c *rpsCmd) show(streams Streams, body []byte, titles string, rows [][]string) error {
	if c.JSON {
		_, err := fmt.Fprintln(streams.Out, strings.TrimSpace(string(body)))
		return err
	}
	t := tabwriter.NewWriter(streams.Out, 0, 0, 2, ' ', 0)
	if _, err := fmt.Fprintln(t, strings.ReplaceAll(titles, " ", "\t")); err != nil {
		return err
	}
	for _, row := range rows {
		for i := range row {
			row[i] = cmp.Or(oneLine(row[i]), "-")
		}
		if _, err := fmt.Fprintln(t, strings.Join(row, "\t")); err != nil {
			return err
		}
	}
	return t.Flush()
}

// oneLine keeps what a service said from being taken for a row, or for a command of the
// terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

type rpsServicesCmd struct{}

func (rpsServicesCmd) Run(ctx context.Context, streams Streams, c *cli) error {
	api, err := c.RPS.open()
	if err != nil {
		return err
	}
	services, body, err := c.RPS.services(ctx, api)
	if err != nil {
		return err
	}
	var rows [][]string
	for _, s := range services {
		var regions, fields []string
		for _, r := range s.Regions {
			regions = append(regions, r.Name)
		}
		for _, f := range s.Fields {
			name := f.Name
			if f.Secret {
				name += " (secret)"
			}
			if !f.Required {
				name = "[" + name + "]"
			}
			fields = append(fields, name)
		}
		rows = append(rows, []string{s.Name, s.Vendor, strings.Join(regions, ","), strings.Join(fields, ", ")})
	}
	return c.RPS.show(streams, body, "SERVICE VENDOR REGIONS FIELDS", rows)
}

func (c *rpsCmd) services(ctx context.Context, api *client.ClientWithResponses) ([]client.RedirectService, []byte, error) {
	r, err := api.ListRPSServicesWithResponse(ctx, &client.ListRPSServicesParams{DialplaneTenant: c.tenant()})
	if err != nil {
		return nil, nil, answered(err, 0, nil)
	}
	if err := answered(nil, r.StatusCode(), r.JSONDefault); err != nil {
		return nil, nil, err
	}
	return r.JSON200.Items, r.Body, nil
}

type rpsAccountsCmd struct {
	List   rpsAccountsListCmd   `cmd:"" default:"1" help:"List accounts. The default."`
	Add    rpsAccountsAddCmd    `cmd:"" help:"Add an account."`
	Verify rpsAccountsVerifyCmd `cmd:"" help:"Ask the service whether it takes an account."`
	Delete rpsAccountsDeleteCmd `cmd:"" help:"Delete an account."`
}

type rpsAccountsListCmd struct{}

func (rpsAccountsListCmd) Run(ctx context.Context, streams Streams, c *cli) error {
	api, err := c.RPS.open()
	if err != nil {
		return err
	}
	r, err := api.ListRPSAccountsWithResponse(ctx, &client.ListRPSAccountsParams{DialplaneTenant: c.RPS.tenant()})
	if err != nil {
		return answered(err, 0, nil)
	}
	if err := answered(nil, r.StatusCode(), r.JSONDefault); err != nil {
		return err
	}
	var rows [][]string
	for _, a := range r.JSON200.Items {
		rows = append(rows, []string{a.ID, a.Vendor, a.Service, stateOfAccount(a)})
	}
	return c.RPS.show(streams, r.Body, "ID VENDOR SERVICE STATE", rows)
}

// stateOfAccount says how it stands with an account in a few words.
func stateOfAccount(a client.RedirectAccount) string {
	var words []string
	if a.Inherited {
		words = append(words, "the installation's")
	}
	switch {
	case a.HeldReason != nil && a.HeldUntil != nil:
		words = append(words, "held until "+a.HeldUntil.Format(time.RFC3339)+": "+*a.HeldReason)
	case a.HeldReason != nil:
		words = append(words, "held until it is changed or verified: "+*a.HeldReason)
	case a.VerifyError != nil:
		words = append(words, "not accepted: "+*a.VerifyError)
	case a.Verified != nil:
		words = append(words, "accepted")
	}
	return strings.Join(words, ", ")
}

type rpsAccountsAddCmd struct {
	Service  string   `required:"" help:"One of 'rps services'." placeholder:"SERVICE" env:"-"`
	Endpoint string   `help:"One of the service's regions, or an https URL." placeholder:"REGION" env:"-"`
	Set      []string `help:"Set a field that is not secret; repeat for several. Those that are secret are read from DIALPLANE_RPS_<FIELD> or else, a line each in the order of 'rps services', from standard input." placeholder:"FIELD=VALUE" sep:"none" env:"-"`
}

func (cmd rpsAccountsAddCmd) Run(ctx context.Context, streams Streams, c *cli) error {
	api, err := c.RPS.open()
	if err != nil {
		return err
	}
	services, _, err := c.RPS.services(ctx, api)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(services, func(s client.RedirectService) bool { return s.Name == cmd.Service })
	if i < 0 {
		return fmt.Errorf("--service %s is none that the server knows; 'dialplane rps services' lists them", cmd.Service)
	}
	values, err := cmd.values(services[i], os.Stdin)
	if err != nil {
		return err
	}
	body := client.RedirectAccountCreate{Service: cmd.Service, Values: &values}
	if cmd.Endpoint != "" {
		body.Endpoint = &cmd.Endpoint
	}
	r, err := api.CreateRPSAccountWithResponse(ctx, &client.CreateRPSAccountParams{DialplaneTenant: c.RPS.tenant()}, body)
	if err != nil {
		return answered(err, 0, nil)
	}
	if err := answered(nil, r.StatusCode(), r.JSONDefault); err != nil {
		return err
	}
	return c.RPS.show(streams, r.Body, "ID", [][]string{{r.JSON201.ID}})
}

// values are the fields of an account: those that are secret never come from the command
// line, which others on the machine can read.
func (cmd rpsAccountsAddCmd) values(service client.RedirectService, stdin io.Reader) ([]client.RedirectValueInput, error) {
	values := []client.RedirectValueInput{}
	given := make(map[string]bool)
	for _, set := range cmd.Set {
		name, value, ok := strings.Cut(set, "=")
		if !ok {
			return nil, fmt.Errorf("--set %s is not of the form FIELD=VALUE", name)
		}
		for _, f := range service.Fields {
			if f.Name == name && f.Secret {
				return nil, fmt.Errorf("--set %s: that is a secret, which others on this machine could read; give it in %s or on standard input", name, secretEnv(name))
			}
		}
		given[name] = true
		values = append(values, client.RedirectValueInput{Name: name, Value: value})
	}
	lines := bufio.NewScanner(stdin)
	for _, f := range service.Fields {
		if !f.Secret || given[f.Name] {
			continue
		}
		value := os.Getenv(secretEnv(f.Name))
		if value == "" && f.Required && lines.Scan() {
			value = strings.TrimSuffix(lines.Text(), "\r")
		}
		if value != "" {
			values = append(values, client.RedirectValueInput{Name: f.Name, Value: value})
		}
	}
	return values, lines.Err()
}

func secretEnv(field string) string { return "DIALPLANE_RPS_" + strings.ToUpper(field) }

type rpsAccountsVerifyCmd struct {
	ID string `arg:"" help:"Id of the account."`
}

func (cmd rpsAccountsVerifyCmd) Run(ctx context.Context, streams Streams, c *cli) error {
	api, err := c.RPS.open()
	if err != nil {
		return err
	}
	r, err := api.VerifyRPSAccountWithResponse(ctx, cmd.ID, &client.VerifyRPSAccountParams{DialplaneTenant: c.RPS.tenant()})
	if err != nil {
		return answered(err, 0, nil)
	}
	if err := answered(nil, r.StatusCode(), r.JSONDefault); err != nil {
		return err
	}
	a := *r.JSON200
	if err := c.RPS.show(streams, r.Body, "ID VENDOR SERVICE STATE", [][]string{{a.ID, a.Vendor, a.Service, stateOfAccount(a)}}); err != nil {
		return err
	}
	if a.VerifyError != nil {
		return errReported
	}
	return nil
}

type rpsAccountsDeleteCmd struct {
	ID    string `arg:"" help:"Id of the account."`
	Force bool   `help:"Delete it even where devices are registered for it, which stay registered there." env:"-"`
}

func (cmd rpsAccountsDeleteCmd) Run(ctx context.Context, c *cli) error {
	api, err := c.RPS.open()
	if err != nil {
		return err
	}
	r, err := api.DeleteRPSAccountWithResponse(ctx, cmd.ID, &client.DeleteRPSAccountParams{Force: &cmd.Force, DialplaneTenant: c.RPS.tenant()})
	if err != nil {
		return answered(err, 0, nil)
	}
	return answered(nil, r.StatusCode(), r.JSONDefault)
}

type rpsStatusCmd struct {
	Filter string `help:"Only devices of which this is true, as in the API: \"status eq 'refused'\"." placeholder:"FILTER" env:"-"`
}

func (cmd rpsStatusCmd) Run(ctx context.Context, streams Streams, c *cli) error {
	api, err := c.RPS.open()
	if err != nil {
		return err
	}
	params := &client.ListRPSDevicesParams{DialplaneTenant: c.RPS.tenant()}
	if cmd.Filter != "" {
		params.Filter = &cmd.Filter
	}
	r, err := api.ListRPSDevicesWithResponse(ctx, params)
	if err != nil {
		return answered(err, 0, nil)
	}
	if err := answered(nil, r.StatusCode(), r.JSONDefault); err != nil {
		return err
	}
	var rows [][]string
	for _, d := range r.JSON200.Items {
		reason := ""
		if d.Reason != nil {
			reason = *d.Reason
		}
		rows = append(rows, []string{d.Mac, d.Vendor, d.Model, d.Service, string(d.Want), string(d.Status), reason})
	}
	return c.RPS.show(streams, r.Body, "MAC VENDOR MODEL SERVICE WANTED STATUS REASON", rows)
}

type rpsSyncCmd struct {
	ID     string   `arg:"" help:"Id of the account."`
	Repair bool     `help:"Register anew what is missing, stale or was refused." env:"-"`
	Remove []string `help:"Remove this device, which the service has for the account and the fleet has not; repeat for several." placeholder:"MAC" env:"-"`
}

func (cmd rpsSyncCmd) Run(ctx context.Context, streams Streams, c *cli) error {
	api, err := c.RPS.open()
	if err != nil {
		return err
	}
	body := client.RedirectSync{Repair: &cmd.Repair}
	if len(cmd.Remove) > 0 {
		body.Foreign = &cmd.Remove
	}
	r, err := api.SyncRPSAccountWithResponse(ctx, cmd.ID, &client.SyncRPSAccountParams{DialplaneTenant: c.RPS.tenant()}, body)
	if err != nil {
		return answered(err, 0, nil)
	}
	if err := answered(nil, r.StatusCode(), r.JSONDefault); err != nil {
		return err
	}
	d := r.JSON200
	rows := [][]string{{"matched", strconv.Itoa(d.Matched), ""}}
	for _, group := range []struct {
		name string
		macs []string
	}{{"missing", d.Missing}, {"stale", d.Stale}, {"taken", d.Taken}, {"foreign", d.Foreign}, {"refused", d.Refused}, {"removed", d.Forgotten}} {
		rows = append(rows, []string{group.name, strconv.Itoa(len(group.macs)), strings.Join(group.macs, " ")})
	}
	for _, k := range d.Kept {
		rows = append(rows, []string{"kept", "1", k.Mac + " " + k.Reason})
	}
	rows = append(rows, []string{"unchecked", strconv.Itoa(d.Unchecked), ""}, []string{"to be registered anew", strconv.Itoa(d.Repaired), ""})
	return c.RPS.show(streams, r.Body, "WHAT COUNT DEVICES", rows)
}
