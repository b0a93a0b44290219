#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "forward/rig_int.h"

static void output(struct rig *rig, struct packet *packet) {
	forward_output(&rig->forward, &rig->router, packet, (instant){0});
}

static void its_own_packet_keeps_its_ttl_and_needs_no_route_for_its_source(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	rig.router.forwards = false;
	rig.ports[2].check_out = SOURCE_CHECK_ROUTE;
	output(&rig, rig_udp(&rig, v4(192, 0, 2, 1), v4(10, 2, 0, 5), 1));
	assert_int_equal(rig.sent_count, 1);
	assert_int_equal(packet_data(rig.sent[0].packet)[8], 9);
	assert_int_equal(rig.sent[0].packet->visited, 0);
	rig_close(&rig);
}

static void its_own_packets_pass_the_filters_of_the_port(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	const struct rule rule = {.box = header_box_all_v4(), .verdict = RULE_DENY};
	const struct port_filter filter = {{&rule, 1}, DROP_DENIED, false};
	rig.ports[2].filters_out = &filter;
	rig.ports[2].filter_out_count = 1;
	output(&rig, rig_udp(&rig, v4(192, 0, 2, 1), v4(10, 2, 0, 5), 1));
	assert_int_equal(rig.drop, DROP_DENIED);
	rig_close(&rig);
}

static void what_it_says_to_itself_is_delivered(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	output(&rig, rig_udp(&rig, v4(192, 0, 2, 1), v4(192, 0, 2, 9), 1));
	assert_int_equal(rig.delivered_count, 1);
	assert_null(rig.delivered[0].port);
	rig_close(&rig);
}

static void no_error_is_sent_about_its_own_packets(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	output(&rig, rig_udp(&rig, v4(192, 0, 2, 1), v4(172, 16, 0, 5), 1));
	assert_int_equal(rig.drop, DROP_NO_ROUTE);
	assert_int_equal(rig.sent_count + rig.delivered_count, 0);
	rig_close(&rig);
}

static void the_source_is_the_egress_ports_then_a_local_address(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	struct ip to = v4(10, 2, 0, 5);
	assert_true(ip_equal(forward_source_towards(&rig.router, to), v4(10, 2, 0, 1)));
	rig.ports[2].icmp_v4 = IP_NONE;
	assert_true(ip_equal(forward_source_towards(&rig.router, to), v4(192, 0, 2, 1)));
	rig.router.local_count = 0;
	assert_true(ip_is_none(forward_source_towards(&rig.router, to)));
	rig.router.local_count = 2;
	assert_true(ip_is_none(forward_source_towards(&rig.router, v4(172, 16, 0, 1))));
	struct ip own = v4(192, 0, 2, 9);
	assert_true(ip_equal(forward_source_towards(&rig.router, own), own));
	rig_close(&rig);
}

static void an_unspecified_source_is_filled_in_with_a_right_checksum(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	const struct ip far6 = {UINT64_C(0x20010db800020000), 5};
	const struct ip port6 = {UINT64_C(0x20010db800020000), 1};
	rig_route(&rig, prefix_of(far6, 48), 2);
	rig.ports[2].icmp_v6 = port6;
	const struct ip_header v4_header = {
		.source = v4(0, 0, 0, 0), .destination = v4(10, 2, 0, 5), .protocol = 253, .ttl = 9};
	const struct ip_header v6_header = {.destination = far6, .protocol = 253, .ttl = 9};
	output(&rig, rig_packet(&rig, &v4_header, "x", 1));
	output(&rig, rig_packet(&rig, &v6_header, "x", 1));
	assert_int_equal(rig.sent_count, 2);
	for (size_t i = 0; i < 2; i++) {
		struct ip_header header;
		const struct packet *packet = rig.sent[i].packet;
		assert_int_equal(
			ip_header_decode(packet->bytes + packet->start, packet->length, &header), 0);
		assert_true(ip_equal(header.source, i == 0 ? v4(10, 2, 0, 1) : port6));
	}
	rig_close(&rig);
}

static void without_any_address_it_does_not_send_and_says_why(void **state) {
	(void)state;
	const struct {
		struct ip to;
		enum drop drop;
	} cases[] = {{v4(172, 16, 0, 5), DROP_NO_ROUTE}, {v4(10, 2, 0, 5), DROP_NO_ADDRESS_ON_PORT}};
	for (size_t i = 0; i < 2; i++) {
		struct rig rig;
		rig_open(&rig);
		rig.ports[2].icmp_v4 = IP_NONE;
		rig.router.local_count = 0;
		const struct ip_header header = {
			.source = v4(0, 0, 0, 0), .destination = cases[i].to, .protocol = 253, .ttl = 9};
		output(&rig, rig_packet(&rig, &header, "x", 1));
		assert_int_equal(rig.dropped_count, 1);
		assert_int_equal(rig.drop, cases[i].drop);
		rig_close(&rig);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_own_packet_keeps_its_ttl_and_needs_no_route_for_its_source),
		cmocka_unit_test(its_own_packets_pass_the_filters_of_the_port),
		cmocka_unit_test(what_it_says_to_itself_is_delivered),
		cmocka_unit_test(no_error_is_sent_about_its_own_packets),
		cmocka_unit_test(the_source_is_the_egress_ports_then_a_local_address),
		cmocka_unit_test(an_unspecified_source_is_filled_in_with_a_right_checksum),
		cmocka_unit_test(without_any_address_it_does_not_send_and_says_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
