package lab

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"
)

// The lab's containers get addresses out of 198.18.0.0/15, the range set aside
// for benchmarks: nothing that is reachable uses it. An engine takes a /20 of it;
// the first /24 is its bridge's, the others are for networks that users make.
const netsInRange = 32

// subnet is an engine's /20 by its number.
func subnet(number int) netip.Prefix {
	address := netip.AddrFrom4([4]byte{198, byte(18 + number/16), byte(number % 16 * 16), 0})
	return netip.PrefixFrom(address, 20)
}

// gateway is the bridge's address, with the length of its net.
func gateway(number int) string {
	return subnet(number).Addr().Next().String() + "/24"
}

// bridge is the name of an engine's bridge. The kernel allows 15 letters.
func (l *Lab) bridge(e engine) string { return "bx-" + l.id[:6] + e.short }

// connect makes sure that an engine's bridge is there and returns the number of
// its net. A bridge of its own keeps it apart from docker0, which belongs to an
// engine of the user's, and from the lab's other engines: a dockerd without any
// would delete docker0.
func (l *Lab) connect(e engine) (int, error) {
	// Engines start side by side, and each must see what the others took.
	l.nets.Lock()
	defer l.nets.Unlock()
	s, err := l.settings()
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	if link, err := netlink.LinkByName(l.bridge(e)); err == nil {
		number, known := s.Nets[e.store]
		if has, err := carries(link, number); err == nil && known && has {
			return number, netlink.LinkSetUp(link)
		}
		if err := netlink.LinkDel(link); err != nil {
			return 0, fmt.Errorf("removing the stale bridge %s: %w", l.bridge(e), err)
		}
	}
	number, err := l.freeNet(e, s)
	if err != nil {
		return 0, err
	}
	if err := l.change(func(s *settings) { s.Nets[e.store] = number }); err != nil {
		return 0, err
	}
	return number, addBridge(l.bridge(e), number)
}

func addBridge(name string, number int) error {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = name
	bridge := &netlink.Bridge{LinkAttrs: attrs}
	if err := netlink.LinkAdd(bridge); err != nil {
		return fmt.Errorf("adding the bridge %s: %w", name, err)
	}
	address, err := netlink.ParseAddr(gateway(number))
	if err != nil {
		return err
	}
	if err := netlink.AddrAdd(bridge, address); err != nil {
		return fmt.Errorf("giving the bridge %s an address: %w", name, err)
	}
	return netlink.LinkSetUp(bridge)
}

func carries(link netlink.Link, number int) (bool, error) {
	addresses, err := netlink.AddrList(link, netlink.FAMILY_V4)
	if err != nil {
		return false, err
	}
	for _, a := range addresses {
		if a.IPNet.String() == gateway(number) {
			return true, nil
		}
	}
	return false, nil
}

// freeNet picks an engine's net: by the lab's id and the engine's place, unless
// the host has a route there already or another engine of the lab's has it.
func (l *Lab) freeNet(e engine, s settings) (int, error) {
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return 0, fmt.Errorf("reading the routes: %w", err)
	}
	var taken []netip.Prefix
	for _, r := range routes {
		if p, ok := prefix(r.Dst); ok {
			taken = append(taken, p)
		}
	}
	first, err := strconv.ParseUint(l.id, 16, 32)
	if err != nil {
		return 0, err
	}
	for place, other := range engines {
		if other.store == e.store {
			first += uint64(place)
			continue
		}
		if number, known := s.Nets[other.store]; known {
			taken = append(taken, subnet(number))
		}
	}
	number, ok := pickNet(int(first%netsInRange), taken)
	if !ok {
		return 0, problem("giving the lab a network", "all of 198.18.0.0/15 is in use on this host", "stop labs that are not needed with `builders lab down`")
	}
	return number, nil
}

func pickNet(first int, taken []netip.Prefix) (int, bool) {
	for i := range netsInRange {
		number := (first + i) % netsInRange
		free := true
		for _, t := range taken {
			// The default route covers everything and takes nothing.
			if t.Bits() > 0 && t.Overlaps(subnet(number)) {
				free = false
			}
		}
		if free {
			return number, true
		}
	}
	return 0, false
}

func prefix(n *net.IPNet) (netip.Prefix, bool) {
	if n == nil {
		return netip.Prefix{}, false
	}
	p, err := netip.ParsePrefix(n.String())
	return p, err == nil
}

// disconnect removes the lab's bridges, those of networks that users made
// included, and what was plugged into them. dockerd makes the latter again when
// it starts.
func (l *Lab) disconnect() error {
	s, err := l.settings()
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	links, err := netlink.LinkList()
	if err != nil {
		return fmt.Errorf("listing the network links: %w", err)
	}
	for _, link := range links {
		if link.Type() != "bridge" || !l.owns(link, s) {
			continue
		}
		for _, port := range links {
			if port.Attrs().MasterIndex == link.Attrs().Index {
				_ = netlink.LinkDel(port)
			}
		}
		if err := netlink.LinkDel(link); err != nil {
			return fmt.Errorf("removing the bridge %s: %w", link.Attrs().Name, err)
		}
	}
	return nil
}

// owns tells whether a bridge is one of the lab's: by its name, by an address in
// one of its nets, or because an engine knows it, as it still does when the
// engine's net has changed since.
func (l *Lab) owns(link netlink.Link, s settings) bool {
	name := link.Attrs().Name
	return slices.ContainsFunc(engines, func(e engine) bool {
		number, known := s.Nets[e.store]
		return name == l.bridge(e) || known && within(link, subnet(number)) || l.knows(e, name)
	})
}

// knows tells whether an engine has a network with the bridge: dockerd names it
// after the network's id, and keeps networks in a file.
func (l *Lab) knows(e engine, bridge string) bool {
	id, ok := strings.CutPrefix(bridge, "br-")
	if !ok || len(id) != 12 {
		return false
	}
	networks, err := os.ReadFile(filepath.Join(l.dataRoot(e), "network", "files", "local-kv.db"))
	return err == nil && bytes.Contains(networks, []byte(id))
}

// within tells whether a link has an address in a net.
func within(link netlink.Link, net netip.Prefix) bool {
	addresses, err := netlink.AddrList(link, netlink.FAMILY_V4)
	if err != nil {
		return false
	}
	for _, a := range addresses {
		if p, ok := prefix(a.IPNet); ok && net.Contains(p.Addr()) {
			return true
		}
	}
	return false
}
