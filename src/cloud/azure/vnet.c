// A virtual network: one segment whose ends are its subnets, and a fabric node for each subnet that
// forwards without being a hop and reports no failure (AZ-TR-1, AZ-TR-11, AZ-TR-12).
//
// A subnet has two tables. What comes in from a segment is delivered by its link next hop, so user
// routes never touch arriving traffic; what comes in from a NIC or gateway meets the effective
// routes.
#include "cloud/azure/lower_int.h"

#include <string.h>

#include "base/assert.h"

#define MACHINE_DELAY_NS (25 * US_NS) // from a NIC or gateway instance to its subnet

static void lower_segment(struct azure_cloud *cloud, uint32_t v) {
	struct lowered_vnet *vnet = &cloud->vnets[v];
	struct topo *topo = cloud->topo;

	vnet->segment = topo_link_add(topo, vnet->vnet->name, vnet->origin);
	for (size_t i = 0; i < vnet->vnet->address_space_count; i++) {
		char text[PREFIX_TEXT_BYTES];
		vnet->range_origins[i] = topo_origin_add(topo, vnet->vnet->place, "AZ-NIC-6",
			"address range %s of virtualNetwork %s",
			prefix_format(vnet->vnet->address_space[i], text), vnet->vnet->name);
	}
	if (vnet->er != TOPO_NONE || vnet->vpn != TOPO_NONE)
		vnet->group = topo->group_count++;
}

static uint32_t add_segment_port(
	struct azure_cloud *cloud, struct lowered_subnet *subnet, uint32_t to, uint32_t origin) {
	struct topo *topo = cloud->topo;
	const struct lowered_vnet *vnet = &cloud->vnets[to];
	uint32_t port = topo_port_add(topo, subnet->node, vnet->vnet->name, origin);

	topo->ports[port].table = subnet->delivery;
	topo->ports[port].by_next_hop = true;
	topo_end_add(topo, vnet->segment, port);
	return port;
}

static void add_own_port(struct azure_cloud *cloud, struct lowered_subnet *subnet) {
	uint32_t segment = cloud->vnets[subnet->vnet].segment;

	subnet->own_port = add_segment_port(cloud, subnet, subnet->vnet, subnet->origin);
	struct topo_link *link = &cloud->topo->links[segment];
	subnet->own_end = (uint32_t)(link->end_count - 1);
}

static void add_peer_port(struct azure_cloud *cloud, struct lowered_subnet *subnet, size_t p) {
	const struct azure_peer *peer = &cloud->vnets[subnet->vnet].peers[p];
	uint32_t number = add_segment_port(cloud, subnet, peer->vnet, peer->origin);
	struct topo_link *link = &cloud->topo->links[cloud->vnets[peer->vnet].segment];
	struct topo_port *port = &cloud->topo->ports[number];

	link->ends[link->end_count - 1].delay_ns = peer->delay_ns;
	subnet->peer_ports[p] = number;
	const struct topo_filter *filter =
		subnet->is_gateway_subnet ? &peer->transit_filter : &peer->filter;
	port->filters_out = filter;
	port->filter_out_count = filter->rule_count > 0;
}

// Slot 0 has to lead towards the gateways, for layers that many subnets share name ports by slot.
static void lower_subnet(struct azure_cloud *cloud, uint32_t number) {
	struct lowered_subnet *subnet = &cloud->subnets[number];
	const struct lowered_vnet *vnet = &cloud->vnets[subnet->vnet];
	struct topo *topo = cloud->topo;
	char *name = arena_printf(cloud->arena, "%s/%s", vnet->vnet->name, subnet->subnet->name);

	subnet->node = topo_node_add(topo, name, TOPO_FABRIC, subnet->origin);
	assert(subnet->node != TOPO_NONE); // no other node has a slash in its name
	topo->nodes[subnet->node].kind_name = "subnet";
	topo->nodes[subnet->node].forwards = true;
	subnet->delivery =
		topo_table_add(topo, subnet->node, arena_printf(cloud->arena, "%s delivery", name));
	subnet->effective = topo_table_add(topo, subnet->node, name);
	subnet->peer_ports = ARENA_ARRAY(cloud->arena, uint32_t, vnet->peer_count);
	if (vnet->gateway_peer != TOPO_NONE)
		add_peer_port(cloud, subnet, vnet->gateway_peer);
	add_own_port(cloud, subnet);
	for (uint32_t p = 0; p < vnet->peer_count; p++) {
		if (p != vnet->gateway_peer)
			add_peer_port(cloud, subnet, p);
	}
	subnet->gateway_port = topo->nodes[subnet->node].ports[0];
}

void azure_vnet_lower(struct azure_cloud *cloud) {
	for (uint32_t v = 0; v < cloud->model->vnet_count; v++)
		lower_segment(cloud, v);
	for (uint32_t s = 0; s < cloud->subnet_count; s++)
		lower_subnet(cloud, s);
}

uint32_t azure_link(struct azure_cloud *cloud, uint32_t port_a, uint32_t port_b, uint32_t origin) {
	uint32_t link = topo_link_add(cloud->topo, NULL, origin);

	topo_end_add(cloud->topo, link, port_a);
	topo_end_add(cloud->topo, link, port_b);
	cloud->topo->links[link].delay_ns = MACHINE_DELAY_NS;
	return link;
}

uint32_t azure_subnet_attach(
	struct azure_cloud *cloud, uint32_t number, const struct azure_attachment *what) {
	struct lowered_subnet *subnet = &cloud->subnets[number];
	uint32_t port = topo_port_add(cloud->topo, subnet->node, what->name, what->origin);

	cloud->topo->ports[port].table = subnet->effective;
	for (size_t i = 0; i < what->count; i++) {
		struct azure_bound bound = {what->addresses[i], port};
		ARRAY_PUSH(subnet, bound);
	}
	return port;
}

static void lower_delivery(struct azure_cloud *cloud, const struct lowered_subnet *subnet) {
	struct topo_table_route nobody = {
		.prefix = prefix_default_v4(), .drop = DROP_NO_HOST + 1, .origin = subnet->origin};

	topo_table_route_add(cloud->topo, subnet->delivery, &nobody);
	nobody.prefix = prefix_default_v6();
	topo_table_route_add(cloud->topo, subnet->delivery, &nobody);
	for (size_t i = 0; i < subnet->count; i++) {
		const struct azure_bound *bound = &subnet->items[i];
		struct route_hop hop = {.port = bound->port};
		struct topo_table_route route = {
			.prefix = prefix_host(bound->address),
			.hops = &hop,
			.hop_count = 1,
			.origin = cloud->topo->ports[bound->port].origin,
		};
		topo_table_route_add(cloud->topo, subnet->delivery, &route);
	}
}

// A subnet without a prefix owns just the addresses that are in it.
static void set_owned(struct azure_cloud *cloud, const struct lowered_subnet *subnet) {
	struct topo *topo = cloud->topo;
	size_t given = subnet->subnet->address_prefix_count;
	size_t count = given ? given : subnet->count;
	struct prefix *owned = ARENA_ARRAY(topo->arena, struct prefix, count);

	for (size_t i = 0; i < count; i++)
		owned[i] =
			given ? subnet->subnet->address_prefixes[i] : prefix_host(subnet->items[i].address);
	struct topo_end *end = &topo->links[cloud->vnets[subnet->vnet].segment].ends[subnet->own_end];
	end->owns = owned;
	end->own_count = count;
}

void azure_vnet_lower_tables(struct azure_cloud *cloud) {
	for (uint32_t s = 0; s < cloud->subnet_count; s++) {
		set_owned(cloud, &cloud->subnets[s]);
		lower_delivery(cloud, &cloud->subnets[s]);
		azure_udr_lower(cloud, s);
	}
}
