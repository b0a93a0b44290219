// BGP sessions and tunnels of on-premises routers.

#include <string.h>

#include "base/assert.h"
#include "base/instant.h"
#include "base/marks.h"
#include "base/text.h"
#include "topo/site_int.h"

// What proto/bgp calls them; topo may not see proto, and the numbers are part of topo_neighbor.
enum {
	STRIP_NONE,
	STRIP_LEADING,
	STRIP_ALL,
	STRIP_ONLY_IF_ALL,
};

#define BFD_INTERVAL_NS (300 * MS_NS)
#define BFD_MULTIPLIER 3

static const struct decision *decision_of(struct topo *topo, uint32_t maximum_paths) {
	if (!maximum_paths || maximum_paths == decision_of_routers.max_paths)
		return &decision_of_routers;
	struct decision *decision = ARENA_NEW(topo->arena, struct decision);
	*decision = decision_of_routers;
	decision->max_paths = (uint16_t)maximum_paths;
	return decision;
}

size_t site_interface_towards(const struct site_router *router, struct ip address) {
	size_t best = router->interface_count;
	int best_bits = -1;

	for (size_t i = 0; i < router->interface_count; i++) {
		for (size_t k = 0; k < router->interfaces[i].address_count; k++) {
			struct prefix network = router->interfaces[i].addresses[k].network;
			if (!prefix_contains(network, address) || network.bits <= best_bits)
				continue;
			best = i;
			best_bits = network.bits;
		}
	}
	return best;
}

static struct ip address_of_family(const struct site_interface *interface, struct ip like) {
	for (size_t i = 0; i < interface->address_count; i++) {
		if (ip_is_v4(interface->addresses[i].address) == ip_is_v4(like))
			return interface->addresses[i].address;
	}
	return IP_NONE;
}

// The interface a static route sends packets for `address` out of; interface_count: none.
static size_t static_towards(const struct site_router *router, struct ip address) {
	size_t best = router->interface_count;
	int best_bits = -1;

	for (size_t i = 0; i < router->static_count; i++) {
		const struct site_static *route = &router->statics[i];
		if (route->discard || !prefix_contains(route->prefix, address) ||
			route->prefix.bits <= best_bits)
			continue;
		size_t found = router->interface_count;
		for (size_t k = 0; route->interface && k < router->interface_count; k++) {
			if (text_equal(router->interfaces[k].name, route->interface))
				found = k;
		}
		if (!route->interface)
			found = site_interface_towards(router, route->next_hop);
		if (found == router->interface_count)
			continue;
		best = found;
		best_bits = route->prefix.bits;
	}
	return best;
}

// The interface a session uses: the one whose network holds the peer (single hop), else where a
// static route to the peer leads, else an interface inside the site, which the IGP makes reachable.
static size_t session_interface(
	const struct site_router *router, struct ip peer, bool *single_hop) {
	size_t found = site_interface_towards(router, peer);

	*single_hop = found < router->interface_count;
	if (!*single_hop)
		found = static_towards(router, peer);
	for (size_t i = 0; found == router->interface_count && i < router->interface_count; i++) {
		const struct site_interface *interface = &router->interfaces[i];
		if (!interface->circuit && !interface->is_internet && !interface->ipsec.given &&
			!site_segment_is_elsewhere(interface->segment) &&
			!ip_is_none(address_of_family(interface, peer)))
			return i;
	}
	return found;
}

static uint8_t strip_of(const char *word) {
	if (!word || text_equal(word, "none"))
		return STRIP_NONE;
	if (text_equal(word, "leading"))
		return STRIP_LEADING;
	return text_equal(word, "all") ? STRIP_ALL : STRIP_ONLY_IF_ALL;
}

static void set_session(
	struct topo_neighbor *neighbor, const struct site_neighbor *given, const struct site_bgp *bgp) {
	neighbor->remote_asn = given->remote_asn;
	neighbor->hold_s = (uint16_t)given->hold_s;
	neighbor->keepalive_s = (uint16_t)given->keepalive_s;
	neighbor->allow_own_as = (uint8_t)given->allow_as_in;
	neighbor->is_passive = given->passive;
	neighbor->next_hop_self = given->next_hop_self;
	neighbor->as_override = given->as_override;
	neighbor->send_communities = !bgp->send_community_off && !given->send_community_off;
	neighbor->default_originate = given->default_originate;
	neighbor->strip_private = strip_of(given->remove_private_as);
	neighbor->max_prefixes = given->max_prefixes;
}

static void set_bfd(
	struct topo_neighbor *neighbor, const struct site_neighbor *given, bool is_circuit) {
	if (given->bfd_given ? !given->bfd : !is_circuit)
		return;
	neighbor->bfd_interval_ns = given->bfd_interval_ns ? given->bfd_interval_ns : BFD_INTERVAL_NS;
	neighbor->bfd_multiplier =
		given->bfd_multiplier ? (uint8_t)given->bfd_multiplier : BFD_MULTIPLIER;
}

static bool session_is_doubtful(const struct site_lowering *lowering,
	const struct site_router *router, const struct site_neighbor *given) {
	bool is_doubtful = site_is_doubtful(lowering, &given->address) ||
		site_is_doubtful(lowering, &given->local_address) ||
		site_is_doubtful(lowering, &router->statics);

	for (size_t i = 0; !is_doubtful && i < router->static_count; i++) {
		const struct site_static *route = &router->statics[i];
		is_doubtful = site_is_doubtful(lowering, &route->prefix) ||
			site_is_doubtful(lowering, &route->interface) ||
			site_is_doubtful(lowering, &route->next_hop);
	}
	return is_doubtful || site_addresses_are_doubtful(lowering, router);
}

static void lower_neighbor(struct site_lowering *lowering, const struct site_router_ref *ref,
	const struct site_neighbor *given) {
	struct topo *topo = lowering->topo;
	const struct site_router *router = ref->router;
	bool single_hop = false;
	size_t interface = session_interface(router, given->address, &single_hop);
	struct ip local = given->local_address;
	char text[IP_TEXT_BYTES];

	if (ip_is_none(local) && interface < router->interface_count)
		local = address_of_family(&router->interfaces[interface], given->address);
	struct site_policy import = site_policy_lower(lowering, ref->site, given, true);
	struct site_policy export = site_policy_lower(lowering, ref->site, given, false);
	if (session_is_doubtful(lowering, router, given))
		return;
	if (ip_is_none(local)) {
		diagnostics_error(lowering->mistakes, given->place,
			"%s has no interface from which to reach %s; give it a static route or localAddress",
			router->name, ip_format(given->address, text));
		return;
	}
	uint32_t origin = topo_origin_add(topo, given->place, NULL, "neighbor %s of %s",
		ip_format(given->address, text), router->name);
	uint32_t number = topo_neighbor_add(topo, ref->node, local, given->address, origin);
	struct topo_neighbor *neighbor = &topo->neighbors[number];
	set_session(neighbor, given, &router->bgp);
	set_bfd(neighbor, given, single_hop && router->interfaces[interface].circuit);
	if (single_hop)
		neighbor->port = ref->first_port + (uint32_t)interface;
	neighbor->import = import.terms;
	neighbor->import_count = import.count;
	neighbor->import_default_deny = import.default_deny;
	neighbor->export = export.terms;
	neighbor->export_count = export.count;
	neighbor->export_default_deny = export.default_deny;
}

// Whatever is connected goes out on every session, also on the one over that very link (AZ-X-4).
static uint32_t redistributed(const struct site_bgp *bgp) {
	uint32_t bits = 0;

	for (size_t i = 0; i < bgp->redistribute_count; i++) {
		if (text_equal(bgp->redistribute[i], "connected"))
			bits |= 1u << ROUTE_CONNECTED;
		else if (text_equal(bgp->redistribute[i], "static"))
			bits |= 1u << ROUTE_STATIC;
		else if (text_equal(bgp->redistribute[i], "igp"))
			bits |= 1u << ROUTE_IGP;
	}
	return bits;
}

void site_bgp_lower(struct site_lowering *lowering, const struct site_router_ref *ref) {
	struct topo *topo = lowering->topo;
	const struct site_bgp *given = &ref->router->bgp;
	struct topo_bgp *bgp = topo_bgp_of(topo, ref->node);
	char text[PREFIX_TEXT_BYTES];

	bgp->asn = given->asn;
	bgp->router_id = ip_v4(given->router_id);
	bgp->decision = decision_of(topo, given->maximum_paths);
	bgp->redistribute = redistributed(given);
	for (size_t i = 0; i < given->network_count; i++) {
		struct topo_network network = {
			.prefix = given->networks[i], .always = lowering->is_appliance};
		network.origin = topo_origin_add(topo, given->place, NULL, "network %s of %s",
			prefix_format(given->networks[i], text), ref->router->name);
		topo_network_add(topo, ref->node, &network);
	}
	for (size_t i = 0; i < given->neighbor_count; i++)
		lower_neighbor(lowering, ref, &given->neighbors[i]);
}

// The router's internet interface with the address; with IP_NONE its first. interface_count: none.
static size_t internet_interface(const struct site_router *router, struct ip address) {
	for (size_t i = 0; i < router->interface_count; i++) {
		const struct site_interface *interface = &router->interfaces[i];
		for (size_t k = 0; interface->is_internet && k < interface->address_count; k++) {
			if (ip_is_none(address) || ip_equal(interface->addresses[k].address, address))
				return i;
		}
	}
	return router->interface_count;
}

struct tunnel_end {
	const struct site_ipsec *ipsec;
	uint32_t port, underlay_port;
	struct ip outer;
};

// Whether what says where the router's tunnels start was mistaken.
static bool starts_are_doubtful(
	const struct site_lowering *lowering, const struct site_router *router) {
	bool is_doubtful = site_is_doubtful(lowering, &router->interfaces);

	for (size_t i = 0; !is_doubtful && i < router->interface_count; i++) {
		const struct site_interface *interface = &router->interfaces[i];
		is_doubtful = site_is_doubtful(lowering, &interface->is_internet) ||
			(interface->is_internet && site_is_doubtful(lowering, &interface->addresses));
	}
	return is_doubtful;
}

// And what says where one of them leads to.
static bool way_is_doubtful(const struct site_lowering *lowering, const struct site_ipsec *ipsec) {
	return site_is_doubtful(lowering, &ipsec->remote_address) ||
		site_is_doubtful(lowering, &ipsec->local_address) ||
		site_is_doubtful(lowering, &ipsec->connection) ||
		(ipsec->given && !ipsec->connection && ip_is_none(ipsec->remote_address));
}

// What is mistaken is not offered, and whoever waits for it is not to blame.
static void doubt_tunnel(struct site_lowering *lowering, const struct site_router *router,
	const struct site_ipsec *ipsec) {
	bool is_known = !site_is_doubtful(lowering, &ipsec->remote_address);
	struct ip end = is_known ? ipsec->remote_address : IP_NONE;

	if (starts_are_doubtful(lowering, router)) {
		topo_doubt_tunnel(lowering->topo, IP_NONE, end);
		return;
	}
	for (size_t i = 0; i < router->interface_count; i++) {
		const struct site_interface *interface = &router->interfaces[i];
		for (size_t k = 0; interface->is_internet && k < interface->address_count; k++)
			topo_doubt_tunnel(lowering->topo, interface->addresses[k].address, end);
	}
}

static void doubt_tunnels(struct site_lowering *lowering, const struct site_router_ref *ref) {
	const struct site_router *router = ref->router;
	bool all = ref->node == TOPO_NONE || starts_are_doubtful(lowering, router);

	if (site_is_doubtful(lowering, &router->interfaces))
		topo_doubt_tunnel(lowering->topo, IP_NONE, IP_NONE);
	for (size_t i = 0; i < router->interface_count; i++) {
		const struct site_ipsec *ipsec = &router->interfaces[i].ipsec;
		if (way_is_doubtful(lowering, ipsec) || (all && ipsec->given && !ipsec->connection))
			doubt_tunnel(lowering, router, ipsec);
	}
}

// False, with the mistake noted, when the router has no public address to send from.
static bool tunnel_end_of(struct site_lowering *lowering, const struct site_router_ref *ref,
	size_t index, struct tunnel_end *out) {
	const struct site_router *router = ref->router;
	const struct site_interface *interface = &router->interfaces[index];
	struct ip given = interface->ipsec.local_address;
	size_t underlay = internet_interface(router, given);

	if (underlay == router->interface_count) {
		if (way_is_doubtful(lowering, &interface->ipsec))
			return false;
		// Which address is missing here is not known to us, only to whoever leads to it.
		topo_doubt_tunnel(lowering->topo, IP_NONE, interface->ipsec.remote_address);
		diagnostics_error(lowering->mistakes, interface->ipsec.place,
			"%s has no %s%s for the tunnel %s to start from", router->name,
			lowering->is_appliance ? "NIC with a publicIPAddress"
								   : "interface with \"internet: true\"",
			ip_is_none(given) ? "" : " and that localAddress", interface->name);
		return false;
	}
	const struct site_interface *public = &router->interfaces[underlay];
	struct ip outer = given;
	if (ip_is_none(outer))
		outer = address_of_family(public, interface->ipsec.remote_address);
	if (ip_is_none(outer))
		outer = public->addresses[0].address;
	*out = (struct tunnel_end){&interface->ipsec, ref->first_port + (uint32_t)index,
		ref->first_port + (uint32_t)underlay, outer};
	return true;
}

static void fill_offer(struct topo *topo, struct topo_offer *offer, const struct tunnel_end *end) {
	const struct site_ipsec *ipsec = end->ipsec;

	offer->port = end->port;
	offer->underlay_port = end->underlay_port;
	offer->outer = end->outer;
	offer->shared_key = ipsec->shared_key ? arena_strdup(topo->arena, ipsec->shared_key) : NULL;
	offer->inner_ttl_reset = ipsec->inner_ttl && text_equal(ipsec->inner_ttl, "reset");
	offer->null_cipher = ipsec->null_cipher;
	offer->lifetime_ns = ipsec->lifetime_ns;
	offer->ipsec = ipsec;
	offer->origin = topo->ports[end->port].origin;
}

static void offer_to_connection(struct site_lowering *lowering, const struct tunnel_end *end) {
	struct topo *topo = lowering->topo;
	const struct site_ipsec *ipsec = end->ipsec;
	char *key = ipsec->instance
		? arena_printf(topo->arena, "connection:%s#%u", ipsec->connection, ipsec->instance)
		: arena_printf(topo->arena, "connection:%s", ipsec->connection);
	struct topo_offer *offer = topo_offer_add(topo, key);

	if (offer)
		fill_offer(topo, offer, end);
	else
		diagnostics_error(lowering->mistakes,
			site_place(lowering, &ipsec->connection, ipsec->place),
			"the connection %s already has a tunnel to instance %u; a second one is for "
			"\"instance: 1\"",
			ipsec->connection, ipsec->instance);
}

// The tunnel interface at the address `from` names, which has to name `from` in turn.
static bool find_far_end(struct site_lowering *lowering, const struct site_router_ref *of,
	const struct tunnel_end *from, struct tunnel_end *out) {
	for (size_t i = 0; i < lowering->router_count; i++) {
		const struct site_router_ref *ref = &lowering->routers[i];
		struct ip wanted = from->ipsec->remote_address;
		if (ref == of || ref->node == TOPO_NONE ||
			internet_interface(ref->router, wanted) == ref->router->interface_count)
			continue;
		for (size_t k = 0; k < ref->router->interface_count; k++) {
			const struct site_interface *interface = &ref->router->interfaces[k];
			if (interface->ipsec.given && ip_equal(interface->ipsec.remote_address, from->outer) &&
				tunnel_end_of(lowering, ref, k, out) && ip_equal(out->outer, wanted))
				return true;
		}
	}
	return false;
}

static void set_tunnel_end(
	struct topo *topo, struct topo_tunnel *tunnel, int index, const struct tunnel_end *end) {
	const struct site_ipsec *ipsec = end->ipsec;

	tunnel->port[index] = end->port;
	tunnel->underlay_port[index] = topo_port_for_link(topo, end->underlay_port);
	tunnel->outer[index] = end->outer;
	tunnel->shared_key[index] =
		arena_strdup(topo->arena, ipsec->shared_key ? ipsec->shared_key : "");
	if (ipsec->inner_ttl && text_equal(ipsec->inner_ttl, "reset"))
		tunnel->inner_ttl_reset[index] = TOPO_INNER_TTL;
	tunnel->null_cipher |= ipsec->null_cipher;
	if (ipsec->lifetime_ns)
		tunnel->lifetime_ns = ipsec->lifetime_ns;
}

static const char *router_of(const struct topo *topo, const struct tunnel_end *end) {
	return topo->nodes[topo->ports[end->port].node].name;
}

static void join_tunnel(
	struct site_lowering *lowering, const struct tunnel_end *near, const struct tunnel_end *far) {
	struct topo *topo = lowering->topo;
	const struct site_ipsec *ipsec = near->ipsec;
	char *name = arena_printf(topo->arena, "%s--%s", router_of(topo, near), router_of(topo, far));
	uint32_t origin = topo->ports[near->port].origin;
	uint32_t number = topo_tunnel_add(topo, name, origin);

	set_tunnel_end(topo, &topo->tunnels[number], 0, near);
	set_tunnel_end(topo, &topo->tunnels[number], 1, far);
	topo->ports[near->port].tunnel = number;
	topo->ports[far->port].tunnel = number;
	uint32_t underlay = topo_link_add(topo, NULL, origin);
	struct topo_link *link = &topo->links[underlay];
	link->delay_ns = ipsec->delay_ns;
	link->jitter_ns = ipsec->jitter_ns;
	link->loss_millionths = ipsec->loss_millionths;
	link->mtu_bytes = ipsec->path_mtu_bytes;
	link->can_fail = true;
	topo_end_add(topo, underlay, topo->tunnels[number].underlay_port[0]);
	topo_end_add(topo, underlay, topo->tunnels[number].underlay_port[1]);
}

static char *peer_key(struct topo *topo, struct ip from, struct ip to) {
	char texts[2][IP_TEXT_BYTES];

	return arena_printf(
		topo->arena, "tunnel:%s>%s", ip_format(from, texts[0]), ip_format(to, texts[1]));
}

// The other end is not in these sites: it is offered, or waits already.
static void meet_offer(struct site_lowering *lowering, const struct tunnel_end *near) {
	struct topo *topo = lowering->topo;
	struct ip remote = near->ipsec->remote_address;
	const struct topo_offer *waiting = topo_offer_find(topo, peer_key(topo, remote, near->outer));

	if (waiting && topo->ports[waiting->port].tunnel == TOPO_NONE) {
		struct tunnel_end far = {
			waiting->ipsec, waiting->port, waiting->underlay_port, waiting->outer};
		join_tunnel(lowering, &far, near);
		return;
	}
	struct topo_offer *offer = topo_offer_add(topo, peer_key(topo, near->outer, remote));
	if (offer)
		fill_offer(topo, offer, near);
	else
		diagnostics_error(lowering->mistakes,
			site_place(lowering, &near->ipsec->remote_address, near->ipsec->place),
			"%s already has a tunnel between these two addresses", router_of(topo, near));
}

static void lower_tunnel(
	struct site_lowering *lowering, const struct site_router_ref *ref, size_t index) {
	const struct site_ipsec *ipsec = &ref->router->interfaces[index].ipsec;
	struct tunnel_end near, far;

	if (site_is_doubtful(lowering, &ipsec->connection) ||
		site_is_doubtful(lowering, &ipsec->instance) ||
		site_is_doubtful(lowering, &ipsec->remote_address) ||
		site_is_doubtful(lowering, &ipsec->local_address))
		return;
	if (!tunnel_end_of(lowering, ref, index, &near))
		return;
	if (near.ipsec->connection) {
		offer_to_connection(lowering, &near);
		return;
	}
	if (ip_is_none(near.ipsec->remote_address))
		return; // site_check() has said so
	if (!find_far_end(lowering, ref, &near, &far))
		meet_offer(lowering, &near);
	else if (lowering->topo->ports[near.port].tunnel == TOPO_NONE)
		join_tunnel(lowering, &near, &far);
}

void site_tunnels_lower(struct site_lowering *lowering) {
	for (size_t i = 0; i < lowering->site_count; i++) {
		if (site_is_doubtful(lowering, &lowering->sites[i].routers))
			topo_doubt_tunnel(lowering->topo, IP_NONE, IP_NONE);
	}
	for (size_t i = 0; i < lowering->router_count; i++) {
		const struct site_router_ref *ref = &lowering->routers[i];
		bool is_there = ref->node != TOPO_NONE && !starts_are_doubtful(lowering, ref->router);
		doubt_tunnels(lowering, ref);
		for (size_t k = 0; is_there && k < ref->router->interface_count; k++) {
			if (ref->router->interfaces[k].ipsec.given)
				lower_tunnel(lowering, ref, k);
		}
	}
}

static bool is_or_may_be(struct ip known, struct ip address) {
	return ip_is_none(known) || ip_equal(known, address);
}

// Whether a tunnel that was mistaken may be the other end.
static bool is_excused(const struct topo *topo, const struct topo_offer *offer) {
	for (size_t i = 0; i < topo->doubt_count; i++) {
		if (is_or_may_be(topo->doubts[i].start, offer->ipsec->remote_address) &&
			is_or_may_be(topo->doubts[i].end, offer->outer))
			return true;
	}
	return false;
}

void site_lower_finish(const struct topo *topo, struct diagnostics *mistakes) {
	const struct marks *marks = diagnostics_marks(mistakes);
	char text[IP_TEXT_BYTES];

	for (size_t i = 0; i < topo->offer_count; i++) {
		const struct topo_offer *offer = &topo->offers[i];
		if (strncmp(offer->key, "tunnel:", strlen("tunnel:")) != 0 ||
			topo->ports[offer->port].tunnel != TOPO_NONE || is_excused(topo, offer))
			continue;
		diagnostics_error(mistakes,
			marks_place(marks, &offer->ipsec->remote_address, offer->ipsec->place),
			"no router has a tunnel interface at %s that leads back to %s",
			ip_format(offer->ipsec->remote_address, text),
			topo->nodes[topo->ports[offer->port].node].name);
	}
}
