package network

import (
	"net/netip"
	"testing"
)

func TestNets(t *testing.T) {
	if got := Subnet(0).String() + " " + Subnet(31).String(); got != "198.18.0.0/20 198.19.240.0/20" {
		t.Errorf("nets %s", got)
	}
	if got := gateway(17); got != "198.19.16.1/24" {
		t.Errorf("gateway %s", got)
	}
	taken := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("198.18.80.0/24")}
	if n, ok := pickNet(5, taken); !ok || n != 6 {
		t.Errorf("picked %d %v, want 6", n, ok)
	}
	if _, ok := pickNet(5, []netip.Prefix{netip.MustParsePrefix("198.0.0.0/8")}); ok {
		t.Error("picked a net that is taken")
	}
}
