#include "world/world_test_support.h"

#include "base/assert.h"
#include "base/names.h"

#define CONVERGE_LIMIT_NS (600 * SECOND_NS)

void lab_begin(struct lab *lab) {
	*lab = (struct lab){0};
	clock_init_virtual(&lab->clock);
	lab->topo = topo_new("test");
}

void lab_start(struct lab *lab, uint64_t seed) {
	topo_finish(lab->topo);
	lab->loop = loop_new(&lab->clock, seed);
	lab->world = world_new(lab->topo, lab->loop);
	world_start(lab->world);
	bool converged = world_converge(lab->world, CONVERGE_LIMIT_NS);
	assert(converged);
}

void lab_end(struct lab *lab) {
	world_free(lab->world);
	loop_free(lab->loop);
	topo_free(lab->topo);
}

uint32_t lab_router(struct lab *lab, const char *name, const char *igp_site) {
	uint32_t number = topo_node_add(lab->topo, name, TOPO_ROUTER, 0);
	struct topo_node *node = &lab->topo->nodes[number];
	node->forwards = true;
	node->decrements_ttl = true;
	node->sends_time_exceeded = true;
	node->sends_unreachable = true;
	node->sends_too_big = true;
	node->answers_ping = true;
	node->igp_site = igp_site;
	return number;
}

uint32_t lab_port(struct lab *lab, uint32_t node, const char *address, uint32_t igp_cost) {
	uint32_t port = topo_port_add(lab->topo, node, address, 0);
	struct topo_address parsed;
	int error = prefix_parse_interface(address, &parsed.address, &parsed.network);
	assert(error == 0);
	topo_port_set_addresses(lab->topo, port, &parsed, 1);
	lab->topo->ports[port].igp_cost = igp_cost;
	return port;
}

uint32_t lab_host(struct lab *lab, const char *name, const char *address, const char *gateway) {
	uint32_t number = topo_node_add(lab->topo, name, TOPO_HOST, 0);
	uint32_t port = lab_port(lab, number, address, 0);
	struct topo_node *node = &lab->topo->nodes[number];
	node->answers_ping = true;
	node->address = lab->topo->ports[port].addresses[0].address;
	struct route_hop hop = {.port = port};
	int error = ip_parse(gateway, &hop.via);
	assert(error == 0);
	struct topo_route route = {
		.prefix = ip_is_v4(hop.via) ? prefix_default_v4() : prefix_default_v6(),
		.hops = &hop,
		.hop_count = 1,
		.distance = 1,
	};
	topo_route_add(lab->topo, number, &route);
	return port;
}

uint32_t lab_link(struct lab *lab, uint32_t a, uint32_t b, int64_t delay_ns) {
	uint32_t link = topo_link_add(lab->topo, NULL, 0);
	topo_end_add(lab->topo, link, a);
	topo_end_add(lab->topo, link, b);
	lab->topo->links[link].delay_ns = delay_ns;
	lab->topo->links[link].can_fail = true;
	return link;
}

static void add_side(
	struct lab *lab, uint32_t port, uint32_t asn, uint32_t peer_port, uint32_t peer_asn) {
	struct topo *topo = lab->topo;
	uint32_t node = topo->ports[port].node;
	topo_bgp_of(topo, node)->asn = asn;
	uint32_t number = topo_neighbor_add(topo, node, topo->ports[port].addresses[0].address,
		topo->ports[peer_port].addresses[0].address, 0);
	topo->neighbors[number].remote_asn = peer_asn;
	topo->neighbors[number].port = port;
	topo->neighbors[number].name = topo->nodes[topo->ports[peer_port].node].name;
}

void lab_bgp(struct lab *lab, uint32_t port_a, uint32_t asn_a, uint32_t port_b, uint32_t asn_b) {
	add_side(lab, port_a, asn_a, port_b, asn_b);
	add_side(lab, port_b, asn_b, port_a, asn_a);
}

static bool is_pending(void *owner) {
	struct probe_result result;
	probe_result(owner, &result);
	return result.outcome == PROBE_PENDING;
}

struct probe_result lab_ping(struct lab *lab, const char *from, const char *to, uint8_t ttl) {
	struct probe_spec spec = {
		.from = topo_find_node(lab->topo, from),
		.protocol = PROTOCOL_ICMP,
		.ttl = ttl,
	};
	int error = ip_parse(to, &spec.destination);
	assert(error == 0);
	struct probe *probe = probe_send(lab->world, &spec, NULL, NULL);
	loop_run_while(lab->loop, INSTANT_NEVER, is_pending, probe);
	struct probe_result result;
	probe_result(probe, &result);
	probe_free(probe);
	return result;
}
