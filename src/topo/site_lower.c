#include "topo/site.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/names.h"
#include "base/text.h"
#include "topo/site_int.h"

#define TUNNEL_MTU_BYTES 1400  // AZ-VPN-19
#define TCP_OVER_IPV4_BYTES 40 // both headers, which an MSS does not count

static uint32_t lower_port(
	struct site_lowering *lowering, uint32_t node, const char *name, struct place place) {
	struct topo *topo = lowering->topo;
	uint32_t origin =
		topo_origin_add(topo, place, NULL, "interface %s of %s", name, topo->nodes[node].name);
	uint32_t port = topo_port_add(topo, node, name, origin);
	char *full = arena_printf(topo->arena, "%s/%s", topo->nodes[node].name, name);

	if (lowering->is_appliance)
		return port; // a cloud's ports are not named in the file
	if (names_find(lowering->port_names, full) != NAME_NONE) {
		diagnostics_error(lowering->mistakes, place, "%s already has an interface \"%s\"",
			topo->nodes[node].name, name);
		full = arena_printf(topo->arena, "%s/%s#%u", topo->nodes[node].name, name, port);
	}
	uint32_t number = names_add(lowering->port_names, full);
	assert(number == port);
	return port;
}

static uint32_t lower_node(
	struct site_lowering *lowering, const char *name, struct place place, const char *kind_name) {
	struct topo *topo = lowering->topo;
	uint32_t origin = topo_origin_add(topo, place, NULL, "%s %s", kind_name, name);
	enum topo_kind kind = text_equal(kind_name, "host") ? TOPO_HOST : TOPO_ROUTER;
	uint32_t number = topo_node_add(topo, name, kind, origin);

	if (number == TOPO_NONE) {
		uint32_t taken = topo_find_node(topo, name);
		const struct topo_origin *first = topo_origin(topo, topo->nodes[taken].origin);
		diagnostics_error(lowering->mistakes, place,
			"the name \"%s\" is taken by the %s of line %d; names are unique in the whole file",
			name, first->text, first->place.line);
		return TOPO_NONE;
	}
	struct topo_node *node = &topo->nodes[number];
	node->kind_name = kind_name;
	node->answers_ping = true;
	node->sends_unreachable = true;
	return number;
}

static bool is_in_igp(const struct site_router *router, const struct site_interface *interface) {
	return !router->igp_off && !interface->igp_off && !interface->circuit &&
		!interface->is_internet && !interface->ipsec.given &&
		!site_segment_is_elsewhere(interface->segment);
}

struct topo_attachment site_attach_lower(
	const struct site_lowering *lowering, const struct topo_attachment *given) {
	struct topo_attachment attach = *given;

	attach.is_doubtful = site_is_doubtful(lowering, &given->interface) ||
		site_is_doubtful(lowering, &given->name_space);
	return attach;
}

void site_interface_lower(struct site_lowering *lowering, const struct site_router_ref *ref,
	const struct site_interface *interface) {
	struct topo *topo = lowering->topo;
	uint32_t number = lower_port(lowering, ref->node, interface->name, interface->place);

	topo_port_set_addresses(topo, number, interface->addresses, interface->address_count);
	struct topo_port *port = &topo->ports[number];
	port->is_shut = interface->shut;
	port->mtu_bytes = interface->mtu_bytes;
	port->attach = site_attach_lower(lowering, &interface->attach);
	if (interface->tcp_mss_bytes)
		port->tcp_mtu_bytes = interface->tcp_mss_bytes + TCP_OVER_IPV4_BYTES;
	if (interface->ipsec.given && !port->mtu_bytes)
		port->mtu_bytes = TUNNEL_MTU_BYTES;
	if (is_in_igp(ref->router, interface))
		port->igp_cost = interface->igp_cost ? interface->igp_cost : 1;
	if (!interface->circuit)
		return;
	struct topo_offer *offer =
		topo_offer_add(topo, arena_printf(topo->arena, "circuit:%s", interface->circuit));
	if (!offer) {
		diagnostics_error(lowering->mistakes,
			site_place(lowering, &interface->circuit, interface->place),
			"the circuit link %s already has a customer edge", interface->circuit);
		return;
	}
	offer->port = number;
	offer->origin = port->origin;
}

static uint32_t redistribute_bits(const char *const *words, size_t count) {
	static const struct {
		const char *word;
		uint32_t bits;
	} known[] = {
		{"connected", 1u << ROUTE_CONNECTED},
		{"static", 1u << ROUTE_STATIC},
		{"igp", 1u << ROUTE_IGP},
		{"bgp", 1u << ROUTE_EBGP}, // routers keep iBGP routes out of the IGP unless told
		{"internalBgp", 1u << ROUTE_IBGP},
	};
	uint32_t bits = 0;

	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
			if (text_equal(words[i], known[k].word))
				bits |= known[k].bits;
		}
	}
	return bits;
}

static enum topo_default igp_default_of(const char *word) {
	if (word && text_equal(word, "always"))
		return TOPO_DEFAULT_ALWAYS;
	if (word && text_equal(word, "ifKnown"))
		return TOPO_DEFAULT_IF_KNOWN;
	return TOPO_DEFAULT_NEVER;
}

static void lower_router(struct site_lowering *lowering, struct site_router_ref *ref) {
	struct topo *topo = lowering->topo;
	const struct site_router *router = ref->router;

	ref->node = lower_node(lowering, router->name, router->place, "router");
	if (ref->node == TOPO_NONE)
		return;
	struct topo_node *node = &topo->nodes[ref->node];
	node->forwards = true;
	node->decrements_ttl = true;
	node->sends_time_exceeded = true;
	node->sends_too_big = true;
	node->can_fail = true;
	node->hash_seed = router->hash_seed;
	node->is_doubtful = site_router_is_doubtful(lowering, router);
	if (router->icmp_source && text_equal(router->icmp_source, "egress"))
		node->icmp_source = TOPO_ICMP_EGRESS;
	if (!router->igp_off) {
		node->igp_site = arena_strdup(topo->arena, ref->site->name);
		node->igp_default = igp_default_of(router->igp_default);
		node->igp_redistribute =
			redistribute_bits(router->igp_redistribute, router->igp_redistribute_count);
	}
	ref->first_port = (uint32_t)topo->port_count;
	for (size_t i = 0; i < router->interface_count; i++)
		site_interface_lower(lowering, ref, &router->interfaces[i]);
	site_rpf_lower(lowering, ref);
}

void site_rpf_lower(struct site_lowering *lowering, const struct site_router_ref *ref) {
	const char *word = ref->router->rpf;

	if (!word || !text_equal(word, "strict"))
		return;
	for (size_t i = 0; i < ref->router->interface_count; i++) {
		if (ref->router->interfaces[i].is_internet)
			continue; // the outside of tunnels, which has no routes of its own
		struct topo_port *port = &lowering->topo->ports[ref->first_port + i];
		port->check_source_in = true;
		port->strict_source_in = true;
	}
}

static void add_default(struct topo *topo, uint32_t node, uint32_t port, struct ip gateway) {
	struct route_hop hop = {.port = port, .via = gateway};
	bool is_v4 = ip_is_v4(gateway);
	struct topo_route route = {
		.prefix = is_v4 ? prefix_default_v4() : prefix_default_v6(),
		.hops = &hop,
		.hop_count = 1,
		.origin = topo->nodes[node].origin,
	};

	if (!ip_is_none(gateway))
		topo_route_add(topo, node, &route);
}

static void lower_host(
	struct site_lowering *lowering, const struct site *site, const struct site_host *host) {
	struct topo *topo = lowering->topo;
	uint32_t number = lower_node(lowering, host->name, host->place, "host");

	if (number == TOPO_NONE)
		return;
	uint32_t port = lower_port(lowering, number, "eth0", host->place);
	struct topo_address *addresses =
		ARENA_ARRAY(topo->arena, struct topo_address, host->address_count);
	struct ip gateway = host->gateway, gateway6 = host->gateway6;
	for (size_t i = 0; i < host->address_count; i++) {
		addresses[i] = host->addresses[i];
		struct ip address = addresses[i].address;
		if (addresses[i].network.bits == 128)
			site_segment_network(site, host->segment, address, &addresses[i].network);
		struct ip only = site_only_router(site, host->segment, addresses[i].network);
		if (ip_is_v4(address) && ip_is_none(gateway))
			gateway = only;
		if (!ip_is_v4(address) && ip_is_none(gateway6))
			gateway6 = only;
	}
	topo_port_set_addresses(topo, port, addresses, host->address_count);
	topo->ports[port].attach = site_attach_lower(lowering, &host->attach);
	topo->nodes[number].is_doubtful = site_is_doubtful(lowering, &host->segment);
	topo->nodes[number].address = topo->ports[port].icmp_v4;
	topo->nodes[number].address6 = topo->ports[port].icmp_v6;
	add_default(topo, number, port, gateway);
	add_default(topo, number, port, gateway6);
}

void site_static_lower(struct site_lowering *lowering, const struct site_router_ref *ref,
	const struct site_static *given) {
	struct topo *topo = lowering->topo;
	const struct site_router *router = ref->router;
	char text[PREFIX_TEXT_BYTES];
	size_t interface = router->interface_count;

	if (site_is_doubtful(lowering, &given->prefix))
		return;
	if (given->interface) {
		for (size_t i = 0; i < router->interface_count; i++) {
			if (text_equal(router->interfaces[i].name, given->interface))
				interface = i;
		}
	} else if (!given->discard) {
		interface = site_interface_towards(router, given->next_hop);
	}
	if (interface == router->interface_count && !given->discard)
		return; // site_check() has said why
	struct route_hop hop = {
		.port = given->discard ? TOPO_NONE : ref->first_port + (uint32_t)interface,
		.via = given->discard ? IP_NONE : given->next_hop,
		.blackhole = given->discard,
	};
	struct topo_route route = {
		.prefix = given->prefix,
		.hops = &hop,
		.hop_count = 1,
		.distance = (uint8_t)given->distance,
	};
	route.origin = topo_origin_add(topo, given->place, NULL, "static route %s of %s",
		prefix_format(given->prefix, text), router->name);
	topo_route_add(topo, ref->node, &route);
}

static void lower_site(
	struct site_lowering *lowering, const struct site *site, struct site_router_ref *refs) {
	for (size_t i = 0; i < site->router_count; i++) {
		refs[i].site = site;
		refs[i].router = &site->routers[i];
		lower_router(lowering, &refs[i]);
	}
	for (size_t i = 0; i < site->host_count; i++)
		lower_host(lowering, site, &site->hosts[i]);
	for (size_t i = 0; i < site->router_count; i++) {
		for (size_t k = 0; k < refs[i].router->static_count && refs[i].node != TOPO_NONE; k++)
			site_static_lower(lowering, &refs[i], &refs[i].router->statics[k]);
	}
}

void site_lower(const struct site *sites, size_t count, struct topo *topo, struct names *port_names,
	struct diagnostics *mistakes) {
	struct site_lowering lowering = {
		.topo = topo,
		.sites = sites,
		.site_count = count,
		.port_names = port_names,
		.mistakes = mistakes,
	};

	assert(topo->port_count == 0 && names_count(port_names) == 0);
	for (size_t i = 0; i < count; i++)
		lowering.router_count += sites[i].router_count;
	lowering.routers = ARENA_ARRAY(topo->arena, struct site_router_ref, lowering.router_count);
	struct site_router_ref *refs = lowering.routers;
	for (size_t i = 0; i < count; i++) {
		site_check(&lowering, &sites[i]);
		lower_site(&lowering, &sites[i], refs);
		refs += sites[i].router_count;
	}
	site_segments_lower(&lowering);
	for (size_t i = 0; i < lowering.router_count; i++) {
		if (lowering.routers[i].node != TOPO_NONE && lowering.routers[i].router->bgp.given)
			site_bgp_lower(&lowering, &lowering.routers[i]);
	}
	site_tunnels_lower(&lowering);
}
