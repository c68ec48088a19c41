package simulate

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// redirect asks the vendor's redirect service, which answers at an address that ends
// in a slash, where the phone fetches from.
func (f *fetcher) redirect(service *url.URL) error {
	phone := f.result.Phone
	if phone.Pack.Redirect == nil {
		return fail(NotRedirected, "how phones of %s ask is not known", phone.Pack.Name)
	}
	client := *f.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	at, err := phone.Pack.Redirect(phone.Unit, func(name string) (int, []byte, error) { return f.ask(&client, service, name) })
	var known *failure
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, vendor.ErrNotRedirected):
		return fail(NotRedirected, "is it registered there?")
	case err != nil:
		return fail(NotRedirected, "%w", err)
	}
	base, err := url.Parse(at)
	if err != nil || !base.IsAbs() || base.Host == "" || !strings.HasSuffix(base.Path, "/") {
		return fail(NotRedirected, "it sends the phone to what is no address of a folder")
	}
	f.base = base
	return nil
}

// ask gets one answer of a redirect service. Where it sends on, that is the body.
func (f *fetcher) ask(client *http.Client, service *url.URL, name string) (int, []byte, error) {
	ref, err := url.Parse(name)
	if err != nil {
		return 0, nil, fail(NotUnderstood, "an address that is no URL: %w", unwrapURL(err))
	}
	r, err := http.NewRequestWithContext(f.ctx, http.MethodGet, service.ResolveReference(ref).String(), nil)
	if err != nil {
		return 0, nil, fail(NotUnderstood, "asking the redirect service: %w", unwrapURL(err))
	}
	r.Header.Set("User-Agent", f.agent)
	if f.hook != nil {
		f.hook(r)
	}
	answer, err := client.Do(r)
	if err != nil {
		return 0, nil, fail(NotReached, "asking the redirect service: %w", unwrapURL(err))
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode >= 300 && answer.StatusCode < 400 {
		return answer.StatusCode, []byte(answer.Header.Get("Location")), nil
	}
	if answer.StatusCode >= 500 {
		return 0, nil, fail(ServerFailed, "asking the redirect service: %s", answer.Status)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxFile))
	if err != nil {
		return 0, nil, fail(NotReached, "asking the redirect service: %w", err)
	}
	return answer.StatusCode, body, nil
}
