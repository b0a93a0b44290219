// On-premises sites as the file describes them, in router words, and their lowering to topo.
//
// A zero value is "not given" and means the default named beside it. Strings and arrays belong to
// the arena they were loaded into.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topo/site_bgp.h"
#include "topo/topo.h"

struct site_ipsec {
	bool given;
	struct place place;
	const char *connection;   // the Azure connection this interface terminates, or
	uint32_t instance;        // of its gateway: 0, or 1 for the second of an active-active one
	struct ip remote_address; // a peer site router's public address
	struct ip local_address;  // outer source, IP_NONE: the router's first public interface
	const char *shared_key;
	const char *inner_ttl; // keep (default), reset
	bool null_cipher;
	int64_t lifetime_ns;
	// Between two sites: of what lies under the tunnel, as its first end says.
	int64_t delay_ns, jitter_ns;
	uint32_t loss_millionths, path_mtu_bytes;
};

struct site_interface {
	const char *name;
	struct place place;
	struct topo_address *addresses;
	size_t address_count;
	const char *segment; // joins all interfaces and hosts that name it in the site
	const char *circuit; // "er1/primary": the circuit link it is the CE's end of
	bool is_internet;    // the underlay of tunnels: a public address
	bool shut;
	struct site_ipsec ipsec;
	uint32_t tcp_mss_bytes; // 0: left as it is
	uint32_t mtu_bytes,
		igp_cost; // 0: 1500; cost 1, and not in the IGP on circuits, tunnels, internet
	bool igp_off;
	struct topo_attachment attach;
};

struct site_static {
	struct place place;
	struct prefix prefix;
	struct ip next_hop;
	const char *interface; // leaves by it; for point-to-point and tunnels
	bool discard;
	uint32_t distance;
};

struct site_router {
	const char *name;
	struct place place;
	struct site_interface *interfaces;
	size_t interface_count;
	struct site_static *statics;
	size_t static_count;
	struct site_bgp bgp;
	const char *icmp_source; // ingress (default), egress
	const char *rpf;         // none (default), strict
	uint64_t hash_seed;
	bool igp_off;
	const char *igp_default;       // never (default), always, ifKnown
	const char **igp_redistribute; // bgp (what came by eBGP), internalBgp, connected, static
	size_t igp_redistribute_count;
};

struct site_host {
	const char *name;
	struct place place;
	struct topo_address *addresses; // a network of one address: that of the segment
	size_t address_count;
	const char *segment;
	struct topo_attachment attach;
	struct ip gateway, gateway6; // default: the only router of the segment, if it is one
};

// A segment's properties; made when an interface names a segment that is not listed.
struct site_segment {
	const char *name;
	struct place place;
	bool given;
	int64_t delay_ns, jitter_ns;
	uint32_t loss_millionths;
	uint64_t rate_bits_per_s;
	uint32_t mtu_bytes, queue_packets;
	bool down;
};

struct site {
	const char *name;
	struct place place;
	struct site_router *routers;
	size_t router_count;
	struct site_host *hosts;
	size_t host_count;
	struct site_segment *segments;
	size_t segment_count;
	struct site_prefix_list *prefix_lists;
	size_t prefix_list_count;
	struct site_route_map *route_maps;
	size_t route_map_count;
};

struct names;

// Lowers all sites: routers, hosts, segments, sessions inside sites, tunnels between sites. Call it
// first, on an empty topo: `port_names` gets "router/interface" (a host's is "host/eth0") for each
// port, so that the number of a name is the number of its port. Mistakes are added to `mistakes`.
//
// Circuit interfaces and tunnels to a cloud get their port here, and their link or tunnel from the
// cloud that owns the other end, which finds them with topo_offer_find():
//   "circuit:er1/primary"   the CE's port; the cloud joins it to its MSEE with a two-ended link
//   "connection:NAME"       the tunnel port of the site's end, the underlay port and its public
//   "connection:NAME#1"     address, the key; "#1" is the end towards the second instance of an
//                           active-active gateway. The cloud adds the tunnel, and the underlay link
//                           on topo_port_for_link(topo, offer->underlay_port).
//   "tunnel:A>B"            the end, at the public address A, of a tunnel to a router at B that is
//                           not in a site; an appliance takes it up.
void site_lower(const struct site *sites, size_t count, struct topo *topo, struct names *port_names,
	struct diagnostics *mistakes);

// A router inside a cloud: the node and some of its ports are the cloud's, the rest of what a
// router is comes from here. `site` holds this one router and the lists and maps its neighbours
// name.
struct site_appliance {
	const struct site *site;
	uint32_t node;
	size_t port_count; // the router's first interfaces are ports of the node already, all its ports
};
// Makes the ports of the other interfaces, in their order behind the first ones: the i-th interface
// is the node's i-th port.
void site_appliance_lower_ports(
	const struct site_appliance *appliance, struct topo *topo, struct diagnostics *mistakes);
// Its static routes, sessions and tunnels. What it announces, it announces always.
void site_appliance_lower(
	const struct site_appliance *appliance, struct topo *topo, struct diagnostics *mistakes);
// The interface of the router whose network holds the address, longest prefix; its index, or
// interface_count when there is none.
size_t site_interface_towards(const struct site_router *router, struct ip address);
// Call last, behind the cloud: a tunnel that nobody took up is a mistake. A cloud that was not
// built has made its appliances all the same.
void site_lower_finish(const struct topo *topo, struct diagnostics *mistakes);
