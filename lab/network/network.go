// Package network gives each of a lab's engines its own bridge and addresses, and
// writes no firewall rule.
package network

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"builders.test/lab/problem"
	"builders.test/lab/site"
	"github.com/vishvananda/netlink"
)

// netsInRange is how many /20s there are in 198.18.0.0/15, the range set aside
// for benchmarks, which nothing reachable uses. An engine takes one of them: the
// first /24 is for its bridge, the others are for networks that users make.
const netsInRange = 32

// Subnet returns an engine's /20 by its number.
func Subnet(number int) netip.Prefix {
	address := netip.AddrFrom4([4]byte{198, byte(18 + number/16), byte(number % 16 * 16), 0})
	return netip.PrefixFrom(address, 20)
}

// gateway returns the bridge's address, with the length of its net.
func gateway(number int) string {
	return Subnet(number).Addr().Next().String() + "/24"
}

// Network is the bridges of a lab.
type Network struct {
	Site *site.Site
}

// Bridge is the bridge of one engine.
type Bridge struct {
	// Store is the engine's image store, by which its net is remembered.
	Store string
	// Suffix ends its name and distinguishes it from those of other engines.
	Suffix string
	// Place is the engine's position among those of the lab.
	Place int
}

// Name returns the name of a bridge. The kernel allows 15 letters.
func (n *Network) Name(b Bridge) string { return "bx-" + n.Site.ID[:6] + b.Suffix }

// Connect makes sure that an engine's bridge is there and returns the number of
// its net. Its own bridge keeps an engine apart from docker0, which belongs to an
// engine of the user's, and from the lab's other engines: a dockerd without any
// would delete docker0.
func (n *Network) Connect(ctx context.Context, b Bridge) (number int, err error) {
	// Engines start at the same time, and each must see which net the others took.
	err = n.Site.Alone(ctx, "networks", func() error {
		number, err = n.connect(b)
		return err
	})
	return number, err
}

func (n *Network) connect(b Bridge) (int, error) {
	name := n.Name(b)
	s, err := n.Site.Settings()
	if err != nil {
		return 0, err
	}
	if link, err := netlink.LinkByName(name); err == nil {
		number, known := s.Nets[b.Store]
		carries := func(address string) bool { return address == gateway(number) }
		if known && slices.ContainsFunc(addresses(link), carries) {
			return number, netlink.LinkSetUp(link)
		}
		if err := netlink.LinkDel(link); err != nil {
			return 0, fmt.Errorf("removing the stale bridge %s: %w", name, err)
		}
	}
	number, err := n.free(b, s)
	if err != nil {
		return 0, err
	}
	if err := n.Site.Change(func(s *site.Settings) { s.Nets[b.Store] = number }); err != nil {
		return 0, err
	}
	return number, addBridge(name, number)
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

// addresses returns the addresses of a link, with the lengths of their nets. If
// the link cannot be asked, there are none.
func addresses(link netlink.Link) []string {
	var all []string
	found, _ := netlink.AddrList(link, netlink.FAMILY_V4)
	for _, a := range found {
		all = append(all, a.IPNet.String())
	}
	return all
}

// free picks an engine's net, by the lab's id and the engine's place, skipping
// nets that the host already has a route to or that another of the lab's engines
// has.
func (n *Network) free(b Bridge, s site.Settings) (int, error) {
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return 0, fmt.Errorf("reading the routes: %w", err)
	}
	var taken []netip.Prefix
	for _, r := range routes {
		if p, err := netip.ParsePrefix(r.Dst.String()); err == nil {
			taken = append(taken, p)
		}
	}
	first, err := strconv.ParseUint(n.Site.ID, 16, 32)
	if err != nil {
		return 0, err
	}
	for store, number := range s.Nets {
		if store != b.Store {
			taken = append(taken, Subnet(number))
		}
	}
	number, ok := pickNet(int((first+uint64(b.Place))%netsInRange), taken)
	if !ok {
		return 0, problem.New("giving the lab a network", "all of 198.18.0.0/15 is in use on this host", "stop labs that are not needed with `builders lab down`")
	}
	return number, nil
}

func pickNet(first int, taken []netip.Prefix) (int, bool) {
	for i := range netsInRange {
		number := (first + i) % netsInRange
		// The default route covers everything and takes nothing.
		takes := func(t netip.Prefix) bool { return t.Bits() > 0 && t.Overlaps(Subnet(number)) }
		if !slices.ContainsFunc(taken, takes) {
			return number, true
		}
	}
	return 0, false
}

// Disconnect removes the lab's bridges, including those of networks that users
// made, and what was plugged into them. dockerd makes the latter again when it
// starts. knows reports whether an engine has a network with a bridge.
func (n *Network) Disconnect(knows func(bridge string) bool) error {
	s, err := n.Site.Settings()
	if err != nil {
		return err
	}
	links, err := netlink.LinkList()
	if err != nil {
		return fmt.Errorf("listing the network links: %w", err)
	}
	for _, link := range links {
		if link.Type() != "bridge" || !n.owns(link, s) && !knows(link.Attrs().Name) {
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

// owns reports whether a bridge is one of the lab's, by its name or by an address
// in one of its nets. It has neither if an engine's net has changed since.
func (n *Network) owns(link netlink.Link, s site.Settings) bool {
	if strings.HasPrefix(link.Attrs().Name, n.Name(Bridge{})) {
		return true
	}
	return slices.ContainsFunc(addresses(link), func(address string) bool {
		p, err := netip.ParsePrefix(address)
		within := func(number int) bool { return Subnet(number).Contains(p.Addr()) }
		return err == nil && slices.ContainsFunc(slices.Collect(maps.Values(s.Nets)), within)
	})
}
