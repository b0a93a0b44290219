// What stands in several parts of the file and has to agree: names of nodes, circuits and the
// customer edges of sites, connections that come back.
#include "cloud/azure/lower_int.h"

static void check_node_name(
	struct azure_cloud *cloud, struct names *taken, const char *name, struct place place) {
	uint32_t node = topo_find_node(cloud->topo, name);

	if (node != TOPO_NONE) {
		const struct topo_origin *first = topo_origin(cloud->topo, cloud->topo->nodes[node].origin);
		azure_mistake(cloud, place,
			"the name \"%s\" is taken by the %s of line %d; names are unique in the whole file",
			name, first->text, first->place.line);
	} else if (names_find(taken, name) != NAME_NONE) {
		azure_mistake(
			cloud, place, "the name \"%s\" is taken; names are unique in the whole file", name);
	}
	names_add(taken, name);
}

// Of sites, machines, private endpoints, instances of gateways and MSEEs, in the order in which
// nodes are made.
static void check_node_names(struct azure_cloud *cloud) {
	const struct azure_model *model = cloud->model;
	struct names *taken = names_new();

	for (size_t m = 0; m < model->machine_count; m++)
		check_node_name(cloud, taken, model->machines[m].name, model->machines[m].place);
	for (size_t e = 0; e < model->endpoint_count; e++)
		check_node_name(cloud, taken, model->endpoints[e].name, model->endpoints[e].place);
	for (size_t g = 0; g < cloud->gateway_count; g++) {
		const struct lowered_gateway *gateway = &cloud->gateways[g];
		for (size_t i = 0; i < gateway->instance_count; i++) {
			if (gateway->instances[i].name)
				check_node_name(cloud, taken, gateway->instances[i].name, gateway->gateway->place);
		}
	}
	for (size_t c = 0; c < model->circuit_count; c++) {
		for (size_t i = 0; i < AZURE_LINKS; i++)
			check_node_name(cloud, taken,
				arena_printf(cloud->arena, "%s-%s", model->circuits[c].name, azure_link_words[i]),
				model->circuits[c].place);
	}
	names_free(taken);
}

// The customer edge that has an interface at one of the circuit's links.
static void check_edge(struct azure_cloud *cloud, const struct azure_circuit *circuit, size_t i) {
	const struct azure_circuit_link *link = &circuit->links[i];
	const struct topo_offer *offer = topo_offer_find(cloud->topo,
		arena_printf(cloud->arena, "circuit:%s/%s", circuit->name, azure_link_words[i]));

	if (!offer)
		return;
	const struct topo_node *node = &cloud->topo->nodes[cloud->topo->ports[offer->port].node];
	uint32_t asn = node->bgp ? node->bgp->asn : 0;
	if (!link->given && !azure_is_doubtful(cloud, &link->peer_prefix) &&
		!azure_is_doubtful(cloud, &link->peer_prefix6))
		azure_mistake(cloud, topo_origin(cloud->topo, offer->origin)->place,
			"circuit %s has no %s link: give its %sPeerAddressPrefix", circuit->name,
			azure_link_words[i], azure_link_words[i]);
	if (circuit->peer_asn && asn && circuit->peer_asn != asn)
		azure_mistake(cloud, azure_place(cloud, &circuit->peer_asn, circuit->place),
			"peerASN of %s is %u, but its customer edge %s has AS %u: the session can't come up",
			circuit->name, circuit->peer_asn, node->name, asn);
}

// Two Azure gateways that take each other for customer equipment need a connection each.
static void check_return(struct azure_cloud *cloud, const struct lowered_connection *connection) {
	size_t instance = 0;

	if (connection->gateway1 == TOPO_NONE || connection->circuit != TOPO_NONE ||
		connection->gateway2 != TOPO_NONE || connection->local_gateway == TOPO_NONE)
		return;
	uint32_t far = azure_far_gateway(cloud, connection, &instance);
	if (far == TOPO_NONE || azure_reverse_connection(cloud, connection->gateway1, far, &instance) ||
		azure_is_doubtful(cloud, &cloud->model->connections))
		return;
	for (size_t c = 0; c < cloud->model->connection_count; c++) {
		const struct azure_connection *other = &cloud->model->connections[c];
		if (azure_is_doubtful(cloud, &other->gateway1) ||
			azure_is_doubtful(cloud, &other->local_gateway))
			return; // this may be the one
	}
	for (size_t l = 0; l < cloud->model->local_gateway_count; l++) {
		if (azure_is_doubtful(cloud, &cloud->model->local_gateways[l].gateway_address))
			return;
	}
	azure_mistake(cloud,
		azure_place(cloud, &connection->connection->local_gateway, connection->connection->place),
		"connection %s leads to gateway %s, which has no connection back",
		connection->connection->name, cloud->gateways[far].gateway->name);
}

void azure_check_joint(struct azure_cloud *cloud) {
	check_node_names(cloud);
	for (size_t c = 0; c < cloud->model->circuit_count; c++) {
		for (size_t i = 0; i < AZURE_LINKS; i++)
			check_edge(cloud, &cloud->model->circuits[c], i);
	}
	for (size_t c = 0; c < cloud->model->connection_count; c++)
		check_return(cloud, &cloud->connections[c]);
}
