#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "forward/flow_table.h"
#include "forward/rig_int.h"
#include "forward/tunnel.h"

// Random routers over a small world of headers: sources 10.0.0.0/28, destinations 10.0.1.0/27 (and
// the rest of IPv4 as one), UDP and TCP, few ports.
#define RULES_MAX 4
#define FILTERS_MAX 2

struct lists {
	struct rule rules[FILTERS_MAX][RULES_MAX];
	struct port_filter filters[FILTERS_MAX];
};

struct world {
	struct rig rig;
	struct lists in[RIG_PORTS], out[RIG_PORTS];
	struct fib other; // some ports look here
	struct random random;
};

static uint64_t draw(struct world *world, uint64_t bound) {
	return random_below(&world->random, bound);
}

static struct ip draw_source(struct world *world) {
	return v4(10, 0, 0, (unsigned)draw(world, 16));
}

static struct ip draw_destination(struct world *world) {
	return v4(10, 0, 1, (unsigned)draw(world, 32));
}

static void draw_range(struct world *world, uint16_t *low, uint16_t *high) {
	*low = (uint16_t)draw(world, 4);
	*high = (uint16_t)(*low + draw(world, 4));
}

static void draw_filters(struct world *world, struct lists *lists) {
	for (size_t f = 0; f < FILTERS_MAX; f++) {
		for (size_t r = 0; r < RULES_MAX; r++) {
			struct rule *rule = &lists->rules[f][r];
			rule->box = header_box_all_v4();
			rule->verdict = draw(world, 3) == 0 ? RULE_DENY : RULE_PERMIT;
			rule->origin = (uint32_t)draw(world, 1000);
			struct prefix source = net4(draw_source(world), 26 + (unsigned)draw(world, 7));
			struct prefix destination =
				net4(draw_destination(world), 24 + (unsigned)draw(world, 9));
			if (draw(world, 2) == 0) {
				rule->box.source_low = prefix_first(source);
				rule->box.source_high = prefix_last(source);
			}
			if (draw(world, 2) == 0) {
				rule->box.destination_low = prefix_first(destination);
				rule->box.destination_high = prefix_last(destination);
			}
			if (draw(world, 3) == 0)
				rule->box.protocol_low = rule->box.protocol_high = PROTOCOL_UDP;
			if (draw(world, 3) == 0)
				draw_range(
					world, &rule->box.destination_port_low, &rule->box.destination_port_high);
		}
		lists->filters[f] = (struct port_filter){{lists->rules[f], draw(world, RULES_MAX + 1)},
			draw(world, 2) ? DROP_DENIED : DROP_PEERING_REFUSED, draw(world, 2) == 0};
	}
}

static void draw_routes(struct world *world, struct fib_layer *layer) {
	size_t count = draw(world, 12);
	for (size_t i = 0; i < count; i++) {
		struct ip base = draw(world, 3) == 0 ? draw_source(world) : draw_destination(world);
		unsigned length = draw(world, 6) == 0 ? 0 : 22 + (unsigned)draw(world, 11);
		struct fib_hop hops[3];
		for (size_t h = 0; h < 3; h++) {
			hops[h].port = (uint32_t)draw(world, RIG_PORTS);
			hops[h].via = draw(world, 2) ? IP_NONE : draw_destination(world);
		}
		struct fib_route route = {.action = draw(world, 5) == 0 ? FIB_DROP : FIB_FORWARD,
			.drop = draw(world, 2) ? DROP_NONE_ROUTE : DROP_NO_HOST,
			.preference = (uint8_t)draw(world, 3),
			.holds = draw(world, 4) == 0,
			.not_a_source = draw(world, 4) == 0,
			.hop_count = (uint16_t)draw(world, 4),
			.origin = (uint32_t)draw(world, 1000),
			.hops = hops};
		fib_layer_set(layer, net4(base, length), &route);
	}
}

static void draw_port(struct world *world, uint32_t i) {
	struct port *port = &world->rig.ports[i];
	draw_filters(world, &world->in[i]);
	draw_filters(world, &world->out[i]);
	port->filters_in = world->in[i].filters;
	port->filters_out = world->out[i].filters;
	port->filter_in_count = draw(world, 2) ? draw(world, FILTERS_MAX + 1) : 0;
	port->filter_out_count = draw(world, 2) ? draw(world, FILTERS_MAX + 1) : 0;
	port->by_next_hop = draw(world, 3) == 0;
	port->check_in = draw(world, 3) == 0 ? SOURCE_CHECK_ROUTE : SOURCE_CHECK_NONE;
	if (draw(world, 6) == 0)
		port->check_in = SOURCE_CHECK_STRICT;
	port->check_out = draw(world, 3) == 0 ? SOURCE_CHECK_ROUTE : SOURCE_CHECK_NONE;
	port->is_up = draw(world, 6) != 0;
	if (draw(world, 3) == 0)
		port->fib = &world->other;
}

static void world_open(struct world *world, uint64_t seed) {
	random_init(&world->random, seed, "walk", "test");
	rig_open(&world->rig);
	struct rig *rig = &world->rig;
	rig->router.sends_unreachable = false;
	rig->router.forwards = draw(world, 8) != 0;
	rig->router.decrements_ttl = draw(world, 2) == 0;
	rig->router.hash_seed = draw(world, 1000);
	rig->locals[0] = draw_destination(world);
	rig->locals[1] = ip_plus(rig->locals[0], 1 + draw(world, 9));
	rig->router.fib.shared = draw(world, 2) ? fib_layer_new() : NULL;
	world->other = (struct fib){fib_layer_new(), NULL};
	draw_routes(world, rig->router.fib.own);
	draw_routes(world, world->other.own);
	if (rig->router.fib.shared != NULL)
		draw_routes(world, rig->router.fib.shared);
	for (uint32_t i = 0; i < RIG_PORTS; i++)
		draw_port(world, i);
	// The last port is a tunnel without keys now and then.
	if (draw(world, 3) == 0)
		rig->ports[3].tunnel = tunnel_new(&(struct tunnel_config){
			.local = rig->locals[0], .remote = v4(9, 9, 9, 9), .underlay_port = 0});
}

static void world_close(struct world *world) {
	tunnel_free(world->rig.ports[3].tunnel);
	fib_layer_unref(world->rig.router.fib.shared);
	fib_layer_unref(world->other.own);
	rig_close(&world->rig);
}

static struct flow_key draw_key(struct world *world) {
	static const uint8_t protocols[] = {PROTOCOL_TCP, PROTOCOL_UDP};
	return (struct flow_key){.source = draw_source(world),
		.destination = draw(world, 20) == 0 ? v4(224, 0, 0, 5) : draw_destination(world),
		.protocol = protocols[draw(world, 2)],
		.source_port = (uint16_t)draw(world, 4),
		.destination_port = (uint16_t)draw(world, 8)};
}

static struct packet *packet_of(struct rig *rig, const struct flow_key *key) {
	uint8_t payload[20] = {0};
	put_u16(payload, key->source_port);
	put_u16(payload + 2, key->destination_port);
	const struct ip_header header = {.source = key->source,
		.destination = key->destination,
		.protocol = key->protocol,
		.ttl = 9};
	return rig_packet(rig, &header, payload, sizeof(payload));
}

// Sends the packet and holds what became of it against the walk's answer: of several hops, the one
// that the packet's own hash picks.
static void assert_packet_agrees(struct world *world, const struct port *in,
	const struct walk_input *input, const struct walk_hop *hops, size_t count) {
	struct rig *rig = &world->rig;
	for (unsigned i = 0; i < RIG_PORTS; i++)
		rig->ports[i].flows = input->knows != NULL ? flow_table_new() : NULL;
	// Known wherever it comes in, and, as what its flow's first packet looked like there, wherever
	// it leaves.
	struct flow_key back = input->key;
	back.source = input->key.destination;
	back.destination = input->key.source;
	back.source_port = input->key.destination_port;
	back.destination_port = input->key.source_port;
	for (unsigned i = 0; i < RIG_PORTS && input->knows != NULL; i++) {
		flow_table_open(rig->ports[i].flows, &input->key, (instant){0});
		flow_table_open(rig->ports[i].flows, &back, (instant){0});
	}
	struct packet *packet = packet_of(rig, &input->key);
	packet->via = input->via;
	if (input->originated)
		forward_output(&rig->forward, &rig->router, packet, (instant){0});
	else
		forward_input(&rig->forward, &rig->router, rig->port_list[in->id], packet, (instant){0});
	const struct walk_hop *hop = &hops[flow_hash(&input->key, rig->router.hash_seed) % count];
	assert_int_equal(rig->delivered_count, hop->is_delivered);
	assert_int_equal(rig->dropped_count, hop->is_dropped);
	if (hop->is_dropped)
		assert_int_equal(rig->drop, hop->drop);
	if (!hop->is_dropped && !hop->is_delivered) {
		assert_int_equal(rig->sent_count, 1);
		assert_int_equal(rig->sent[0].port->id, hop->port);
		struct ip via = ip_is_none(hop->via) ? input->key.destination : hop->via;
		assert_true(ip_equal(rig->sent[0].packet->via, via));
		assert_int_equal(packet_data(rig->sent[0].packet)[8], hop->ttl_lowered ? 8 : 9);
	}
	rig_clear(rig);
	for (unsigned i = 0; i < RIG_PORTS; i++) {
		flow_table_free(rig->ports[i].flows);
		rig->ports[i].flows = NULL;
	}
}

static struct flow_key draw_inside(struct world *world, const struct header_box *box) {
	struct flow_key key = header_box_corner(box);
	key.source =
		ip_plus(box->source_low, draw(world, box->source_high.lo - box->source_low.lo + 1));
	key.destination = ip_plus(
		box->destination_low, draw(world, box->destination_high.lo - box->destination_low.lo + 1));
	key.source_port = (uint16_t)(box->source_port_low +
		draw(world, (uint64_t)box->source_port_high - box->source_port_low + 1));
	key.destination_port = (uint16_t)(box->destination_port_low +
		draw(world, (uint64_t)box->destination_port_high - box->destination_port_low + 1));
	return key;
}

static bool known_everywhere(const void *owner, const struct port *port, bool is_leaving) {
	(void)owner;
	(void)port;
	(void)is_leaving;
	return true;
}

static void packets_of_the_whole_scope_meet_the_walks_answer(void **state) {
	(void)state;
	struct world *world = memory_alloc(sizeof(*world));
	print_message("seeds 0 to 299\n");
	for (uint64_t seed = 0; seed < 300; seed++) {
		world_open(world, seed);
		for (int i = 0; i < 30; i++) {
			struct walk_input input = {.key = draw_key(world)};
			input.via = draw(world, 2) ? IP_NONE : draw_destination(world);
			if (draw(world, 4) == 0)
				input.knows = known_everywhere;
			input.originated = draw(world, 4) == 0;
			const struct port *in =
				input.originated ? NULL : &world->rig.ports[draw(world, RIG_PORTS)];
			struct header_box scope = header_box_all_v4();
			scope.protocol_low = scope.protocol_high = input.key.protocol;
			struct walk_hop hops[FIB_HOPS_MAX];
			size_t count = forward_walk(&world->rig.router, in, &input, &scope, hops);
			assert_true(count >= 1 && header_box_contains(&scope, &input.key));
			assert_packet_agrees(world, in, &input, hops, count);
			for (int sample = 0; sample < 6; sample++) {
				struct walk_input other = input;
				other.key = draw_inside(world, &scope);
				if (!ip_is_unusable_host(other.key.source))
					assert_packet_agrees(world, in, &other, hops, count);
			}
		}
		world_close(world);
	}
	free(world);
}

// Walks, subtracts what was answered, and goes on until nothing is left: each header of the small
// world is then answered exactly once, with its own answer.
#define BOXES_MAX 4096
#define SOURCES 16
#define DESTINATIONS 32
#define PORTS 8

struct answer {
	const struct walk_hop *hops;
	size_t count;
};

static void same_answer(const struct walk_hop *a, const struct walk_hop *b, size_t count) {
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(a[i].port, b[i].port);
		assert_true(ip_equal(a[i].via, b[i].via));
		assert_int_equal(a[i].is_delivered, b[i].is_delivered);
		assert_int_equal(a[i].is_dropped, b[i].is_dropped);
		assert_int_equal(a[i].drop, b[i].drop);
		assert_int_equal(a[i].origin, b[i].origin);
	}
}

static void visit_scope(struct world *world, const struct walk_input *input,
	const struct header_box *scope, const struct answer *answer,
	uint8_t seen[SOURCES][DESTINATIONS][PORTS]) {
	for (unsigned s = (uint8_t)scope->source_low.lo; s <= (uint8_t)scope->source_high.lo; s++)
		for (unsigned d = (uint8_t)scope->destination_low.lo;
			 d <= (uint8_t)scope->destination_high.lo; d++)
			for (unsigned p = scope->destination_port_low; p <= scope->destination_port_high; p++) {
				struct walk_input one = *input;
				one.key.source = v4(10, 0, 0, s);
				one.key.destination = v4(10, 0, 1, d);
				one.key.destination_port = (uint16_t)p;
				struct header_box ignored = header_box_of(&one.key);
				struct walk_hop own[FIB_HOPS_MAX];
				size_t own_count =
					forward_walk(&world->rig.router, &world->rig.ports[0], &one, &ignored, own);
				assert_int_equal(own_count, answer->count);
				same_answer(own, answer->hops, own_count);
				assert_int_equal(seen[s][d][p]++, 0);
			}
}

static void scopes_cover_the_world_exactly_once(void **state) {
	(void)state;
	struct world *world = memory_alloc(sizeof(*world));
	struct header_box *boxes = memory_alloc(BOXES_MAX * sizeof(*boxes));
	print_message("seeds 1000 to 1059\n");
	for (uint64_t seed = 1000; seed < 1060; seed++) {
		static uint8_t seen[SOURCES][DESTINATIONS][PORTS];
		memset(seen, 0, sizeof(seen));
		world_open(world, seed);
		struct header_box all = header_box_all_v4();
		all.source_low = v4(10, 0, 0, 0);
		all.source_high = v4(10, 0, 0, SOURCES - 1);
		all.destination_low = v4(10, 0, 1, 0);
		all.destination_high = v4(10, 0, 1, DESTINATIONS - 1);
		all.protocol_low = all.protocol_high = PROTOCOL_UDP;
		all.source_port_low = all.source_port_high = 1;
		all.destination_port_low = 0;
		all.destination_port_high = PORTS - 1;
		boxes[0] = all;
		size_t left = 1;
		while (left > 0) {
			struct header_box box = boxes[--left];
			struct header_box scope = box;
			struct walk_input input = {.key = header_box_corner(&box)};
			struct walk_hop hops[FIB_HOPS_MAX];
			size_t count =
				forward_walk(&world->rig.router, &world->rig.ports[0], &input, &scope, hops);
			visit_scope(world, &input, &scope, &(struct answer){hops, count}, seen);
			assert_true(left + HEADER_BOX_PIECES <= BOXES_MAX);
			left += header_box_subtract(&box, &scope, boxes + left);
		}
		for (size_t i = 0; i < sizeof(seen); i++)
			assert_int_equal(((const uint8_t *)seen)[i], 1);
		world_close(world);
	}
	free(boxes);
	free(world);
}

static void a_next_hop_that_is_the_destination_stays_unnamed(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	struct walk_input input = {
		.key = {
			.source = v4(10, 0, 0, 5), .destination = v4(10, 2, 0, 5), .protocol = PROTOCOL_UDP}};
	struct header_box scope = header_box_all_v4();
	struct walk_hop hops[FIB_HOPS_MAX];
	assert_int_equal(forward_walk(&rig.router, &rig.ports[0], &input, &scope, hops), 1);
	assert_int_equal(hops[0].port, 2);
	assert_true(ip_is_none(hops[0].via));
	assert_int_equal(hops[0].origin, 102);
	assert_true(hops[0].ttl_lowered);
	assert_false(hops[0].ttl_reset);
	assert_true(ip_equal(scope.destination_low, v4(10, 2, 0, 0)));
	assert_true(ip_equal(scope.destination_high, v4(10, 2, 255, 255)));
	rig_close(&rig);
}

static void a_tunnel_that_starts_the_ttl_anew_says_so(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	rig.ports[2].tunnel = tunnel_new(&(struct tunnel_config){
		.local = v4(1, 1, 1, 1), .remote = v4(2, 2, 2, 2), .inner_ttl_reset = 255});
	const struct tunnel_keys keys = {.inbound_spi = 1000};
	tunnel_install(rig.ports[2].tunnel, &keys);
	const struct walk_input input = {
		.key = {
			.source = v4(10, 0, 0, 5), .destination = v4(10, 2, 0, 5), .protocol = PROTOCOL_UDP}};
	struct header_box scope = header_box_all_v4();
	struct walk_hop hops[FIB_HOPS_MAX];
	forward_walk(&rig.router, &rig.ports[0], &input, &scope, hops);
	assert_true(hops[0].ttl_reset);
	assert_false(hops[0].is_dropped);
	assert_int_equal(hops[0].port, 2);
	tunnel_free(rig.ports[2].tunnel);
	rig_close(&rig);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_of_the_whole_scope_meet_the_walks_answer),
		cmocka_unit_test(scopes_cover_the_world_exactly_once),
		cmocka_unit_test(a_next_hop_that_is_the_destination_stays_unnamed),
		cmocka_unit_test(a_tunnel_that_starts_the_ttl_anew_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
