package registry

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"builders.test/helpers/spec"
	"github.com/stretchr/testify/require"
)

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	response, err := http.Get(url)
	require.NoError(t, err)
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(content)
}

func TestAProxyPassesOrRefuses(t *testing.T) {
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A registry builds addresses from the host that it was asked for.
		fmt.Fprint(w, r.Host+r.URL.Path)
	}))
	defer behind.Close()
	shelf := Registry{Host: strings.TrimPrefix(behind.URL, "http://")}
	proxied := shelf.WithProxy(&spec.T{TB: t}, func(registry http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/no" {
				Refuse(w)
				return
			}
			registry.ServeHTTP(w, r)
		})
	})

	status, body := get(t, "http://"+proxied.Host+"/v2/")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, proxied.Host+"/v2/", body, "the registry's addresses lead past the proxy")

	status, body = get(t, "http://"+proxied.Host+"/no")
	require.Equal(t, http.StatusForbidden, status)
	require.JSONEq(t, `{"errors":[{"code":"DENIED","message":"`+Refusal+`"}]}`, body)
}
