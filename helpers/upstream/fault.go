// Package upstream checks whether registries, and the mirrors and proxies in front of
// them, work. It speaks to them itself: what BuildKit, buildx or the engine says about
// a registry is not evidence, since one of them is under test.
//
//	err := upstream.Route{{Name: "registry-1.docker.io"}}.Pull(ctx, "busybox:latest")
//	var fault *upstream.Fault
//	errors.As(err, &fault) // fault.Host, fault.Kind
package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Kind is what is wrong with a registry.
type Kind string

const (
	// NoSuchHost: its name cannot be looked up.
	NoSuchHost Kind = "no such host"
	// Unreachable: nothing listens at its address, or there is no route to it.
	Unreachable Kind = "cannot be reached"
	// BrokenOff: it hung up before its answer was whole.
	BrokenOff Kind = "hung up"
	// TimedOut: it did not answer in time.
	TimedOut Kind = "timed out"
	// Untrusted: its certificate does not verify.
	Untrusted Kind = "not trusted"
	// Unauthorized: it wants to know who is asking (401).
	Unauthorized Kind = "unauthorized"
	// Forbidden: it knows who is asking and refuses (403).
	Forbidden Kind = "forbidden"
	// Missing: it does not have what was asked for (404).
	Missing Kind = "not there"
	// TooMany: it was asked too often (429).
	TooMany Kind = "too many requests"
	// Failed: it could not do its part (5xx).
	Failed Kind = "failed"
	// Unreadable: it answers, but not as a registry does.
	Unreadable Kind = "unreadable"
)

// Fault is what one registry does wrong.
type Fault struct {
	// Host is the registry's host, or that of the proxy in front of it.
	Host string
	Kind Kind
	// Detail is what was seen, such as "503 Service Unavailable".
	Detail string
}

// Error names the host, what it does and what can be done about it.
func (f *Fault) Error() string {
	return fmt.Sprintf("%s %s; %s", f.Host, f.Detail, f.Advice())
}

// mirrors says where mirrors are configured.
const mirrors = "in the file that BUILDERS_TESTBED names for builders, registry-mirrors for the engine"

// Advice says what to do about the fault.
func (f *Fault) Advice() string {
	switch f.Kind {
	case NoSuchHost, Unreachable:
		return "connect the engine's machine to it, or name a mirror that it reaches (" + mirrors + ")"
	case Untrusted:
		return "give its authority's certificate to the client that pulls (ca in buildkitd.toml, certs.d of the engine), or renew its own"
	case Unauthorized:
		return "docker login " + f.Host
	case Forbidden:
		return "let the user that is logged in there read and write what the claim needs"
	case Missing:
		return "put it there, or check its name"
	case TooMany:
		return "wait for so long, docker login " + f.Host + ", or name a mirror (" + mirrors + ")"
	}
	return "run it again when that host works"
}

// statusKinds are the kinds that the status alone determines.
var statusKinds = map[int]Kind{
	http.StatusUnauthorized:      Unauthorized,
	http.StatusProxyAuthRequired: Unauthorized,
	http.StatusForbidden:         Forbidden,
	http.StatusNotFound:          Missing,
	http.StatusTooManyRequests:   TooMany,
}

// ofStatus returns the fault that an answer with this status means, or nil.
func ofStatus(host string, response *http.Response) *Fault {
	code := response.StatusCode
	kind, known := statusKinds[code]
	switch {
	case known:
	case code >= http.StatusInternalServerError:
		kind = Failed
	case code >= http.StatusBadRequest:
		kind = Unreadable
	default:
		return nil
	}
	detail := fmt.Sprintf("answers %d %s", code, http.StatusText(code))
	if after := response.Header.Get("Retry-After"); after != "" {
		detail += ", Retry-After: " + after
	}
	return &Fault{Host: host, Kind: kind, Detail: detail}
}

// ofError returns the fault that made a request fail.
func ofError(host string, err error) *Fault {
	var through *net.OpError
	if errors.As(err, &through) && through.Op == "proxyconnect" {
		var inner *net.OpError
		if errors.As(through.Err, &inner) && inner.Addr != nil {
			host = "the proxy " + inner.Addr.String()
		}
	}
	kind, detail := kindOf(err)
	return &Fault{Host: host, Kind: kind, Detail: detail}
}

func kindOf(err error) (Kind, string) {
	var lookup *net.DNSError
	var untrusted *tls.CertificateVerificationError
	var plain tls.RecordHeaderError
	var alert tls.AlertError
	var timeout net.Error
	switch {
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return NoSuchHost, "is not known to this machine (no such host)"
	case errors.As(err, &lookup):
		return NoSuchHost, "cannot be looked up: " + lookup.Err
	case errors.As(err, &untrusted):
		return Untrusted, "shows a certificate that does not verify: " + why(untrusted.Err)
	case errors.As(err, &plain):
		return Untrusted, "speaks no TLS"
	case errors.As(err, &alert):
		return Untrusted, "refuses the TLS connection: " + alert.Error()
	case errors.Is(err, syscall.ECONNREFUSED):
		return Unreachable, "refuses connections"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return Unreachable, "cannot be reached: no route"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return BrokenOff, "hangs up in the middle"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return TimedOut, "does not answer in time"
	}
	return Unreadable, "cannot be understood: " + err.Error()
}

// why returns the reason that a certificate was not accepted, without the certificate.
func why(err error) string {
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &authority):
		return "signed by an unknown authority"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "expired, or not valid yet"
	}
	return err.Error()
}

// FaultOf returns the fault of a registry that made a client of
// go-containerregistry fail, or nil if the registry answered but does not serve
// what was expected.
func FaultOf(host string, err error) *Fault {
	if answered, ok := errors.AsType[*transport.Error](err); ok {
		return ofStatus(host, &http.Response{StatusCode: answered.StatusCode})
	}
	if fault := ofError(host, err); fault.Kind != Unreadable {
		return fault
	}
	return nil
}
