package upstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// chunk is how much is uploaded and then canceled, in bytes.
const chunk = 1 << 20

// nothing is a complete manifest under a digest that it does not have: every
// registry refuses it, and none fails because of it. registry:3 answers 500 to one
// without a version.
const (
	nothing       = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"` + nothingDigest + `","size":2},"layers":[]}`
	nothingDigest = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
)

// push begins an upload, sends part of it and cancels it; then it offers a
// manifest that every registry refuses.
func (h Host) push(ctx context.Context, ref name.Reference, auth authn.Authenticator) error {
	w := h.client()
	authorized, err := transport.NewWithContext(ctx, ref.Context().Registry, auth, w, []string{ref.Scope(transport.PushScope)})
	if err != nil {
		return h.judge(w, err)
	}
	u := uploader{ctx: ctx, client: &http.Client{Transport: authorized}}
	base := ref.Context().Registry.Scheme() + "://" + ref.Context().RegistryStr() + "/v2/" + ref.Context().RepositoryStr()
	if err := u.upload(base); err != nil {
		return h.judge(w, err)
	}
	status, err := u.do(http.MethodPut, base+"/manifests/"+nothingDigest, "application/vnd.oci.image.manifest.v1+json", []byte(nothing))
	if status == http.StatusBadRequest || status == http.StatusUnprocessableEntity {
		return nil
	}
	return h.judge(w, err)
}

type uploader struct {
	ctx    context.Context
	client *http.Client
	// location is where the upload continues.
	location *url.URL
}

func (u *uploader) upload(base string) error {
	if _, err := u.do(http.MethodPost, base+"/blobs/uploads/", "", nil); err != nil {
		return err
	}
	if u.location == nil {
		return errors.New("it does not say where to upload")
	}
	if _, err := u.do(http.MethodPatch, u.location.String(), "application/octet-stream", make([]byte, chunk)); err != nil {
		return err
	}
	// Not every registry can cancel an upload; it forgets it later, then.
	_, _ = u.do(http.MethodDelete, u.location.String(), "", nil)
	return nil
}

func (u *uploader) do(method, address, mediaType string, content []byte) (status int, err error) {
	request, err := http.NewRequestWithContext(u.ctx, method, address, bytes.NewReader(content))
	if err != nil {
		return 0, err
	}
	if mediaType != "" {
		request.Header.Set("Content-Type", mediaType)
	}
	response, err := u.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return response.StatusCode, err
	}
	if response.StatusCode >= http.StatusBadRequest {
		return response.StatusCode, fmt.Errorf("%s %s: %s", method, request.URL.Path, response.Status)
	}
	if next, err := response.Location(); err == nil {
		u.location = next
	}
	return response.StatusCode, nil
}
