package upstream

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// setProxy routes a client through a proxy; the one in the environment is read
// only once per process.
func setProxy(t *testing.T, w *witness, address string) {
	t.Helper()
	proxy, err := url.Parse(address)
	require.NoError(t, err)
	w.next.(*http.Transport).Proxy = http.ProxyURL(proxy)
}
