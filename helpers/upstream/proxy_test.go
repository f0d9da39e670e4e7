package upstream

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// setProxy leads a client through a proxy; the one of the environment is read
// once for each process.
func setProxy(t *testing.T, w *witness, address string) {
	t.Helper()
	proxy, err := url.Parse(address)
	require.NoError(t, err)
	w.next.(*http.Transport).Proxy = http.ProxyURL(proxy)
}
