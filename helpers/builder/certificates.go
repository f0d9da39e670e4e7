package builder

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/madflojo/testcerts"
)

// writeCertificates makes an authority with a certificate for each side of a
// connection to 127.0.0.1, and a certificate of a stranger whose authority the
// server does not know: ca.pem, server.pem, client.pem, stranger.pem and their
// keys. They are valid for two hours, longer than any claim takes.
func writeCertificates(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("create the folder for certificates: %w", err)
	}
	known, unknown := testcerts.NewCA(), testcerts.NewCA()
	err := os.WriteFile(filepath.Join(dir, "ca.pem"), known.PublicKey(), 0o600)
	for name, authority := range map[string]*testcerts.CertificateAuthority{"server": known, "client": known, "stranger": unknown} {
		pair, failed := authority.NewKeyPairFromConfig(testcerts.KeyPairConfig{IPAddresses: []string{"127.0.0.1"}})
		if failed != nil {
			return failed
		}
		err = errors.Join(err,
			os.WriteFile(filepath.Join(dir, name+".pem"), pair.PublicKey(), 0o600),
			os.WriteFile(filepath.Join(dir, name+"-key.pem"), pair.PrivateKey(), 0o600))
	}
	return err
}
