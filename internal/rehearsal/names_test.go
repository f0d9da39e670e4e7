package rehearsal

import (
	"net"
	"testing"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"
)

func TestNameserver(t *testing.T) {
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &dns.Server{PacketConn: socket, Handler: nameserver{address: net.ParseIP(Address), names: []string{"quay.io"}}}
	go func() { _ = server.ActivateAndServe() }()
	t.Cleanup(func() { _ = server.Shutdown() })
	for name, want := range map[string]struct {
		kind    uint16
		code    int
		answers int
	}{
		"quay.io.":     {dns.TypeA, dns.RcodeSuccess, 1},
		"Quay.IO.":     {dns.TypeA, dns.RcodeSuccess, 1},
		"example.com.": {dns.TypeA, dns.RcodeNameError, 0},
	} {
		answer, err := dns.Exchange(new(dns.Msg).SetQuestion(name, want.kind), socket.LocalAddr().String())
		require.NoError(t, err)
		require.Equal(t, want.code, answer.Rcode, name)
		require.Len(t, answer.Answer, want.answers, name)
	}
	answer, err := dns.Exchange(new(dns.Msg).SetQuestion("quay.io.", dns.TypeAAAA), socket.LocalAddr().String())
	require.NoError(t, err)
	require.Equal(t, dns.RcodeSuccess, answer.Rcode)
	require.Empty(t, answer.Answer)
}
