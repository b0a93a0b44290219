#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "forward/flow_table.h"
#include "forward/rig_int.h"

static struct ip_header sent_header(const struct rig *rig, size_t i) {
	struct ip_header header;
	memset(&header, 0, sizeof(header));
	assert_true(i < rig->sent_count);
	const struct packet *packet = rig->sent[i].packet;
	assert_int_equal(ip_header_decode(packet->bytes + packet->start, packet->length, &header), 0);
	return header;
}

static void a_packet_leaves_by_its_routes_port_with_the_ttl_lowered(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	rig_input(&rig, 0, rig_udp(&rig, v4(10, 0, 0, 5), v4(10, 2, 0, 5), 10));
	assert_int_equal(rig.sent_count, 1);
	assert_ptr_equal(rig.sent[0].port, &rig.ports[2]);
	assert_true(ip_equal(rig.sent[0].packet->via, v4(10, 2, 0, 5)));
	assert_int_equal(sent_header(&rig, 0).ttl, 8);
	assert_int_equal(rig.ports[0].packets_in, 1);
	assert_int_equal(rig.ports[2].packets_out, 1);
	rig_close(&rig);
}

static void a_router_that_does_not_decrement_leaves_the_ttl_of_one_alone(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	rig.router.decrements_ttl = false;
	struct packet *packet = rig_udp(&rig, v4(10, 0, 0, 5), v4(10, 2, 0, 5), 10);
	ip_header_set_ttl(packet_data(packet), 1);
	rig_input(&rig, 0, packet);
	assert_int_equal(sent_header(&rig, 0).ttl, 1);
	assert_int_equal(rig.sent[0].packet->visited, 0);
	assert_int_equal(rig.sent[0].packet->passed, 1);
	rig_close(&rig);
}

static void its_own_address_is_delivered_with_a_ttl_of_one(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	struct packet *packet = rig_udp(&rig, v4(10, 0, 0, 5), v4(192, 0, 2, 9), 10);
	ip_header_set_ttl(packet_data(packet), 1);
	rig_input(&rig, 3, packet);
	assert_int_equal(rig.delivered_count, 1);
	assert_ptr_equal(rig.delivered[0].port, &rig.ports[3]);
	rig_close(&rig);
}

// What is wrong with the packet or with the node, and the edge it ends at.
struct wrong {
	const char *what;
	enum drop drop;
};

static struct packet *spoil(struct rig *rig, const char *what) {
	struct ip from = v4(10, 0, 0, 5);
	struct packet *packet = rig_udp(rig, from, v4(10, 2, 0, 5), 10);
	if (strcmp(what, "short") == 0)
		packet->length = 19;
	if (strcmp(what, "empty") == 0)
		packet->length = 0;
	if (strcmp(what, "checksum") == 0)
		packet_data(packet)[10] ^= 1;
	if (strcmp(what, "version") == 0)
		packet_data(packet)[0] = 0x55;
	if (strcmp(what, "ttl") == 0)
		ip_header_set_ttl(packet_data(packet), 1);
	if (strcmp(what, "visited") == 0)
		packet->visited = FORWARD_VISITED_MAX;
	if (strcmp(what, "passed") == 0)
		packet->passed = FORWARD_PASSED_MAX;
	if (strcmp(what, "host") == 0)
		rig->router.forwards = false;
	if (strcmp(what, "node") == 0)
		rig->router.is_up = false;
	if (strcmp(what, "port in") == 0)
		rig->ports[0].is_up = false;
	if (strcmp(what, "port out") == 0)
		rig->ports[2].is_up = false;
	if (strncmp(what, "to ", 3) != 0 && strncmp(what, "from ", 5) != 0)
		return packet;
	packet_put(rig->forward.pool, packet);
	struct ip address;
	assert_int_equal(ip_parse(strchr(what, ' ') + 1, &address), 0);
	if (what[0] == 't')
		return rig_udp(rig, ip_is_v4(address) ? from : (struct ip){1, 1}, address, 10);
	return rig_udp(rig, address, v4(10, 2, 0, 5), 10);
}

static void what_is_wrong_ends_at_its_edge_and_is_counted_once(void **state) {
	(void)state;
	const struct wrong cases[] = {
		{"short", DROP_MALFORMED},
		{"empty", DROP_MALFORMED},
		{"checksum", DROP_MALFORMED},
		{"version", DROP_MALFORMED},
		{"ttl", DROP_TTL_EXPIRED},
		{"visited", DROP_LOOP},
		{"passed", DROP_LOOP},
		{"host", DROP_NOT_FORWARDING},
		{"node", DROP_NODE_DOWN},
		{"port in", DROP_LINK_DOWN},
		{"port out", DROP_LINK_DOWN},
		{"to 172.16.0.1", DROP_NO_ROUTE},
		{"to 224.0.0.5", DROP_MULTICAST},
		{"to 255.255.255.255", DROP_MULTICAST},
		{"to 127.0.0.1", DROP_MALFORMED},
		{"to ff02::1", DROP_MULTICAST},
		{"to ::1", DROP_MALFORMED},
		{"to 2001:db8::1", DROP_NO_ROUTE},
		{"from 224.0.0.1", DROP_MALFORMED},
		{"from 127.9.9.9", DROP_MALFORMED},
		{"from 0.0.0.0", DROP_MALFORMED},
		{"from 255.255.255.255", DROP_MALFORMED},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;
		rig_open(&rig);
		rig.router.sends_time_exceeded = false;
		rig.router.sends_unreachable = false;
		rig_input(&rig, 0, spoil(&rig, cases[i].what));
		assert_int_equal(rig.dropped_count, 1);
		assert_string_equal(drop_name(rig.drop), drop_name(cases[i].drop));
		assert_int_equal(rig.router.drops[cases[i].drop], 1);
		assert_int_equal(rig.sent_count + rig.delivered_count, 0);
		rig_close(&rig);
	}
}

static void padding_behind_the_packet_goes_away(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	struct packet *packet = rig_udp(&rig, v4(10, 0, 0, 5), v4(10, 2, 0, 5), 1);
	uint32_t length = packet->length;
	packet->length += 17;
	rig_input(&rig, 0, packet);
	assert_int_equal(rig.sent[0].packet->length, length);
	rig_close(&rig);
}

// An IPv6 packet whose address reads as the IPv4 one it is mapped from.
static void a_mapped_address_on_the_wire_is_malformed(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	struct packet *packet =
		rig_udp(&rig, (struct ip){UINT64_C(0x20010db8) << 32, 1}, (struct ip){1, 1}, 10);
	ip_write_v6(v4(10, 2, 0, 5), packet_data(packet) + 24);
	rig_input(&rig, 0, packet);
	assert_int_equal(rig.drop, DROP_MALFORMED);
	assert_int_equal(rig.sent_count, 0);
	rig_close(&rig);
}

static void equal_hops_are_shared_by_flow_and_a_flow_keeps_its_hop(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	const struct fib_hop hops[] = {
		{1, v4(10, 1, 0, 2)}, {2, v4(10, 2, 0, 2)}, {3, v4(10, 3, 0, 2)}};
	fib_layer_set(rig.router.fib.own, net4(v4(172, 16, 0, 0), 12),
		&(struct fib_route){.action = FIB_FORWARD, .hop_count = 3, .hops = hops});
	size_t used[RIG_PORTS] = {0};
	for (unsigned host = 0; host < 60; host++)
		for (int again = 0; again < 2; again++) {
			struct ip to = v4(172, 16, 3, host);
			rig_input(&rig, 0, rig_udp(&rig, v4(10, 0, 0, 5), to, 1));
			const struct rig_event *event = &rig.sent[rig.sent_count - 1];
			const struct flow_key key = {v4(10, 0, 0, 5), to, PROTOCOL_UDP, false, 1000, 2000};
			const struct fib_hop *hop = &hops[flow_hash(&key, 0) % 3];
			assert_int_equal(event->port->id, hop->port);
			assert_true(ip_equal(event->packet->via, hop->via));
			used[event->port->id]++;
		}
	assert_true(used[1] > 0 && used[2] > 0 && used[3] > 0);
	rig_close(&rig);
}

static void a_delivery_table_is_asked_about_the_next_hop(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	rig.ports[0].by_next_hop = true;
	struct packet *packet = rig_udp(&rig, v4(10, 0, 0, 5), v4(8, 8, 8, 8), 1);
	packet->via = v4(10, 3, 0, 4);
	rig_input(&rig, 0, packet);
	assert_ptr_equal(rig.sent[0].port, &rig.ports[3]);
	assert_true(ip_equal(rig.sent[0].packet->via, v4(10, 3, 0, 4)));
	// Without a next hop it is the destination.
	rig_input(&rig, 0, rig_udp(&rig, v4(10, 0, 0, 5), v4(10, 1, 0, 4), 1));
	assert_ptr_equal(rig.sent[1].port, &rig.ports[1]);
	rig_close(&rig);
}

static void a_source_check_wants_a_route_that_proves_something(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	fib_layer_set(rig.router.fib.own, prefix_default_v4(),
		&(struct fib_route){.action = FIB_FORWARD,
			.hop_count = 1,
			.not_a_source = true,
			.hops = &(struct fib_hop){3, IP_NONE}});
	fib_layer_set(rig.router.fib.own, net4(v4(10, 9, 0, 0), 16),
		&(struct fib_route){.action = FIB_DROP, .drop = DROP_NONE_ROUTE});
	const struct {
		struct ip source;
		bool passes;
	} cases[] = {{v4(10, 0, 0, 5), true}, {v4(8, 8, 8, 8), false}, {v4(10, 9, 0, 1), false}};
	for (size_t i = 0; i < 3; i++)
		for (int direction = 0; direction < 2; direction++) {
			rig.ports[0].check_in = direction == 0 ? SOURCE_CHECK_ROUTE : SOURCE_CHECK_NONE;
			rig.ports[2].check_out = direction == 1 ? SOURCE_CHECK_ROUTE : SOURCE_CHECK_NONE;
			rig_input(&rig, 0, rig_udp(&rig, cases[i].source, v4(10, 2, 0, 5), 1));
			assert_int_equal(rig.sent_count, cases[i].passes);
			if (!cases[i].passes)
				assert_int_equal(rig.drop, DROP_SOURCE_NOT_KNOWN);
			rig_clear(&rig);
		}
	rig_close(&rig);
}

static void a_strict_source_check_wants_the_way_back_by_the_same_port(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	const struct fib_hop both[] = {{0, IP_NONE}, {1, IP_NONE}};
	fib_layer_set(rig.router.fib.own, net4(v4(10, 8, 0, 0), 16),
		&(struct fib_route){.action = FIB_FORWARD, .hop_count = 2, .hops = both});
	const struct {
		struct ip source;
		int drop; // -1: passes
	} cases[] = {{v4(10, 0, 0, 5), -1}, {v4(10, 8, 0, 5), -1},
		{v4(10, 1, 0, 5), DROP_SOURCE_ELSEWHERE}, {v4(8, 8, 8, 8), DROP_SOURCE_NOT_KNOWN}};
	rig.ports[0].check_in = SOURCE_CHECK_STRICT;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		rig_input(&rig, 0, rig_udp(&rig, cases[i].source, v4(10, 2, 0, 5), 1));
		assert_int_equal(rig.sent_count, cases[i].drop < 0);
		if (cases[i].drop >= 0)
			assert_int_equal(rig.drop, cases[i].drop);
		rig_clear(&rig);
	}
	rig_close(&rig);
}

static struct rule rule_to(struct ip destination, uint16_t verdict, uint32_t origin) {
	struct rule rule = {.box = header_box_all_v4(), .verdict = verdict, .origin = origin};
	rule.box.destination_low = destination;
	rule.box.destination_high = destination;
	return rule;
}

static void every_filter_of_a_direction_must_permit(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	const struct rule first[] = {rule_to(v4(10, 2, 0, 5), RULE_PERMIT, 1),
		rule_to(v4(10, 2, 0, 6), RULE_DENY, 2), rule_to(v4(192, 0, 2, 1), RULE_DENY, 3)};
	const struct rule second[] = {rule_to(v4(10, 2, 0, 7), RULE_DENY, 4)};
	const struct port_filter filters[] = {
		{{first, 3}, DROP_DENIED, false}, {{second, 1}, DROP_PEERING_REFUSED, false}};
	const struct {
		struct ip destination;
		int drop; // -1: passes
	} cases[] = {{v4(10, 2, 0, 5), -1}, {v4(10, 2, 0, 6), DROP_DENIED},
		{v4(10, 2, 0, 7), DROP_PEERING_REFUSED}, {v4(10, 2, 0, 8), -1}};
	for (int direction = 0; direction < 2; direction++) {
		rig.ports[0].filters_in = direction == 0 ? filters : NULL;
		rig.ports[0].filter_in_count = direction == 0 ? 2 : 0;
		rig.ports[2].filters_out = direction == 1 ? filters : NULL;
		rig.ports[2].filter_out_count = direction == 1 ? 2 : 0;
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			rig_input(&rig, 0, rig_udp(&rig, v4(10, 0, 0, 5), cases[i].destination, 1));
			assert_int_equal(rig.sent_count, cases[i].drop < 0);
			if (cases[i].drop >= 0)
				assert_int_equal(rig.drop, cases[i].drop);
			rig_clear(&rig);
		}
	}
	// The node's own addresses are behind the filter too.
	rig.ports[0].filters_in = filters;
	rig.ports[0].filter_in_count = 2;
	rig_input(&rig, 0, rig_udp(&rig, v4(10, 0, 0, 5), v4(192, 0, 2, 1), 1));
	assert_int_equal(rig.drop, DROP_DENIED);
	assert_int_equal(rig.delivered_count, 0);
	rig_close(&rig);
}

static void the_trace_tells_each_step_with_its_origin(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	const struct rule rules[] = {rule_to(v4(10, 2, 0, 5), RULE_PERMIT, 55)};
	const struct port_filter filter = {{rules, 1}, DROP_DENIED, false};
	rig.ports[0].filters_in = &filter;
	rig.ports[0].filter_in_count = 1;
	struct trace *trace = trace_new();
	struct packet *packet = rig_udp(&rig, v4(10, 0, 0, 5), v4(10, 2, 0, 5), 1);
	packet->trace = trace;
	forward_input(&rig.forward, &rig.router, &rig.ports[0], packet, (instant){123});
	const struct {
		enum trace_step step;
		uint32_t port, origin;
		uint8_t ttl;
	} expected[] = {{TRACE_ENTERED, 0, 0, 9}, {TRACE_PERMITTED, 0, 55, 9},
		{TRACE_DECREMENTED, UINT32_MAX, 0, 8}, {TRACE_ROUTED, 2, 102, 8}, {TRACE_SENT, 2, 0, 8}};
	assert_int_equal(trace->count, 5);
	for (size_t i = 0; i < 5; i++) {
		const struct trace_record *record = &trace->records[i];
		assert_int_equal(record->step, expected[i].step);
		assert_int_equal(record->port, expected[i].port);
		assert_int_equal(record->origin, expected[i].origin);
		assert_int_equal(record->ttl, expected[i].ttl);
		assert_int_equal(record->node, 7);
		assert_int_equal(record->when.ns, 123);
	}
	assert_true(prefix_equal(trace->records[3].prefix, net4(v4(10, 2, 0, 0), 16)));
	assert_int_equal(trace->records[3].hop_count, 1);
	assert_int_equal(trace->key.destination_port, 2000);
	rig_close(&rig);
	trace_free(trace);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_leaves_by_its_routes_port_with_the_ttl_lowered),
		cmocka_unit_test(a_router_that_does_not_decrement_leaves_the_ttl_of_one_alone),
		cmocka_unit_test(its_own_address_is_delivered_with_a_ttl_of_one),
		cmocka_unit_test(what_is_wrong_ends_at_its_edge_and_is_counted_once),
		cmocka_unit_test(padding_behind_the_packet_goes_away),
		cmocka_unit_test(a_mapped_address_on_the_wire_is_malformed),
		cmocka_unit_test(equal_hops_are_shared_by_flow_and_a_flow_keeps_its_hop),
		cmocka_unit_test(a_delivery_table_is_asked_about_the_next_hop),
		cmocka_unit_test(a_source_check_wants_a_route_that_proves_something),
		cmocka_unit_test(a_strict_source_check_wants_the_way_back_by_the_same_port),
		cmocka_unit_test(every_filter_of_a_direction_must_permit),
		cmocka_unit_test(the_trace_tells_each_step_with_its_origin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
