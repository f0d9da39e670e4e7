package builder

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

func TestCertificates(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "certificates")
	assert.NilError(t, writeCertificates(dir))
	assert.ErrorContains(t, writeCertificates(dir), "create the folder for certificates", "an earlier folder is not written into")

	for cert, welcome := range map[Certificate]bool{TrustedCert: true, UntrustedCert: false, NoCert: false} {
		err := handshake(t, dir, cert)
		assert.Check(t, cmp.Equal(err == nil, welcome), "%q: %v", cert, err)
	}
	files, err := os.ReadDir(dir)
	assert.NilError(t, err)
	for _, file := range files {
		info, err := file.Info()
		assert.NilError(t, err)
		assert.Check(t, cmp.Equal(info.Mode().Perm(), os.FileMode(0o600)), "%s can be read by others", file.Name())
	}
}

// handshake connects to a server that asks for certificates as buildkitd does,
// and returns the server's error if it refuses the one it was shown.
func handshake(t *testing.T, dir string, cert Certificate) error {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{pair(t, dir, "server")},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: authorities(t, dir),
	})
	assert.NilError(t, err)
	defer listener.Close()
	go call(listener.Addr().String(), &tls.Config{ServerName: "127.0.0.1", RootCAs: authorities(t, dir), Certificates: certificatesOf(t, dir, cert)})
	connection, err := listener.Accept()
	assert.NilError(t, err)
	defer connection.Close()
	return connection.(*tls.Conn).Handshake()
}

func call(address string, config *tls.Config) {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	client := tls.Client(connection, config)
	defer client.Close()
	if client.Handshake() == nil {
		_, _ = client.Read(make([]byte, 1)) // until the server has decided
	}
}

func certificatesOf(t *testing.T, dir string, cert Certificate) []tls.Certificate {
	t.Helper()
	if cert == NoCert {
		return nil
	}
	return []tls.Certificate{pair(t, dir, string(cert))}
}

func pair(t *testing.T, dir, name string) tls.Certificate {
	t.Helper()
	p, err := tls.LoadX509KeyPair(filepath.Join(dir, name+".pem"), filepath.Join(dir, name+"-key.pem"))
	assert.NilError(t, err)
	return p
}

func authorities(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	assert.NilError(t, err)
	pool := x509.NewCertPool()
	assert.Check(t, pool.AppendCertsFromPEM(content))
	return pool
}
