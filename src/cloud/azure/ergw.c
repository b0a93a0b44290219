// ExpressRoute gateways: a connection joins both instances to both MSEEs of a circuit.
//
// What comes in from a circuit crosses an instance, which lowers the TTL and never answers
// (AZ-TR-3); what goes out leaves the GatewaySubnet straight for the MSEE (AZ-TR-2), so the way in
// is a hop longer (AZ-TR-10). From VNet to VNet both happen, around one circuit (AZ-TR-4) or two
// (AZ-TR-5). A connection is two links that share their fate, and the gateway forwards nothing it
// learned.
#include "cloud/azure/gateway_int.h"

#include <stdlib.h>
#include <string.h>

#define GATEWAY_MSEE_HOLD_S 60
#define CONNECTION_DELAY_NS MS_NS
#define PREFIXES_TO_CIRCUIT 1000 // AZ-ER-7: beyond, the connection goes down
#define PREFIXES6_TO_CIRCUIT 100
#define PREFIXES_TO_GATEWAY 11000 // AZ-ER-7: of a gateway over all circuits

struct joint { // a connection's half: one MSEE
	const struct lowered_connection *connection;
	struct lowered_gateway *gateway;
	size_t which;
	uint32_t msee, msee_port, origin, link;
	struct ip endpoints[2]; // IPv4 and IPv6, or whichever there is
	size_t endpoint_count;
};

static void set_quality(struct topo_link *link, const struct azure_connection *given) {
	link->delay_ns = given->delay_ns ? given->delay_ns : CONNECTION_DELAY_NS;
	link->jitter_ns = given->jitter_ns;
	link->loss_millionths = given->loss_millionths;
	link->rate_bits_per_s = given->rate_bits_per_s;
}

static void own(
	struct azure_cloud *cloud, struct topo_end *end, const struct ip *addresses, size_t count) {
	struct prefix hosts[2];

	for (size_t i = 0; i < count; i++)
		hosts[i] = prefix_host(addresses[i]);
	end->owns = topo_copy(cloud->topo, hosts, count * sizeof(hosts[0]));
	end->own_count = count;
}

static struct ip of_family(const struct lowered_instance *instance, struct ip like) {
	return ip_is_v4(like) == ip_is_v4(instance->address) ? instance->address : instance->address6;
}

// The link of the sessions and of what comes in: the MSEE and both instances.
static void lower_inbound(struct azure_cloud *cloud, struct joint *joint, uint32_t ports[]) {
	struct topo *topo = cloud->topo;
	const char *msee = topo->nodes[joint->msee].name;
	char *name = arena_printf(cloud->arena, "%s--%s", joint->gateway->gateway->name, msee);

	joint->link = topo_link_add(topo, name, joint->origin);
	joint->msee_port =
		topo_port_add(topo, joint->msee, joint->gateway->gateway->name, joint->origin);
	own(cloud, topo_end_add(topo, joint->link, joint->msee_port), joint->endpoints,
		joint->endpoint_count);
	for (size_t i = 0; i < joint->gateway->instance_count; i++) {
		struct lowered_instance *instance = &joint->gateway->instances[i];
		ports[i] = topo_port_add(topo, instance->node, msee, joint->origin);
		topo->ports[ports[i]].tcp_mtu_bytes = azure_er_mtu(joint->gateway->gateway);
		struct ip addresses[2];
		for (size_t e = 0; e < joint->endpoint_count; e++) {
			struct ip endpoint = joint->endpoints[e];
			addresses[e] = of_family(instance, endpoint);
			azure_route_via(cloud, prefix_host(endpoint), ports[i], endpoint, joint->origin);
			azure_route_via(
				cloud, prefix_host(addresses[e]), joint->msee_port, addresses[e], joint->origin);
		}
		own(cloud, topo_end_add(topo, joint->link, ports[i]), addresses, joint->endpoint_count);
	}
	struct topo_link *link = &topo->links[joint->link];
	set_quality(link, joint->connection->connection);
	link->can_fail = true;
	link->is_down = joint->connection->connection->connection_down[joint->which];
}

// What goes out. The MSEE's port has the tunnel endpoint's address (AZ-SRC-3).
static void lower_outbound(struct azure_cloud *cloud, struct joint *joint) {
	struct topo *topo = cloud->topo;
	uint32_t subnet = cloud->vnets[joint->gateway->vnet].gateway_subnet;
	const char *vnet = cloud->vnets[joint->gateway->vnet].vnet->name;
	uint32_t port = topo_port_add(topo, joint->msee, vnet, joint->origin);

	azure_port_host(cloud, port, joint->endpoints, joint->endpoint_count);
	struct azure_attachment what = {
		topo->nodes[joint->msee].name, joint->origin, joint->endpoints, joint->endpoint_count};
	uint32_t near = azure_subnet_attach(cloud, subnet, &what);
	// What a machine offers in its SYN is what comes back through the gateway (AZ-ER-8).
	topo->ports[near].tcp_mtu_bytes = azure_er_mtu(joint->gateway->gateway);
	char *name =
		arena_printf(cloud->arena, "%s/GatewaySubnet--%s", vnet, topo->nodes[joint->msee].name);
	uint32_t number = topo_link_add(topo, name, joint->origin);
	topo_end_add(topo, number, near)->rides_on = joint->link;
	topo_end_add(topo, number, port)->rides_on = joint->link;
	set_quality(&topo->links[number], joint->connection->connection);
	topo->links[number].is_down = topo->links[joint->link].is_down;
}

static void set_gateway_policies(
	struct azure_cloud *cloud, const struct joint *joint, struct topo_neighbor *neighbor) {
	const struct azure_vnet *vnet = cloud->vnets[joint->gateway->vnet].vnet;
	struct azure_prefixes others = azure_spoke_ranges(cloud, joint->gateway->vnet);
	struct azure_terms import = {0};
	struct azure_terms export = {0};
	struct policy_term *term = azure_term_add(&import, POLICY_REJECT, "AZ-GW-6b");

	term->prefixes =
		azure_policy_prefixes(cloud, vnet->address_space, vnet->address_space_count, true);
	term->prefix_count = vnet->address_space_count;
	for (size_t i = 0; i < vnet->summarized_gateway_prefix_count; i++)
		ARRAY_PUSH(&others, vnet->summarized_gateway_prefixes[i]);
	if (others.count > 0) { // what it announces itself, which comes back by others (AZ-ER-39)
		term = azure_term_add(&import, POLICY_REJECT, "AZ-GW-6b");
		term->prefixes = azure_policy_prefixes(cloud, others.items, others.count, false);
		term->prefix_count = others.count;
	}
	if (!joint->gateway->gateway->allow_remote_vnet_traffic) {
		term = azure_term_add(&import, POLICY_REJECT, "AZ-ER-41");
		term->as_path_regex = "^12076_12076"; // AZ-ER-32, AZ-ER-40: another VNet of this circuit
	}
	term = azure_term_add(&import, POLICY_ACCEPT, "AZ-ER-33");
	// AZ-ER-35, AZ-GW-6b: a gateway is no transit from circuit to circuit or to the VPN.
	term->set_flags = POLICY_SET_TAG | POLICY_SET_NO_FORWARDING;
	term->tag = TAG_CIRCUIT;
	azure_term_tag(&export, TAG_RANGE, "AZ-ER-34");
	azure_terms_import(cloud, neighbor, &import, false);
	azure_terms_export(cloud, neighbor, &export, true);
	free(others.items);
}

static void set_timers(const struct azure_cloud *cloud, struct topo_neighbor *neighbor) {
	uint32_t given = cloud->model->switches.gateway_msee_hold_s;

	neighbor->hold_s = (uint16_t)(given ? given : GATEWAY_MSEE_HOLD_S);
	neighbor->keepalive_s = (uint16_t)(neighbor->hold_s / 3);
}

// Independent of the customer edge's session (AZ-ER-38).
static void add_session(struct azure_cloud *cloud, const struct joint *joint, struct ip endpoint,
	const struct lowered_instance *instance, uint32_t port) {
	uint32_t weight = joint->connection->connection->routing_weight;
	struct ip address = of_family(instance, endpoint);
	struct azure_session inside = {
		instance->node, address, endpoint, AZURE_MSEE_ASN, joint->origin};
	struct azure_session outside = {joint->msee, endpoint, address, AZURE_ASN, joint->origin};
	struct topo_neighbor *neighbor = azure_neighbor_add(cloud, &inside);

	neighbor->port = port;
	neighbor->weight = WEIGHT_CIRCUIT + weight; // AZ-GW-5, AZ-ER-20
	neighbor->max_prefixes = PREFIXES_TO_GATEWAY;
	set_timers(cloud, neighbor);
	set_gateway_policies(cloud, joint, neighbor);
	neighbor = azure_neighbor_add(cloud, &outside);
	neighbor->port = joint->msee_port;
	neighbor->as_override = true; // AZ-X-2, in place of AZ-ER-36
	neighbor->max_prefixes = ip_is_v4(endpoint) ? PREFIXES_TO_CIRCUIT : PREFIXES6_TO_CIRCUIT;
	set_timers(cloud, neighbor);
}

static void lower_joint(
	struct azure_cloud *cloud, const struct lowered_connection *connection, size_t which) {
	uint32_t ports[AZURE_INSTANCES];
	struct joint joint = {
		.connection = connection,
		.gateway = &cloud->gateways[connection->gateway1],
		.which = which,
		.msee = cloud->circuits[connection->circuit].msee[which],
		.endpoints = {connection->endpoints[which], connection->endpoints6[which]},
		.endpoint_count = ip_is_none(connection->endpoints6[which]) ? 1 : 2,
	};

	joint.origin = topo_origin_add(cloud->topo, connection->connection->place, "AZ-GW-2",
		"connection %s to %s", connection->connection->name, cloud->topo->nodes[joint.msee].name);
	lower_inbound(cloud, &joint, ports);
	lower_outbound(cloud, &joint);
	for (size_t i = 0; i < joint.gateway->instance_count; i++) {
		for (size_t e = 0; e < joint.endpoint_count; e++) // a session for each family
			add_session(cloud, &joint, joint.endpoints[e], &joint.gateway->instances[i], ports[i]);
	}
}

void azure_ergw_lower(struct azure_cloud *cloud) {
	for (size_t c = 0; c < cloud->model->connection_count; c++) {
		const struct lowered_connection *connection = &cloud->connections[c];
		if (connection->circuit == TOPO_NONE || connection->gateway1 == TOPO_NONE)
			continue;
		for (size_t i = 0; i < AZURE_LINKS; i++) // both alike (AZ-ER-21)
			lower_joint(cloud, connection, i);
	}
}
