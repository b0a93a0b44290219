// Models in a few calls, for the tests of this folder: each call adds a resource and returns it, to
// be changed before azure_test_lower().
#pragma once

#include "cloud/azure/lower_int.h"

#define AZURE_TEST_ROOM 8 // of each kind

struct azure_test {
	struct arena *arena;
	struct azure_model model;
	struct topo *topo;
	struct diagnostics *mistakes;
	struct cloud *cloud;
};

static inline struct prefix prefix_from(const char *text) {
	struct prefix prefix;

	assert_int_equal(prefix_parse(text, &prefix), 0);
	return prefix;
}

static inline struct ip ip_from(const char *text) {
	struct ip address;

	assert_int_equal(ip_parse(text, &address), 0);
	return address;
}

#define ROOM_FOR(t, type) ARENA_ARRAY((t)->arena, type, AZURE_TEST_ROOM)

static inline void azure_test_start(struct azure_test *t) {
	*t = (struct azure_test){.arena = arena_new()};
	t->model.vnets = ROOM_FOR(t, struct azure_vnet);
	t->model.machines = ROOM_FOR(t, struct azure_machine);
	t->model.endpoints = ROOM_FOR(t, struct azure_private_endpoint);
	t->model.route_tables = ROOM_FOR(t, struct azure_route_table);
	t->model.security_groups = ROOM_FOR(t, struct azure_security_group);
	t->model.circuits = ROOM_FOR(t, struct azure_circuit);
	t->model.local_gateways = ROOM_FOR(t, struct azure_local_gateway);
	t->model.connections = ROOM_FOR(t, struct azure_connection);
	t->topo = topo_new("test.yaml");
	t->mistakes = diagnostics_new();
}

static inline void azure_test_done(struct azure_test *t) {
	if (t->cloud)
		t->cloud->ops->free(t->cloud);
	topo_free(t->topo);
	diagnostics_free(t->mistakes);
	arena_free(t->arena);
}

static inline struct azure_vnet *add_vnet(
	struct azure_test *t, const char *name, const char *range) {
	struct azure_vnet *vnet = &t->model.vnets[t->model.vnet_count++];

	*vnet = (struct azure_vnet){.name = name};
	vnet->address_space = ROOM_FOR(t, struct prefix);
	vnet->address_space[vnet->address_space_count++] = prefix_from(range);
	vnet->subnets = ROOM_FOR(t, struct azure_subnet);
	vnet->peerings = ROOM_FOR(t, struct azure_peering);
	vnet->gateways = ROOM_FOR(t, struct azure_gateway);
	return vnet;
}

static inline struct azure_subnet *add_subnet(
	struct azure_test *t, struct azure_vnet *vnet, const char *name, const char *prefix) {
	struct azure_subnet *subnet = &vnet->subnets[vnet->subnet_count++];

	*subnet = (struct azure_subnet){.name = name};
	subnet->address_prefixes = ROOM_FOR(t, struct prefix);
	if (prefix)
		subnet->address_prefixes[subnet->address_prefix_count++] = prefix_from(prefix);
	return subnet;
}

static inline struct azure_peering *add_half(struct azure_vnet *from, struct azure_vnet *to) {
	struct azure_peering *half = &from->peerings[from->peering_count++];

	*half = (struct azure_peering){.remote = to->name, .delay_ns = -1};
	return half;
}

// A spoke that uses the hub's gateways.
static inline void add_transit(struct azure_vnet *hub, struct azure_vnet *spoke) {
	add_half(hub, spoke)->allow_gateway_transit = true;
	add_half(spoke, hub)->use_remote_gateways = true;
}

static inline struct azure_gateway *add_gateway(
	struct azure_vnet *vnet, const char *name, const char *type) {
	struct azure_gateway *gateway = &vnet->gateways[vnet->gateway_count++];

	*gateway = (struct azure_gateway){.name = name, .gateway_type = type};
	return gateway;
}

static inline struct azure_machine *add_machine(
	struct azure_test *t, const char *name, const char *subnet, const char *address) {
	struct azure_machine *machine = &t->model.machines[t->model.machine_count++];

	*machine = (struct azure_machine){.name = name, .nics = ROOM_FOR(t, struct azure_nic)};
	struct azure_nic *nic = &machine->nics[machine->nic_count++];
	*nic = (struct azure_nic){.name = "", .subnet = subnet, .addresses = ROOM_FOR(t, struct ip)};
	if (address)
		nic->addresses[nic->address_count++] = ip_from(address);
	return machine;
}

static inline struct azure_route_table *add_table(struct azure_test *t, const char *name) {
	struct azure_route_table *table = &t->model.route_tables[t->model.route_table_count++];

	*table = (struct azure_route_table){.name = name, .routes = ROOM_FOR(t, struct azure_route)};
	return table;
}

static inline struct azure_route *add_route(
	struct azure_route_table *table, const char *name, const char *prefix, const char *type) {
	struct azure_route *route = &table->routes[table->route_count++];

	*route = (struct azure_route){
		.name = name, .address_prefix = prefix_from(prefix), .next_hop_type = type};
	return route;
}

static inline struct azure_circuit *add_circuit(struct azure_test *t, const char *name) {
	struct azure_circuit *circuit = &t->model.circuits[t->model.circuit_count++];

	*circuit = (struct azure_circuit){.name = name};
	circuit->links[0] =
		(struct azure_circuit_link){.given = true, .peer_prefix = prefix_from("172.16.0.0/30")};
	circuit->links[1] =
		(struct azure_circuit_link){.given = true, .peer_prefix = prefix_from("172.16.0.4/30")};
	return circuit;
}

static inline struct azure_connection *add_connection(
	struct azure_test *t, const char *name, const char *type, const char *gateway) {
	struct azure_connection *connection = &t->model.connections[t->model.connection_count++];

	*connection = (struct azure_connection){
		.name = name, .connection_type = type, .gateway1 = gateway, .shared_key = "secret"};
	return connection;
}
