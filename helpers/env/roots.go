package env

import (
	"archive/tar"
	"context"
	"crypto/x509"
	"io"

	"builders.test/helpers/upstream"
	cerrdefs "github.com/containerd/errdefs"
)

// rootsFile is where BuildKit's images keep the authorities that BuildKit trusts.
const rootsFile = "/etc/ssl/certs/ca-certificates.crt"

// trusting returns the route as a builder's container sees it: it trusts other
// authorities than this machine does. If those are unknown, nothing changes.
func (e *Environment) trusting(ctx context.Context, builder string, route upstream.Route) upstream.Route {
	roots := e.rootsOf(ctx, builder)
	if roots == nil {
		return route
	}
	for i, host := range route {
		if host.Roots == nil {
			route[i].Roots = roots
		}
	}
	return route
}

// rootsOf returns the authorities in a builder's container, which buildx or a
// spec has named; nil if they are unknown.
func (e *Environment) rootsOf(ctx context.Context, builder string) *x509.CertPool {
	for _, container := range []string{NodePrefix + builder + "0", builder + "-daemon"} {
		if _, err := e.Client.ContainerInspect(ctx, container); err != nil {
			continue
		}
		roots := x509.NewCertPool()
		// The engine follows links within the container.
		content, _, err := e.Client.CopyFromContainer(ctx, container, rootsFile)
		if cerrdefs.IsNotFound(err) {
			return roots // it trusts no authority
		}
		if err != nil {
			return nil
		}
		defer content.Close()
		return fill(roots, content)
	}
	return nil
}

// fill adds the certificates of a file in a tar archive, and returns nil if it
// holds none.
func fill(roots *x509.CertPool, archive io.Reader) *x509.CertPool {
	files := tar.NewReader(archive)
	if _, err := files.Next(); err != nil {
		return nil
	}
	content, err := io.ReadAll(files)
	if err != nil || !roots.AppendCertsFromPEM(content) {
		return nil
	}
	return roots
}
