package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"
)

// witness sees every exchange with the registries and notes what went wrong: the
// errors of the client above it lack headers and, at times, the cause.
type witness struct {
	next http.RoundTripper

	mu     sync.Mutex
	faults []*Fault
	// spoken are the faults of answers that came over TLS: a client may then try
	// without it, and get an error about the protocol.
	spoken []*Fault
}

func (w *witness) note(f *Fault) {
	if f == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, f)
}

// answered records what an answer says.
func (w *witness) answered(f *Fault, scheme string) {
	w.note(f)
	if f == nil || scheme != "https" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.spoken = append(w.spoken, f)
}

func (w *witness) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults, w.spoken = nil, nil
}

// fault returns what went wrong last. A certificate takes precedence: a client
// that is told to may try without TLS after it.
func (w *witness) fault() *Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.faults {
		if f.Kind == Untrusted && f.Detail != "speaks no TLS" {
			return f
		}
	}
	for _, faults := range [][]*Fault{w.spoken, w.faults} {
		if len(faults) > 0 {
			return faults[len(faults)-1]
		}
	}
	return nil
}

// Agent is how this client introduces itself to registries.
const Agent = "builders-upstream"

// RoundTrip passes a request on.
func (w *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", Agent)
	response, err := w.next.RoundTrip(r)
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			w.note(ofError(r.URL.Host, err))
		}
		return nil, err
	}
	if response.StatusCode < http.StatusBadRequest {
		// What was asked for arrives after all, with a token or without TLS.
		w.forget()
	}
	w.answered(ofStatus(r.URL.Host, response), r.URL.Scheme)
	response.Body = &body{ReadCloser: response.Body, w: w, host: r.URL.Host}
	return response, nil
}

// body notes an answer that breaks off.
type body struct {
	io.ReadCloser
	w    *witness
	host string
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF && !errors.Is(err, context.Canceled) {
		b.w.note(ofError(b.host, err))
	}
	return n, err
}

// proxyAnswered notes that a proxy does not let a connection through.
func (w *witness) proxyAnswered(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode != http.StatusOK {
		w.note(ofStatus("the proxy "+proxy.Host, answer))
	}
	return nil
}
