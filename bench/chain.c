// Packet-hops per wall second over a chain of routers in virtual time. ns3_chain.cc is the same
// chain and the same traffic: echoes there and back, static routes, links of 1 ms.
#include <stdio.h>
#include <stdlib.h>

#include "bench/measure.h"
#include "topo/topo_build.h"
#include "world/probe.h"
#include "world/world.h"

#define ROUTERS 10
#define INTERVAL_NS (1 * MS_NS)
#define DELAY_NS (1 * MS_NS)
#define PAYLOAD_BYTES 64

static struct ip v4(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
	return ip_of_v4(a << 24 | b << 16 | c << 8 | d);
}

static uint32_t add_port(struct topo *topo, uint32_t node, const char *name, struct ip address) {
	uint32_t port = topo_port_add(topo, node, name, 0);
	struct topo_address own = {address, prefix_of(address, PREFIX_V4_BITS + 24)};
	topo_port_set_addresses(topo, port, &own, 1);
	return port;
}

static void add_route(
	struct topo *topo, uint32_t node, struct prefix prefix, uint32_t port, struct ip via) {
	struct route_hop hop = {.port = port, .via = via};
	struct topo_route route = {.prefix = prefix, .hops = &hop, .hop_count = 1, .distance = 1};
	topo_route_add(topo, node, &route);
}

static uint32_t add_node(struct topo *topo, uint32_t i) {
	bool is_router = i > 0 && i <= ROUTERS;
	char name[16];
	snprintf(name, sizeof(name), "%s%u", is_router ? "r" : "h", i);
	uint32_t number = topo_node_add(
		topo, topo_copy(topo, name, sizeof(name)), is_router ? TOPO_ROUTER : TOPO_HOST, 0);
	struct topo_node *node = &topo->nodes[number];
	node->forwards = node->decrements_ttl = is_router;
	node->sends_time_exceeded = node->sends_unreachable = node->sends_too_big = is_router;
	node->answers_ping = true;
	return number;
}

// h0 -- r1 -- ... -- r10 -- h11. Link i is 10.0.i.0/24, its left end .1, its right end .2.
static struct topo *make_chain(void) {
	struct topo *topo = topo_new("chain");
	struct prefix far_left = prefix_of(v4(10, 0, 0, 0), PREFIX_V4_BITS + 24);
	struct prefix far_right = prefix_of(v4(10, 0, ROUTERS, 0), PREFIX_V4_BITS + 24);
	uint32_t left_port = TOPO_NONE;
	for (uint32_t i = 0; i <= ROUTERS + 1; i++) {
		uint32_t node = add_node(topo, i);
		if (i > 0) {
			uint32_t port = add_port(topo, node, "left", v4(10, 0, i - 1, 2));
			uint32_t link = topo_link_add(topo, NULL, 0);
			topo_end_add(topo, link, left_port);
			topo_end_add(topo, link, port);
			topo->links[link].delay_ns = DELAY_NS;
			if (i > 1)
				add_route(topo, node, far_left, port, v4(10, 0, i - 1, 1));
			topo->nodes[node].address = v4(10, 0, i - 1, 2);
		} else {
			topo->nodes[node].address = v4(10, 0, 0, 1);
		}
		if (i <= ROUTERS) {
			left_port = add_port(topo, node, "right", v4(10, 0, i, 1));
			if (i < ROUTERS)
				add_route(topo, node, far_right, left_port, v4(10, 0, i, 2));
		}
	}
	topo_finish(topo);
	return topo;
}

struct bench {
	struct world *world;
	struct loop *loop;
	struct timer timer;
	uint64_t left, answered, pending;
};

static void answered(void *owner, struct probe *probe) {
	struct bench *bench = owner;
	struct probe_result result;
	probe_result(probe, &result);
	bench->answered += result.outcome == PROBE_ANSWERED;
	bench->pending--;
	probe_free(probe);
}

static void send_next(struct timer *timer, void *owner) {
	struct bench *bench = owner;
	const struct probe_spec spec = {
		.from = 0,
		.destination = v4(10, 0, ROUTERS, 2),
		.protocol = PROTOCOL_ICMP,
		.size_bytes = PAYLOAD_BYTES,
		.sequence = (uint16_t)bench->left,
	};
	bench->pending++;
	probe_send(bench->world, &spec, answered, bench);
	if (--bench->left > 0)
		timer_start(bench->loop, timer, INTERVAL_NS);
}

static bool is_under_way(void *owner) {
	struct bench *bench = owner;
	return bench->left > 0 || bench->pending > 0;
}

static uint64_t count_hops(struct bench *bench) {
	const struct topo *topo = world_topo(bench->world);
	uint64_t hops = 0;
	for (uint32_t i = 0; i < topo->port_count; i++)
		if (topo->nodes[topo->ports[i].node].kind == TOPO_ROUTER)
			hops += world_port(bench->world, i)->packets_in;
	return hops;
}

int main(int count, char **arguments) {
	assert(count == 2);
	uint64_t packets = strtoull(arguments[1], NULL, 10);
	assert(packets > 0);
	struct clock clock;
	clock_init_virtual(&clock);
	struct topo *topo = make_chain();
	struct bench bench = {.loop = loop_new(&clock, 1), .left = packets};
	bench.world = world_new(topo, bench.loop);
	world_start(bench.world);
	bool is_converged = world_converge(bench.world, 60 * SECOND_NS);
	assert(is_converged);
	timer_init(&bench.timer, TIMER_WORK, send_next, &bench);
	timer_start(bench.loop, &bench.timer, 0);
	int64_t began = measure_now_ns();
	loop_run_while(bench.loop, INSTANT_NEVER, is_under_way, &bench);
	int64_t took_ns = measure_now_ns() - began;
	uint64_t hops = count_hops(&bench);
	assert(bench.answered == packets && hops == packets * 2 * ROUTERS);
	printf("{\"packets\": %lu, \"packetHops\": %lu, \"seconds\": %.6f}\n", packets, hops,
		(double)took_ns / 1e9);
	world_free(bench.world);
	loop_free(bench.loop);
	topo_free(topo);
	return 0;
}
