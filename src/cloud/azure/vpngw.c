// VPN gateways: tunnels to customer equipment and to other gateways, with or without BGP.
#include "cloud/azure/gateway_int.h"

#include <stdlib.h>
#include <string.h>

#define TUNNEL_DELAY_NS MS_NS
#define PREFIXES_FROM_PEER 4000 // AZ-VPN-11: beyond, the session ends

struct end {                         // one end of a tunnel
	struct lowered_gateway *gateway; // NULL for customer equipment
	struct lowered_instance *instance;
	uint32_t node, port, underlay_port;
	struct ip outer;
	const char *shared_key;
	bool inner_ttl_reset, null_cipher;
	int64_t lifetime_ns;
};

// The port with the instance's public address; each link under a tunnel takes one more.
static uint32_t internet_port(struct azure_cloud *cloud, const struct lowered_gateway *gateway,
	struct lowered_instance *instance) {
	if (instance->internet_port == TOPO_NONE) {
		instance->internet_port =
			topo_port_add(cloud->topo, instance->node, "internet", gateway->origin);
		azure_port_host(cloud, instance->internet_port, &instance->public_address, 1);
	}
	return instance->internet_port;
}

// AZ-SRC-2: no address, so nothing to answer from and no hop of the gateway's (AZ-TR-14); AZ-X-12:
// only known sources go in.
static uint32_t add_tunnel_port(struct azure_cloud *cloud,
	const struct lowered_connection *connection, struct lowered_instance *instance,
	const char *suffix) {
	char *name = arena_printf(cloud->arena, "%s%s", connection->connection->name, suffix);
	uint32_t port = topo_port_add(cloud->topo, instance->node, name, connection->origin);

	cloud->topo->ports[port].mtu_bytes = TUNNEL_MTU_BYTES;
	cloud->topo->ports[port].tcp_mtu_bytes = TUNNEL_MTU_BYTES; // both ways, AZ-VPN-19
	cloud->topo->ports[port].check_source_out = true;
	return port;
}

// Nothing selects what goes in but routes: a route-based tunnel takes all addresses (AZ-VPN-20).
static struct end instance_end(struct azure_cloud *cloud,
	const struct lowered_connection *connection, struct lowered_gateway *gateway, size_t i,
	const char *suffix) {
	struct lowered_instance *instance = &gateway->instances[i];

	return (struct end){
		.gateway = gateway,
		.instance = instance,
		.node = instance->node,
		.port = add_tunnel_port(cloud, connection, instance, suffix),
		.underlay_port = internet_port(cloud, gateway, instance),
		.outer = instance->public_address,
		.shared_key = connection->connection->shared_key,
		.null_cipher = connection->connection->null_cipher,
		.lifetime_ns = connection->connection->lifetime_ns,
	};
}

static struct end offered_end(const struct azure_cloud *cloud, const struct topo_offer *offer) {
	return (struct end){
		.node = cloud->topo->ports[offer->port].node,
		.port = offer->port,
		.underlay_port = offer->underlay_port,
		.outer = offer->outer,
		.shared_key = offer->shared_key,
		.inner_ttl_reset = offer->inner_ttl_reset,
		.null_cipher = offer->null_cipher,
		.lifetime_ns = offer->lifetime_ns,
	};
}

// The link between the public addresses carries the connection's quality and is what fails.
static void join_underlay(
	struct azure_cloud *cloud, const struct lowered_connection *connection, struct end ends[2]) {
	const struct azure_connection *given = connection->connection;
	struct topo *topo = cloud->topo;

	for (size_t i = 0; i < 2; i++) {
		ends[i].underlay_port = topo_port_for_link(topo, ends[i].underlay_port);
		azure_route_via(cloud, prefix_host(ends[1 - i].outer), ends[i].underlay_port, IP_NONE,
			connection->origin);
	}
	uint32_t number =
		azure_link(cloud, ends[0].underlay_port, ends[1].underlay_port, connection->origin);
	struct topo_link *link = &topo->links[number];
	link->delay_ns = given->delay_ns ? given->delay_ns : TUNNEL_DELAY_NS;
	link->jitter_ns = given->jitter_ns;
	link->loss_millionths = given->loss_millionths;
	link->rate_bits_per_s = given->rate_bits_per_s;
	link->mtu_bytes = given->path_mtu_bytes;
	link->can_fail = true;
}

static void join(struct azure_cloud *cloud, const struct lowered_connection *connection,
	const char *suffix, struct end ends[2]) {
	join_underlay(cloud, connection, ends);
	uint32_t number = topo_tunnel_add(cloud->topo,
		arena_printf(cloud->arena, "%s%s", connection->connection->name, suffix),
		connection->origin);
	struct topo_tunnel *tunnel = &cloud->topo->tunnels[number];
	for (size_t i = 0; i < 2; i++) {
		tunnel->port[i] = ends[i].port;
		tunnel->underlay_port[i] = ends[i].underlay_port;
		tunnel->outer[i] = ends[i].outer;
		tunnel->shared_key[i] = topo_copy(cloud->topo, ends[i].shared_key ? ends[i].shared_key : "",
			ends[i].shared_key ? strlen(ends[i].shared_key) + 1 : 1);
		tunnel->inner_ttl_reset[i] = ends[i].inner_ttl_reset ? TOPO_INNER_TTL : 0; // CE-TTL-1
		cloud->topo->ports[ends[i].port].tunnel = number;
	}
	tunnel->null_cipher = ends[0].null_cipher || ends[1].null_cipher;
	tunnel->lifetime_ns = ends[0].lifetime_ns ? ends[0].lifetime_ns : ends[1].lifetime_ns;
}

static void set_policies(struct azure_cloud *cloud, const struct lowered_gateway *gateway,
	struct topo_neighbor *neighbor) {
	static const struct policy_prefix defaults[] = {
		{{{0, IP_V4_MAPPED}, PREFIX_V4_BITS}, 0, 0}, {{{0, 0}, 0}, 0, 0}};
	const struct azure_vnet *vnet = cloud->vnets[gateway->vnet].vnet;
	struct azure_terms import = {0};
	struct azure_terms export = {0};
	struct policy_term *term = azure_term_add(&import, POLICY_REJECT, "AZ-VPN-11");

	term->prefixes =
		azure_policy_prefixes(cloud, vnet->address_space, vnet->address_space_count, true);
	term->prefix_count = vnet->address_space_count;
	term = azure_term_add(&import, POLICY_ACCEPT, "AZ-VPN-12");
	term->set_flags = POLICY_SET_TAG;
	term->tag = TAG_BRANCH;
	azure_term_tag(&export, TAG_RANGE, "AZ-VPN-10");
	azure_term_tag(&export, TAG_STATIC, "AZ-VPN-10");
	static const enum azure_tag passed_on[] = {TAG_BRANCH, TAG_TWIN}; // not TAG_CIRCUIT: AZ-VPN-15
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++) {
		term = azure_term_tag(&export, passed_on[i], "AZ-VPN-12");
		term->except_prefixes = defaults;
		term->except_prefix_count = sizeof(defaults) / sizeof(defaults[0]);
	}
	azure_terms_import(cloud, neighbor, &import, false);
	azure_terms_export(cloud, neighbor, &export, true);
}

static void add_network(struct azure_cloud *cloud, uint32_t node, struct prefix prefix,
	enum azure_tag tag, uint32_t origin) {
	struct topo_network network = {
		.prefix = prefix, .weight = WEIGHT_LOCAL, .tag = tag, .origin = origin};

	topo_network_add(cloud->topo, node, &network);
}

// AZ-X-7: a peer's address that the local network gateway lists is a static prefix like any other.
static bool is_listed(const struct azure_cloud *cloud, const struct lowered_connection *connection,
	struct prefix prefix) {
	if (connection->local_gateway == TOPO_NONE)
		return false;
	const struct azure_local_gateway *local =
		&cloud->model->local_gateways[connection->local_gateway];
	for (size_t i = 0; i < local->address_space_count; i++) {
		if (prefix_equal(local->address_space[i], prefix))
			return true;
	}
	return false;
}

// AZ-VPN-5: the peer's address goes through the tunnel, as a row that only the twin hears of. So
// the peer may be a loopback behind any interface (AZ-VPN-6).
static void add_session(struct azure_cloud *cloud, const struct lowered_connection *connection,
	const struct end *end, struct ip remote, uint32_t asn) {
	if (!is_listed(cloud, connection, prefix_host(remote))) {
		azure_route_via(cloud, prefix_host(remote), end->port, IP_NONE, connection->origin);
		add_network(cloud, end->node, prefix_host(remote), TAG_PEER_HOST, connection->origin);
	}
	struct azure_session session = {
		end->node, end->instance->bgp_address, remote, asn, connection->origin};
	struct topo_neighbor *neighbor = azure_neighbor_add(cloud, &session);
	neighbor->weight = WEIGHT_VPN;
	neighbor->max_prefixes = PREFIXES_FROM_PEER;
	set_policies(cloud, end->gateway, neighbor);
}

static void add_static(struct azure_cloud *cloud, const struct lowered_connection *connection,
	const struct end *end, struct prefix prefix) {
	azure_route_via(cloud, prefix, end->port, IP_NONE, connection->origin);
	add_network(cloud, end->node, prefix, TAG_STATIC, connection->origin);
}

static bool has_bgp(const struct lowered_connection *connection, const struct end *end) {
	return connection->connection->enable_bgp && !end->gateway->gateway->bgp_off;
}

// What an Azure end makes of its local network gateway: one device, one session (AZ-VPN-8), or none
// and static prefixes; a gateway has both kinds of connection (AZ-VPN-9).
static void use_local_gateway(
	struct azure_cloud *cloud, const struct lowered_connection *connection, const struct end *end) {
	const struct azure_local_gateway *local =
		&cloud->model->local_gateways[connection->local_gateway];

	for (size_t i = 0; i < local->address_space_count; i++)
		add_static(cloud, connection, end, local->address_space[i]);
	if (has_bgp(connection, end) && local->asn && !ip_is_none(local->bgp_peering_address))
		add_session(cloud, connection, end, local->bgp_peering_address, local->asn);
}

// AZ-X-8: without BGP the far side's ranges and those of its spokes are static rows.
static void use_far_ranges(struct azure_cloud *cloud, const struct lowered_connection *connection,
	const struct end *end, const struct lowered_gateway *far) {
	const struct azure_vnet *vnet = cloud->vnets[far->vnet].vnet;
	struct azure_prefixes spokes = azure_spoke_ranges(cloud, far->vnet);

	for (size_t i = 0; i < vnet->address_space_count; i++)
		add_static(cloud, connection, end, vnet->address_space[i]);
	for (size_t i = 0; i < spokes.count; i++)
		add_static(cloud, connection, end, spokes.items[i]);
	free(spokes.items);
}

static void lower_vnet_to_vnet(
	struct azure_cloud *cloud, const struct lowered_connection *connection) {
	struct lowered_gateway *near = &cloud->gateways[connection->gateway1];
	struct lowered_gateway *far = &cloud->gateways[connection->gateway2];
	bool is_single = near->instance_count * far->instance_count == 1;

	for (size_t i = 0; i < near->instance_count; i++) {
		for (size_t k = 0; k < far->instance_count; k++) {
			char *suffix = is_single ? "" : arena_printf(cloud->arena, "#%zu%zu", i, k);
			struct end ends[2] = {instance_end(cloud, connection, near, i, suffix),
				instance_end(cloud, connection, far, k, suffix)};
			join(cloud, connection, suffix, ends);
			for (size_t e = 0; e < 2; e++) {
				const struct end *other = &ends[1 - e];
				if (has_bgp(connection, &ends[e]) && has_bgp(connection, other))
					add_session(cloud, connection, &ends[e], other->instance->bgp_address,
						other->gateway->asn);
				else
					use_far_ranges(cloud, connection, &ends[e], other->gateway);
			}
		}
	}
}

// The instance that has the public address a local network gateway names.
static uint32_t find_public(const struct azure_cloud *cloud, struct ip address, size_t *instance) {
	for (uint32_t g = 0; !ip_is_none(address) && g < cloud->gateway_count; g++) {
		const struct lowered_gateway *gateway = &cloud->gateways[g];
		for (size_t i = 0; !gateway->is_er && i < gateway->instance_count; i++) {
			if (!ip_equal(gateway->instances[i].public_address, address))
				continue;
			*instance = i;
			return g;
		}
	}
	return TOPO_NONE;
}

static struct ip outer_of_local(
	const struct azure_cloud *cloud, const struct lowered_connection *connection) {
	return cloud->model->local_gateways[connection->local_gateway].gateway_address;
}

uint32_t azure_far_gateway(const struct azure_cloud *cloud,
	const struct lowered_connection *connection, size_t *instance) {
	return find_public(cloud, outer_of_local(cloud, connection), instance);
}

const struct lowered_connection *azure_reverse_connection(
	const struct azure_cloud *cloud, uint32_t near, uint32_t far, size_t *instance) {
	for (size_t c = 0; c < cloud->model->connection_count; c++) {
		const struct lowered_connection *other = &cloud->connections[c];
		if (other->gateway1 == far && other->local_gateway != TOPO_NONE &&
			find_public(cloud, outer_of_local(cloud, other), instance) == near)
			return other;
	}
	return NULL;
}

// Two Azure gateways that take each other for customer equipment: one tunnel, two connections.
static void lower_pair(struct azure_cloud *cloud, const struct lowered_connection *connection,
	uint32_t far, size_t far_instance) {
	size_t near_instance = 0;
	const struct lowered_connection *other =
		azure_reverse_connection(cloud, connection->gateway1, far, &near_instance);

	if (other < connection)
		return; // made with the other direction
	struct end ends[2] = {
		instance_end(cloud, connection, &cloud->gateways[connection->gateway1], near_instance, ""),
		instance_end(cloud, other, &cloud->gateways[far], far_instance, "")};
	join(cloud, connection, "", ends);
	use_local_gateway(cloud, connection, &ends[0]);
	use_local_gateway(cloud, other, &ends[1]);
}

// Every instance has a tunnel of its own and carries traffic (AZ-VPN-22).
static void lower_site_to_site(
	struct azure_cloud *cloud, const struct lowered_connection *connection) {
	struct lowered_gateway *near = &cloud->gateways[connection->gateway1];
	size_t far_instance = 0;
	uint32_t far = find_public(cloud, outer_of_local(cloud, connection), &far_instance);
	size_t found = 0;

	if (far != TOPO_NONE) {
		lower_pair(cloud, connection, far, far_instance);
		return;
	}
	for (size_t i = 0; i < near->instance_count; i++) {
		char *suffix = i ? arena_printf(cloud->arena, "#%zu", i) : "";
		const struct topo_offer *offer = topo_offer_find(cloud->topo,
			arena_printf(cloud->arena, "connection:%s%s", connection->connection->name, suffix));
		if (!offer)
			continue;
		struct end ends[2] = {
			instance_end(cloud, connection, near, i, suffix), offered_end(cloud, offer)};
		join(cloud, connection, suffix, ends);
		use_local_gateway(cloud, connection, &ends[0]);
		found++;
	}
	if (found > 0)
		return;
	azure_lint(cloud, connection->connection->place, "open-connection",
		"connection %s ends nowhere: no site router has an interface with it",
		connection->connection->name);
	for (size_t i = 0; i < near->instance_count; i++) {
		struct end end = {.gateway = near,
			.instance = &near->instances[i],
			.node = near->instances[i].node,
			.port = add_tunnel_port(cloud, connection, &near->instances[i], "")};
		use_local_gateway(cloud, connection, &end);
	}
}

void azure_vpngw_lower(struct azure_cloud *cloud) {
	for (size_t c = 0; c < cloud->model->connection_count; c++) {
		const struct lowered_connection *connection = &cloud->connections[c];
		if (connection->gateway1 == TOPO_NONE || connection->circuit != TOPO_NONE)
			continue;
		if (connection->gateway2 != TOPO_NONE)
			lower_vnet_to_vnet(cloud, connection);
		else if (connection->local_gateway != TOPO_NONE)
			lower_site_to_site(cloud, connection);
	}
}
