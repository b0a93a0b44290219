// Azure's figures, as warnings: they change over the years and a subscription can have others. And
// designs that load and work, but not the way people think.
#include "cloud/azure/lower_int.h"

static const struct {
	const char *what, *reference;
	size_t most;
} figures[] = {
#define PEERINGS 0
	{"peerings of a virtual network", "AZ-PEER-11", 500},
#define ROUTES 1
	{"routes of a route table", "AZ-NIC-11", 400},
#define RULES 2
	{"rules of a network security group", "AZ-NSG-5", 1000},
#define TUNNELS 3
	{"site-to-site connections of a VPN gateway", "about-gateway-skus", 100},
#define CIRCUITS 4
	{"circuits of a virtual network", "AZ-ER-7", 16},
#define VNETS 5
	{"virtual networks of a circuit", "AZ-ER-7", 100},
#define RANGES 6
	{"prefixes a connection announces to a circuit", "AZ-ER-7", 1000},
#define RANGES6 7
	{"IPv6 prefixes a connection announces to a circuit", "AZ-ER-7", 100},
};

#define ROUTING_WEIGHT_MAX 32000 // 5.2

static void check(
	struct azure_cloud *cloud, struct place place, const char *name, size_t count, size_t figure) {
	if (count > figures[figure].most)
		azure_lint(cloud, place, "limit", "%s: %zu %s; Azure allows %zu (%s)", name, count,
			figures[figure].what, figures[figure].most, figures[figure].reference);
}

static size_t count_ranges(const struct azure_vnet *vnet, bool v4) {
	size_t count = 0;

	for (size_t i = 0; i < vnet->address_space_count; i++)
		count += prefix_is_v4(vnet->address_space[i]) == v4;
	return count;
}

static void check_gateway(struct azure_cloud *cloud, uint32_t number) {
	const struct lowered_gateway *gateway = &cloud->gateways[number];
	size_t count = 0;

	for (size_t c = 0; c < cloud->model->connection_count; c++)
		count +=
			cloud->connections[c].gateway1 == number || cloud->connections[c].gateway2 == number;
	check(cloud, gateway->gateway->place, gateway->gateway->name, count,
		gateway->is_er ? CIRCUITS : TUNNELS);
	if (!gateway->is_er)
		return;
	const struct lowered_vnet *vnet = &cloud->vnets[gateway->vnet];
	size_t ranges = count_ranges(vnet->vnet, true);
	size_t ranges6 = count_ranges(vnet->vnet, false);
	for (size_t p = 0; p < vnet->peer_count; p++) {
		const struct lowered_vnet *spoke = &cloud->vnets[vnet->peers[p].vnet];
		if (spoke->gateway_vnet != gateway->vnet)
			continue;
		ranges += count_ranges(spoke->vnet, true);
		ranges6 += count_ranges(spoke->vnet, false);
	}
	if (vnet->vnet->summarized_gateway_prefix_count > 0)
		return;
	check(cloud, gateway->gateway->place, gateway->gateway->name, ranges, RANGES);
	check(cloud, gateway->gateway->place, gateway->gateway->name, ranges6, RANGES6);
}

// AZ-ER-41: gateways that meet at one circuit don't take each other's ranges unless told to.
static void check_circuit(struct azure_cloud *cloud, uint32_t number) {
	const struct azure_circuit *circuit = cloud->circuits[number].circuit;
	size_t count = 0;

	for (size_t c = 0; c < cloud->model->connection_count; c++)
		count += cloud->connections[c].circuit == number;
	check(cloud, circuit->place, circuit->name, count, VNETS);
	if (count < 2)
		return;
	for (size_t c = 0; c < cloud->model->connection_count; c++) {
		const struct lowered_connection *connection = &cloud->connections[c];
		if (connection->circuit != number || connection->gateway1 == TOPO_NONE)
			continue;
		const struct azure_gateway *gateway = cloud->gateways[connection->gateway1].gateway;
		if (!gateway->allow_remote_vnet_traffic)
			azure_lint(cloud, gateway->place, "remote-vnet-traffic",
				"%s shares circuit %s with another gateway, but allowRemoteVnetTraffic is false: "
				"it takes no routes to the other's virtual network (AZ-ER-41)",
				gateway->name, circuit->name);
	}
}

static void check_connection(struct azure_cloud *cloud, const struct lowered_connection *lowered) {
	const struct azure_connection *connection = lowered->connection;

	if (connection->routing_weight > ROUTING_WEIGHT_MAX)
		azure_mistake(cloud, azure_place(cloud, &connection->routing_weight, connection->place),
			"connection %s: routingWeight %u is not in 0 to %d", connection->name,
			connection->routing_weight, ROUTING_WEIGHT_MAX);
	if (connection->routing_weight && lowered->circuit == TOPO_NONE)
		azure_lint(cloud, connection->place, "weight-without-effect",
			"connection %s: routingWeight counts between ExpressRoute connections only",
			connection->name);
}

// What each customer edge's sessions say, by node: gathered once over all neighbours.
struct edge {
	const struct topo_neighbor *circuit, *private_path; // to an MSEE; to a VPN gateway or inside
	bool prefers_circuit;
};

static bool is_msee_link(const struct azure_cloud *cloud, struct ip remote) {
	for (size_t c = 0; c < cloud->model->circuit_count; c++) {
		for (size_t i = 0; i < AZURE_LINKS; i++) {
			const struct azure_circuit_link *link = &cloud->model->circuits[c].links[i];
			if (link->given && prefix_contains(link->peer_prefix, remote))
				return true;
		}
	}
	return false;
}

static bool is_vpn_gateway(const struct azure_cloud *cloud, struct ip remote) {
	for (size_t g = 0; g < cloud->gateway_count; g++) {
		const struct lowered_gateway *gateway = &cloud->gateways[g];
		for (size_t i = 0; !gateway->is_er && i < gateway->instance_count; i++) {
			if (ip_equal(gateway->instances[i].bgp_address, remote))
				return true;
		}
	}
	return false;
}

static bool sets_preference(const struct topo_neighbor *neighbor) {
	for (size_t i = 0; i < neighbor->import_count; i++) {
		if (neighbor->import[i].set_flags & (POLICY_SET_LOCAL_PREFERENCE | POLICY_SET_WEIGHT))
			return true;
	}
	return neighbor->weight > 0;
}

static bool filters_out(const struct topo_neighbor *neighbor) {
	return neighbor->export_count > 0 || neighbor->export_default_deny;
}

static void gather(struct azure_cloud *cloud, struct edge *edges) {
	for (size_t i = 0; i < cloud->topo->neighbor_count; i++) {
		const struct topo_neighbor *neighbor = &cloud->topo->neighbors[i];
		struct edge *edge = &edges[neighbor->node];
		if (is_msee_link(cloud, neighbor->remote)) {
			edge->circuit = neighbor;
			edge->prefers_circuit = edge->prefers_circuit || sets_preference(neighbor);
		} else if (is_vpn_gateway(cloud, neighbor->remote)) {
			edge->private_path = neighbor;
		}
	}
}

// A customer edge with both kinds of path. MSEEs strip private AS numbers (AZ-ER-30), so what such
// an edge passes on from one to the other looks fresh and as good as the real thing; and its own
// choice between `12076` and `65515` is a tie of length 1 (AZ-GW-10).
static void check_edges(struct azure_cloud *cloud) {
	size_t count = cloud->topo->node_count;
	struct edge *edges = ARENA_ARRAY(cloud->arena, struct edge, count + 1);

	gather(cloud, edges);
	for (size_t n = 0; n < count; n++) {
		const struct edge *edge = &edges[n];
		const struct topo_node *node = &cloud->topo->nodes[n];
		if (!edge->circuit || !edge->private_path)
			continue;
		struct place place = topo_origin(cloud->topo, edge->circuit->origin)->place;
		const struct topo_neighbor *sessions[] = {edge->circuit, edge->private_path};
		const char *ways[] = {
			"the VPN's routes to ExpressRoute", "ExpressRoute's routes to the VPN"};
		for (size_t i = 0; i < 2; i++) {
			if (!filters_out(sessions[i]))
				azure_lint(cloud, topo_origin(cloud->topo, sessions[i]->origin)->place,
					"private-path-leak",
					"%s passes %s: give the session an outgoing prefix list or route map",
					node->name, ways[i]);
		}
		if (!edge->prefers_circuit)
			azure_lint(cloud, place, "no-preference",
				"%s does not prefer ExpressRoute over the VPN, as Azure does: traffic may come "
				"back another way than it went (AZ-GW-10)",
				node->name);
	}
}

void azure_limits_check(struct azure_cloud *cloud) {
	const struct azure_model *model = cloud->model;

	for (size_t v = 0; v < model->vnet_count; v++)
		check(cloud, model->vnets[v].place, model->vnets[v].name, model->vnets[v].peering_count,
			PEERINGS);
	for (size_t t = 0; t < model->route_table_count; t++)
		check(cloud, model->route_tables[t].place, model->route_tables[t].name,
			model->route_tables[t].route_count, ROUTES);
	for (size_t g = 0; g < model->security_group_count; g++)
		check(cloud, model->security_groups[g].place, model->security_groups[g].name,
			model->security_groups[g].rule_count, RULES);
	for (uint32_t g = 0; g < cloud->gateway_count; g++)
		check_gateway(cloud, g);
	for (uint32_t c = 0; c < model->circuit_count; c++)
		check_circuit(cloud, c);
	for (size_t c = 0; c < model->connection_count; c++)
		check_connection(cloud, &cloud->connections[c]);
	check_edges(cloud);
}
