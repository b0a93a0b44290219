#include "format/native/tables.h"

static const char *const words_protocol[] = {"icmp", "udp", "tcp", NULL};
static const char *const words_survives[] = {
	"any single link", "any single node", "any single failure", NULL};

static const struct field hop_fields[] = {
	LIST("oneOf", TEXTS, struct file_hop, addresses, address_count,
		.doc = "Any of these addresses, or `*` for a hop that does not answer."),
	END,
};

static const struct object hop_object = {
	.name = "hop",
	.title = "a hop",
	.doc = "An expected hop: an address, `*`, or a list of alternatives.",
	.size = sizeof(struct file_hop),
	.fields = hop_fields,
	NO_NAME,
	NO_PLACE,
	NO_GIVEN,
	.shorthand = "oneOf",
};

static const struct field test_fields[] = {
	FIELD("description", TEXT, struct file_test, description, .doc = "Words for the reader."),
	FIELD("from", TEXT, struct file_test, from, .required = true, .doc = "A host, or an address."),
	FIELD("to", TEXT, struct file_test, to, .required = true, .doc = "A host, or an address."),
	LIST("reaches", BOOL, struct file_test, reaches, reaches_given, .fallback = "true",
		.doc = "Whether packets arrive and the answers come back."),
	LIST("via", TEXTS, struct file_test, via, via_count,
		.doc = "Nodes, gateways or circuits the path meets, in this order."),
	LIST("notVia", TEXTS, struct file_test, not_via, not_via_count,
		.doc = "Nodes, gateways or circuits it does not meet."),
	LIST("symmetric", BOOL, struct file_test, symmetric, symmetric_given,
		.doc = "Whether the way back meets the same nodes."),
	FIELD("rttBelow", DURATION, struct file_test, rtt_below_ns, .min = 1,
		.doc = "The round trip takes less than this."),
	FIELD("rttAbove", DURATION, struct file_test, rtt_above_ns, .min = 1,
		.doc = "The round trip takes more than this."),
	LIST("hops", LISTED, struct file_test, hops, hop_count, .object = &hop_object,
		.doc = "What a trace shows, the destination last: addresses, `\"*\"` for a hop that does "
			   "not answer, a list for alternatives."),
	FIELD("protocol", WORD, struct file_test, protocol, .words = words_protocol, .fallback = "icmp",
		.doc = "What is sent."),
	FIELD("port", NUMBER, struct file_test, port, .min = 1, .max = 65535,
		.doc = "Destination port of udp and tcp."),
	FIELD("sourcePort", NUMBER, struct file_test, source_port, .min = 1, .max = 65535,
		.doc = "Source port of udp and tcp."),
	LIST("down", TEXTS, struct file_test, down, down_count,
		.doc = "Links that fail first; the network converges before the question is asked."),
	LIST("downNode", TEXTS, struct file_test, down_nodes, down_node_count,
		.doc = "Nodes that fail first."),
	FIELD("survives", WORD, struct file_test, survives_text, .words = words_survives,
		.doc = "It holds after each single failure too."),
	FIELD("failoverBelow", DURATION, struct file_test, failover_below_ns, .min = 1,
		.doc = "With `down` or `survives`: packets get through again within this time."),
	END,
};

const struct object native_test_object = {
	.name = "test",
	.title = "a test",
	.doc = "A statement about the network, which `interplane test` proves or refutes.",
	.size = sizeof(struct file_test),
	.fields = test_fields,
	NO_NAME,
	.place_offset = offsetof(struct file_test, place),
	NO_GIVEN,
};

static const struct field root_fields[] = {
	FIELD(
		"description", TEXT, struct native_root, file.description, .doc = "Words for the reader."),
	LIST("virtualNetworks", NAMED, struct native_root, file.azure.vnets, file.azure.vnet_count,
		.object = &native_vnet_object, .doc = "Virtual networks by name."),
	LIST("virtualMachines", NAMED, struct native_root, file.azure.machines,
		file.azure.machine_count, .object = &native_machine_object,
		.doc = "Virtual machines by name."),
	LIST("privateEndpoints", NAMED, struct native_root, file.azure.endpoints,
		file.azure.endpoint_count, .object = &native_private_endpoint_object,
		.doc = "Private endpoints by name."),
	LIST("routeTables", NAMED, struct native_root, file.azure.route_tables,
		file.azure.route_table_count, .object = &native_route_table_object,
		.doc = "Route tables by name."),
	LIST("networkSecurityGroups", NAMED, struct native_root, file.azure.security_groups,
		file.azure.security_group_count, .object = &native_security_group_object,
		.doc = "Network security groups by name."),
	LIST("expressRouteCircuits", NAMED, struct native_root, file.azure.circuits,
		file.azure.circuit_count, .object = &native_circuit_object,
		.doc = "ExpressRoute circuits by name."),
	LIST("localNetworkGateways", NAMED, struct native_root, file.azure.local_gateways,
		file.azure.local_gateway_count, .object = &native_local_gateway_object,
		.doc = "Local network gateways by name."),
	LIST("connections", NAMED, struct native_root, file.azure.connections,
		file.azure.connection_count, .object = &native_connection_object,
		.doc = "Connections by name."),
	LIST("sites", NAMED, struct native_root, file.sites, file.site_count,
		.object = &native_site_object, .doc = "On-premises sites by name."),
	FIELD("parameters", OBJECT, struct native_root, file.azure.switches,
		.object = &native_parameters_object, .doc = "Switches and delays of the platform."),
	FIELD("seed", SEED, struct native_root, file.seed, .min = 1, .fallback = "1",
		.doc = "What everything random is drawn from."),
	LIST("tests", LISTED, struct native_root, file.tests, file.test_count,
		.object = &native_test_object, .doc = "What has to hold."),
	LATER("routeServers", ""),
	LATER("loadBalancers", ""),
	LATER("azureFirewalls", "a virtual machine with enableIPForwarding can stand for one"),
	LATER("virtualWans", ""),
	LATER("virtualHubs", ""),
	LATER("natGateways", ""),
	LATER("globalReach", ""),
	END,
};

const struct object native_root_object = {
	.name = "network",
	.title = "the file",
	.doc = "A network: what is in Azure, what is on premises, and what has to hold.",
	.size = sizeof(struct native_root),
	.fields = root_fields,
	NO_NAME,
	NO_PLACE,
	NO_GIVEN,
};
