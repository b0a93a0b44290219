// Mistakes in a site that can be told from its description alone.

#include <string.h>

#include "base/marks.h"
#include "base/names.h"
#include "base/text.h"
#include "topo/site_int.h"

#define HOST_BITS 128 // prefix.bits of a network that is one address, in either family

struct place site_place(
	const struct site_lowering *lowering, const void *member, struct place otherwise) {
	return marks_place(diagnostics_marks(lowering->mistakes), member, otherwise);
}

bool site_is_doubtful(const struct site_lowering *lowering, const void *member) {
	return marks_is_doubtful(diagnostics_marks(lowering->mistakes), member);
}

bool site_addresses_are_doubtful(
	const struct site_lowering *lowering, const struct site_router *router) {
	bool is_doubtful = site_is_doubtful(lowering, &router->interfaces);

	for (size_t i = 0; !is_doubtful && i < router->interface_count; i++)
		is_doubtful = site_is_doubtful(lowering, &router->interfaces[i].addresses);
	return is_doubtful;
}

static bool joins_are_doubtful(
	const struct site_lowering *lowering, const struct site_interface *interface) {
	return site_is_doubtful(lowering, &interface->segment) ||
		site_is_doubtful(lowering, &interface->circuit) ||
		site_is_doubtful(lowering, &interface->is_internet) ||
		site_is_doubtful(lowering, &interface->ipsec.connection) ||
		site_is_doubtful(lowering, &interface->ipsec.remote_address) ||
		site_is_doubtful(lowering, &interface->ipsec.local_address) ||
		site_is_doubtful(lowering, &interface->shut);
}

bool site_router_is_doubtful(
	const struct site_lowering *lowering, const struct site_router *router) {
	bool is_doubtful = site_is_doubtful(lowering, &router->interfaces) ||
		site_is_doubtful(lowering, &router->igp_off) ||
		site_is_doubtful(lowering, &router->bgp.neighbors);

	for (size_t i = 0; !is_doubtful && i < router->interface_count; i++)
		is_doubtful = joins_are_doubtful(lowering, &router->interfaces[i]);
	return is_doubtful;
}

static bool is_on_segment(const struct site_interface *interface, const char *segment) {
	return interface->segment && segment && text_equal(interface->segment, segment);
}

bool site_segment_network(
	const struct site *site, const char *segment, struct ip address, struct prefix *network) {
	for (size_t i = 0; i < site->router_count; i++) {
		const struct site_router *router = &site->routers[i];
		for (size_t k = 0; k < router->interface_count; k++) {
			const struct site_interface *interface = &router->interfaces[k];
			for (size_t n = 0; is_on_segment(interface, segment) && n < interface->address_count;
				 n++) {
				struct prefix candidate = interface->addresses[n].network;
				if (candidate.bits == HOST_BITS || !prefix_contains(candidate, address))
					continue;
				*network = candidate;
				return true;
			}
		}
	}
	return false;
}

static bool interface_is_doubtful(const struct site_lowering *lowering,
	const struct site_interface *interface, const char *segment) {
	return site_is_doubtful(lowering, &interface->segment) ||
		(is_on_segment(interface, segment) && site_is_doubtful(lowering, &interface->addresses));
}

bool site_segment_is_doubtful(
	const struct site_lowering *lowering, const struct site *site, const char *segment) {
	bool is_doubtful = !segment || site_is_doubtful(lowering, &site->routers);

	for (size_t i = 0; !is_doubtful && i < site->router_count; i++) {
		const struct site_router *router = &site->routers[i];
		is_doubtful = site_is_doubtful(lowering, &router->interfaces);
		for (size_t k = 0; !is_doubtful && k < router->interface_count; k++)
			is_doubtful = interface_is_doubtful(lowering, &router->interfaces[k], segment);
	}
	return is_doubtful;
}

// Router addresses of the segment inside `network`; the first in *first.
static size_t router_addresses(
	const struct site *site, const char *segment, struct prefix network, struct ip *first) {
	size_t count = 0;

	for (size_t i = 0; i < site->router_count; i++) {
		const struct site_router *router = &site->routers[i];
		for (size_t k = 0; k < router->interface_count; k++) {
			const struct site_interface *interface = &router->interfaces[k];
			for (size_t n = 0; is_on_segment(interface, segment) && n < interface->address_count;
				 n++) {
				if (!prefix_contains(network, interface->addresses[n].address))
					continue;
				if (count++ == 0)
					*first = interface->addresses[n].address;
			}
		}
	}
	return count;
}

struct ip site_only_router(const struct site *site, const char *segment, struct prefix network) {
	struct ip first = IP_NONE;

	return router_addresses(site, segment, network, &first) == 1 ? first : IP_NONE;
}

void site_check_interface(struct site_lowering *lowering, const struct site_interface *interface) {
	int purposes = (interface->segment != NULL) + (interface->circuit != NULL) +
		interface->is_internet + interface->ipsec.given;
	const struct site_ipsec *ipsec = &interface->ipsec;
	bool has_peer = !ip_is_none(ipsec->remote_address);
	bool is_doubtful = site_is_doubtful(lowering, &ipsec->connection) ||
		site_is_doubtful(lowering, &ipsec->remote_address);

	if (purposes > 1)
		diagnostics_error(lowering->mistakes, interface->place,
			"interface \"%s\" has more than one of segment, circuit, internet and ipsec",
			interface->name);
	if (ipsec->given && !is_doubtful && has_peer == (ipsec->connection != NULL))
		diagnostics_error(lowering->mistakes, ipsec->place,
			"ipsec needs either connection, for a tunnel to a gateway, or remoteAddress, for one "
			"to another site's router");
	if (interface->igp_cost &&
		(interface->circuit || interface->is_internet || ipsec->given ||
			site_segment_is_elsewhere(interface->segment)))
		diagnostics_error(lowering->mistakes,
			site_place(lowering, &interface->igp_cost, interface->place),
			"igpCost: the site's IGP runs on its own segments only");
}

static void check_host_bits(
	struct site_lowering *lowering, struct place place, const struct topo_address *given) {
	unsigned bits = given->network.bits;
	char address[IP_TEXT_BYTES], network[PREFIX_TEXT_BYTES];

	if (!ip_is_v4(given->address) || bits >= HOST_BITS - 1)
		return; // a /31 has no broadcast address (RFC 3021)
	ip_format(given->address, address);
	prefix_format(given->network, network);
	if (ip_equal(given->address, prefix_first(given->network)))
		diagnostics_error(lowering->mistakes, place,
			"%s is the network %s itself, not a host in it", address, network);
	if (ip_equal(given->address, prefix_last(given->network)))
		diagnostics_error(
			lowering->mistakes, place, "%s is the broadcast address of %s", address, network);
}

static void check_overlaps(
	struct site_lowering *lowering, const struct site_router *router, size_t index) {
	const struct site_interface *interface = &router->interfaces[index];
	char mine[PREFIX_TEXT_BYTES], theirs[PREFIX_TEXT_BYTES];

	for (size_t i = 0; i < interface->address_count; i++) {
		struct prefix network = interface->addresses[i].network;
		if (network.bits == HOST_BITS)
			continue;
		for (size_t k = 0; k < index; k++) {
			const struct site_interface *other = &router->interfaces[k];
			for (size_t n = 0; n < other->address_count; n++) {
				if (other->addresses[n].network.bits == HOST_BITS ||
					!prefix_overlaps(network, other->addresses[n].network))
					continue;
				diagnostics_error(lowering->mistakes,
					site_place(lowering, &interface->addresses[i], interface->place),
					"%s overlaps %s of interface \"%s\" of the same router",
					prefix_format(network, mine),
					prefix_format(other->addresses[n].network, theirs), other->name);
				return;
			}
		}
	}
}

static void check_static(struct site_lowering *lowering, const struct site_router *router,
	const struct site_static *route) {
	char text[IP_TEXT_BYTES];
	bool has_hop = !ip_is_none(route->next_hop);

	if (site_is_doubtful(lowering, &route->next_hop) ||
		site_is_doubtful(lowering, &route->interface) ||
		site_is_doubtful(lowering, &route->discard))
		return;
	if (route->discard ? has_hop || route->interface : !has_hop && !route->interface) {
		diagnostics_error(lowering->mistakes, route->place,
			"a static route has a nextHop, an interface or both, or else discard: true");
		return;
	}
	struct place hop_place = site_place(lowering, &route->next_hop, route->place);
	if (has_hop && !site_is_doubtful(lowering, &route->prefix) &&
		ip_is_v4(route->next_hop) != prefix_is_v4(route->prefix)) {
		diagnostics_error(lowering->mistakes, hop_place,
			"the next hop %s and the prefix are not of one address family",
			ip_format(route->next_hop, text));
		return;
	}
	if (route->interface && !site_is_doubtful(lowering, &router->interfaces)) {
		struct names *known = names_new();
		for (size_t i = 0; i < router->interface_count; i++)
			names_add(known, router->interfaces[i].name);
		const char *near = names_nearest(known, route->interface);
		if (names_find(known, route->interface) == NAME_NONE)
			diagnostics_error(lowering->mistakes,
				site_place(lowering, &route->interface, route->place),
				"%s has no interface \"%s\"%s%s%s", router->name, route->interface,
				near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
		names_free(known);
	} else if (has_hop && !route->interface && !site_addresses_are_doubtful(lowering, router) &&
		site_interface_towards(router, route->next_hop) == router->interface_count) {
		diagnostics_error(lowering->mistakes, hop_place,
			"the next hop %s is in no network of an interface of %s",
			ip_format(route->next_hop, text), router->name);
	}
}

static void check_router(struct site_lowering *lowering, const struct site_router *router) {
	for (size_t i = 0; i < router->interface_count; i++) {
		const struct site_interface *interface = &router->interfaces[i];
		site_check_interface(lowering, interface);
		check_overlaps(lowering, router, i);
		for (size_t k = 0; k < interface->address_count; k++)
			check_host_bits(lowering,
				site_place(lowering, &interface->addresses[k], interface->place),
				&interface->addresses[k]);
	}
	for (size_t i = 0; i < router->static_count; i++)
		check_static(lowering, router, &router->statics[i]);
	site_check_neighbors(lowering, router);
}

void site_check_neighbors(struct site_lowering *lowering, const struct site_router *router) {
	char text[IP_TEXT_BYTES];

	for (size_t i = 0; i < router->bgp.neighbor_count; i++) {
		const struct site_neighbor *neighbor = &router->bgp.neighbors[i];
		for (size_t k = 0; k < router->interface_count; k++) {
			for (size_t n = 0; n < router->interfaces[k].address_count; n++) {
				if (!site_is_doubtful(lowering, &neighbor->address) &&
					ip_equal(router->interfaces[k].addresses[n].address, neighbor->address))
					diagnostics_error(lowering->mistakes, neighbor->place,
						"the neighbor %s is an address of %s itself",
						ip_format(neighbor->address, text), router->name);
			}
		}
	}
}

static void check_gateway(struct site_lowering *lowering, const struct site *site,
	const struct site_host *host, const struct topo_address *given) {
	bool is_v4 = ip_is_v4(given->address);
	const struct ip *member = is_v4 ? &host->gateway : &host->gateway6;
	struct ip gateway = *member;
	struct prefix network = given->network;
	struct ip first = IP_NONE;
	char text[IP_TEXT_BYTES], near[IP_TEXT_BYTES];

	if (site_is_doubtful(lowering, member))
		return;
	if (network.bits == HOST_BITS)
		site_segment_network(site, host->segment, given->address, &network);
	size_t count = router_addresses(site, host->segment, network, &first);
	if (ip_is_none(gateway)) {
		if (count > 1)
			diagnostics_error(lowering->mistakes, host->place,
				"%zu routers are on segment \"%s\": give the host a %s", count, host->segment,
				is_v4 ? "gateway" : "gateway6");
		return;
	}
	if (router_addresses(site, host->segment, prefix_host(gateway), &first) > 0)
		return;
	diagnostics_error(lowering->mistakes, site_place(lowering, member, host->place),
		"no router on segment \"%s\" has the gateway's address %s%s%s", host->segment,
		ip_format(gateway, text), ip_is_none(first) ? "" : "; there is ",
		ip_is_none(first) ? "" : ip_format(first, near));
}

static void add_segments(const struct site *site, struct names *known) {
	for (size_t i = 0; i < site->router_count; i++) {
		for (size_t k = 0; k < site->routers[i].interface_count; k++) {
			if (site->routers[i].interfaces[k].segment)
				names_add(known, site->routers[i].interfaces[k].segment);
		}
	}
}

// A segment on which no router is, but on one with nearly its name: true, and told.
static bool check_segment(
	struct site_lowering *lowering, const struct site *site, const struct site_host *host) {
	struct names *known = names_new();

	add_segments(site, known);
	bool is_known = names_find(known, host->segment) != NAME_NONE;
	const char *near = is_known ? NULL : names_nearest(known, host->segment);
	if (near)
		diagnostics_error(lowering->mistakes, site_place(lowering, &host->segment, host->place),
			"no router of site %s is on segment \"%s\"; did you mean \"%s\"?", site->name,
			host->segment, near);
	names_free(known);
	return near != NULL;
}

static void check_host(
	struct site_lowering *lowering, const struct site *site, const struct site_host *host) {
	char text[IP_TEXT_BYTES], theirs[PREFIX_TEXT_BYTES];
	struct prefix network;
	bool is_doubtful = site_segment_is_doubtful(lowering, site, host->segment);

	if (site_segment_is_elsewhere(host->segment)) {
		diagnostics_error(lowering->mistakes, site_place(lowering, &host->segment, host->place),
			"a host is on a segment of its own site, %s; routers' interfaces may name another's",
			site->name);
		return;
	}
	if (host->address_count > 0 && !is_doubtful && check_segment(lowering, site, host))
		return;
	for (size_t i = 0; i < host->address_count; i++) {
		const struct topo_address *given = &host->addresses[i];
		struct place place = site_place(lowering, given, host->place);
		check_host_bits(lowering, place, given);
		if (is_doubtful)
			continue;
		bool found = site_segment_network(site, host->segment, given->address, &network);
		if (!found)
			diagnostics_error(lowering->mistakes, place,
				"%s is in no network of a router on segment \"%s\"",
				ip_format(given->address, text), host->segment);
		else if (given->network.bits != HOST_BITS && !prefix_equal(given->network, network))
			diagnostics_error(lowering->mistakes, place,
				"the host's network is not the segment's, %s", prefix_format(network, theirs));
		else
			check_gateway(lowering, site, host, given);
	}
}

struct address_owners {
	struct names *addresses;
	const char **owners; // by number in `addresses`
};

static void note_address(struct site_lowering *lowering, struct address_owners *seen,
	struct place place, const char *owner, struct ip address) {
	char text[IP_TEXT_BYTES];
	uint32_t before = names_find(seen->addresses, ip_format(address, text));

	if (before == NAME_NONE)
		seen->owners[names_add(seen->addresses, text)] = owner;
	else if (!text_equal(seen->owners[before], owner)) // one node may lend an address to a tunnel
		diagnostics_error(lowering->mistakes, place, "%s is already an address of %s", text,
			seen->owners[before]);
}

static void check_unique_addresses(struct site_lowering *lowering, const struct site *site) {
	size_t count = 0;

	for (size_t i = 0; i < site->router_count; i++) {
		for (size_t k = 0; k < site->routers[i].interface_count; k++)
			count += site->routers[i].interfaces[k].address_count;
	}
	for (size_t i = 0; i < site->host_count; i++)
		count += site->hosts[i].address_count;
	struct address_owners seen = {
		names_new(), ARENA_ARRAY(lowering->topo->arena, const char *, count)};
	for (size_t i = 0; i < site->router_count; i++) {
		const struct site_router *router = &site->routers[i];
		for (size_t k = 0; k < router->interface_count; k++) {
			const struct site_interface *interface = &router->interfaces[k];
			for (size_t n = 0; n < interface->address_count; n++)
				note_address(lowering, &seen,
					site_place(lowering, &interface->addresses[n], interface->place), router->name,
					interface->addresses[n].address);
		}
	}
	for (size_t i = 0; i < site->host_count; i++) {
		const struct site_host *host = &site->hosts[i];
		for (size_t n = 0; n < host->address_count; n++)
			note_address(lowering, &seen, site_place(lowering, &host->addresses[n], host->place),
				host->name, host->addresses[n].address);
	}
	names_free(seen.addresses);
}

void site_check(struct site_lowering *lowering, const struct site *site) {
	for (size_t i = 0; i < site->router_count; i++)
		check_router(lowering, &site->routers[i]);
	for (size_t i = 0; i < site->host_count; i++)
		check_host(lowering, site, &site->hosts[i]);
	check_unique_addresses(lowering, site);
	site_policy_check(lowering, site);
}
