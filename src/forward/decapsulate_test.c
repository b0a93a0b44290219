#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "forward/joined_int.h"
#include "forward/tunnel.h"

// Hands what `a` sent last to `b` by its underlay port.
static void cross(struct joined *joined) {
	assert_true(joined->a.sent_count > 0);
	struct packet *sent = joined->a.sent[joined->a.sent_count - 1].packet;
	struct packet *copy = packet_get(joined->b.forward.pool);
	copy->length = sent->length;
	copy->visited = sent->visited;
	copy->trace = sent->trace;
	memcpy(packet_data(copy), packet_data(sent), sent->length);
	rig_input(&joined->b, 1, copy);
}

static void a_packet_crosses_the_tunnel_and_goes_on_from_its_port(void **state) {
	(void)state;
	struct joined j;
	joined_open(&j);
	struct trace *trace = trace_new();
	struct packet *packet = rig_udp(&j.a, v4(10, 0, 0, 5), v4(10, 3, 0, 5), 1);
	packet->trace = trace;
	rig_input(&j.a, 0, packet);
	assert_ptr_equal(j.a.sent[0].port, &j.a.ports[1]);
	assert_true(ip_equal(j.a.sent[0].packet->via, v4(192, 0, 2, 9)));
	assert_int_equal(j.a.ports[3].packets_out, 1);
	assert_int_equal(j.a.ports[1].packets_out, 1);

	rig_route(&j.b, net4(v4(10, 3, 0, 0), 16), 2);
	cross(&j);
	assert_int_equal(j.b.sent_count, 1);
	assert_ptr_equal(j.b.sent[0].port, &j.b.ports[2]);
	assert_int_equal(packet_data(j.b.sent[0].packet)[8], 7); // lowered by each router
	assert_int_equal(j.b.ports[3].packets_in, 1);
	const enum trace_step steps[] = {TRACE_ENTERED, TRACE_DECREMENTED, TRACE_ROUTED,
		TRACE_ENCAPSULATED, TRACE_SENT, TRACE_ENTERED, TRACE_DECAPSULATED, TRACE_ENTERED,
		TRACE_DECREMENTED, TRACE_ROUTED, TRACE_SENT};
	assert_int_equal(trace->count, sizeof(steps) / sizeof(steps[0]));
	for (size_t i = 0; i < trace->count; i++)
		assert_int_equal(trace->records[i].step, steps[i]);
	trace_free(trace);
	joined_close(&j);
}

static void the_tunnels_port_has_its_own_filters_and_addresses(void **state) {
	(void)state;
	struct joined j;
	joined_open(&j);
	const struct rule rule = {.box = header_box_all_v4(), .verdict = RULE_DENY};
	const struct port_filter filter = {{&rule, 1}, DROP_PEERING_REFUSED, false};
	j.b.ports[3].filters_in = &filter;
	j.b.ports[3].filter_in_count = 1;
	rig_input(&j.a, 0, rig_udp(&j.a, v4(10, 0, 0, 5), v4(10, 3, 0, 5), 1));
	cross(&j);
	assert_int_equal(j.b.drop, DROP_PEERING_REFUSED);
	// An error is answered from the tunnel's port, which has no address here.
	j.b.ports[3].filter_in_count = 0;
	j.b.ports[3].icmp_v4 = IP_NONE;
	rig_input(&j.a, 0, rig_udp(&j.a, v4(10, 0, 0, 5), v4(10, 3, 0, 6), 1));
	struct packet *sent = j.a.sent[1].packet;
	assert_non_null(sent);
	fib_layer_remove(j.b.router.fib.own, net4(v4(10, 3, 0, 0), 16));
	cross(&j);
	assert_int_equal(j.b.drop, DROP_NO_ROUTE);
	assert_int_equal(j.b.sent_count, 0);
	joined_close(&j);
}

static void a_tunnel_without_keys_or_underlay_is_down(void **state) {
	(void)state;
	struct joined j;
	joined_open(&j);
	j.a.ports[1].is_up = false;
	rig_input(&j.a, 0, rig_udp(&j.a, v4(10, 0, 0, 5), v4(10, 3, 0, 5), 1));
	assert_int_equal(j.a.drop, DROP_LINK_DOWN);
	tunnel_remove_keys(j.a.ports[3].tunnel);
	rig_input(&j.a, 0, rig_udp(&j.a, v4(10, 0, 0, 5), v4(10, 3, 0, 5), 1));
	assert_int_equal(j.a.drop, DROP_TUNNEL_DOWN);
	assert_int_equal(j.a.sent_count, 0);
	joined_close(&j);
}

static void esp_for_no_tunnel_is_unknown_here_and_delivered_where_there_are_none(void **state) {
	(void)state;
	struct joined j;
	joined_open(&j);
	tunnel_remove_keys(j.b.ports[3].tunnel);
	rig_input(&j.a, 0, rig_udp(&j.a, v4(10, 0, 0, 5), v4(10, 3, 0, 5), 1));
	cross(&j);
	assert_int_equal(j.b.drop, DROP_ESP_UNKNOWN_SPI);
	struct tunnel *tunnel = j.b.ports[3].tunnel;
	j.b.ports[3].tunnel = NULL;
	cross(&j);
	assert_int_equal(j.b.delivered_count, 1);
	j.b.ports[3].tunnel = tunnel;
	joined_close(&j);
}

// The inner packet fits the tunnel's port, the outer one not the underlay: it is cut, and its
// pieces are delivered to be put together again; put in whole, it comes off.
static void an_outer_packet_is_cut_and_comes_off_when_it_is_whole(void **state) {
	(void)state;
	struct joined j;
	joined_open(&j);
	rig_input(&j.a, 0, rig_udp(&j.a, v4(10, 0, 0, 5), v4(10, 3, 0, 5), 1460));
	assert_int_equal(j.a.sent_count, 2);
	rig_route(&j.b, net4(v4(10, 3, 0, 0), 16), 2);
	struct packet *whole = packet_get(j.b.forward.pool);
	for (size_t i = 0; i < 2; i++) {
		const struct packet *piece = j.a.sent[i].packet;
		assert_true(piece->length <= 1500);
		struct ip_header header;
		const uint8_t *bytes = piece->bytes + piece->start;
		assert_int_equal(ip_header_decode(bytes, piece->length, &header), 0);
		memcpy(packet_data(whole) + 20 + header.fragment_offset, bytes + 20, piece->length - 20);
		whole->length = 20 + header.fragment_offset + piece->length - 20;
	}
	cross(&j);
	assert_int_equal(j.b.delivered_count, 1);
	const struct ip_header header = {.source = v4(192, 0, 2, 1),
		.destination = v4(192, 0, 2, 9),
		.protocol = PROTOCOL_ESP,
		.ttl = 60};
	struct writer out = writer_of(packet_data(whole), 20);
	ip_header_encode(&out, &header, whole->length - 20);
	rig_input(&j.b, 1, whole);
	assert_int_equal(j.b.sent_count, 1);
	assert_int_equal(j.b.sent[0].packet->length, 20 + 8 + 1460);
	joined_close(&j);
}

static void a_packet_the_tunnel_has_seen_is_dropped(void **state) {
	(void)state;
	struct joined j;
	joined_open(&j);
	rig_input(&j.a, 0, rig_udp(&j.a, v4(10, 0, 0, 5), v4(10, 2, 0, 5), 1));
	rig_clear(&j.a);
	rig_input(&j.a, 0, rig_udp(&j.a, v4(10, 0, 0, 5), v4(10, 3, 0, 5), 1));
	rig_route(&j.b, net4(v4(10, 3, 0, 0), 16), 2);
	cross(&j);
	cross(&j);
	assert_int_equal(j.b.sent_count, 1);
	assert_int_equal(j.b.router.drops[DROP_ESP_REPLAYED], 1);
	packet_data(j.a.sent[0].packet)[30] ^= 1;
	packet_data(j.a.sent[0].packet)[27] = 9; // a new number
	cross(&j);
	assert_int_equal(j.b.router.drops[DROP_ESP_BAD_TAG], 1);
	joined_close(&j);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_crosses_the_tunnel_and_goes_on_from_its_port),
		cmocka_unit_test(the_tunnels_port_has_its_own_filters_and_addresses),
		cmocka_unit_test(a_tunnel_without_keys_or_underlay_is_down),
		cmocka_unit_test(esp_for_no_tunnel_is_unknown_here_and_delivered_where_there_are_none),
		cmocka_unit_test(an_outer_packet_is_cut_and_comes_off_when_it_is_whole),
		cmocka_unit_test(a_packet_the_tunnel_has_seen_is_dropped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
