#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "forward/flow_table.h"
#include "forward/rig_int.h"

// A subnet's port 0 towards a VM at 10.0.0.5, which may open anything; nothing may be opened
// towards it. The far end is 10.2.0.5.
struct guarded {
	struct rig rig;
	struct rule in[1], out[1];
	struct port_filter filter_in, filter_out;
};

static void guarded_open(struct guarded *guarded) {
	rig_open(&guarded->rig);
	guarded->in[0] = (struct rule){.box = header_box_all_v4(), .verdict = RULE_PERMIT};
	guarded->out[0] = (struct rule){.box = header_box_all_v4(), .verdict = RULE_DENY};
	guarded->filter_in = (struct port_filter){{guarded->in, 1}, DROP_DENIED, true};
	guarded->filter_out = (struct port_filter){{guarded->out, 1}, DROP_DENIED, true};
	struct port *port = &guarded->rig.ports[0];
	port->filters_in = &guarded->filter_in;
	port->filters_out = &guarded->filter_out;
	port->filter_in_count = 1;
	port->filter_out_count = 1;
	port->flows = flow_table_new();
}

static void guarded_close(struct guarded *guarded) {
	flow_table_free(guarded->rig.ports[0].flows);
	rig_close(&guarded->rig);
}

static const uint32_t vm = 0x0a000005;
static const uint32_t far = 0x0a020005;

static struct packet *ports(struct rig *rig, uint32_t source, uint32_t destination,
	uint16_t source_port, uint16_t destination_port) {
	uint8_t payload[20] = {0};
	put_u16(payload, source_port);
	put_u16(payload + 2, destination_port);
	payload[12] = 0x50;
	const struct ip_header header = {.source = ip_of_v4(source),
		.destination = ip_of_v4(destination),
		.protocol = PROTOCOL_TCP,
		.ttl = 9};
	return rig_packet(rig, &header, payload, sizeof(payload));
}

static struct packet *echo(
	struct rig *rig, uint32_t source, uint32_t destination, uint8_t type, uint16_t identifier) {
	uint8_t payload[16];
	const struct flow_key key = {.source = ip_of_v4(source),
		.destination = ip_of_v4(destination),
		.protocol = PROTOCOL_ICMP};
	struct writer out = writer_of(payload, sizeof(payload));
	icmp_encode(
		&out, &key, &(struct icmp_header){.type = type, .identifier = identifier}, "data", 4);
	const struct ip_header header = {
		.source = key.source, .destination = key.destination, .protocol = PROTOCOL_ICMP, .ttl = 9};
	return rig_packet(rig, &header, payload, writer_length(&out));
}

// Did it get through? Gives everything back.
static bool passes(struct guarded *guarded, unsigned port, struct packet *packet) {
	struct rig *rig = &guarded->rig;
	rig_clear(rig);
	rig_input(rig, port, packet);
	bool is_through = rig->sent_count == 1 && rig->dropped_count == 0;
	if (!is_through)
		assert_int_equal(rig->drop, DROP_DENIED);
	return is_through;
}

static void a_reply_passes_and_a_stranger_does_not(void **state) {
	(void)state;
	struct guarded g;
	guarded_open(&g);
	assert_false(passes(&g, 2, ports(&g.rig, far, vm, 80, 1234)));
	assert_true(passes(&g, 0, ports(&g.rig, vm, far, 1234, 80)));
	assert_true(passes(&g, 2, ports(&g.rig, far, vm, 80, 1234)));
	assert_false(passes(&g, 2, ports(&g.rig, far, vm, 80, 1235)));
	assert_false(passes(&g, 2, ports(&g.rig, far, vm, 1234, 80)));
	guarded_close(&g);
}

static void echo_is_known_by_its_identifier(void **state) {
	(void)state;
	struct guarded g;
	guarded_open(&g);
	assert_true(passes(&g, 0, echo(&g.rig, vm, far, ICMP_ECHO, 7)));
	assert_true(passes(&g, 2, echo(&g.rig, far, vm, ICMP_ECHO_REPLY, 7)));
	assert_false(passes(&g, 2, echo(&g.rig, far, vm, ICMP_ECHO_REPLY, 8)));
	guarded_close(&g);
}

// An error from a router on the way, about a packet of `source_port`.
static struct packet *error_about(struct rig *rig, uint16_t source_port) {
	struct packet *quoted = ports(rig, vm, far, source_port, 80);
	uint8_t payload[ICMP_HEADER_BYTES + 28];
	const struct flow_key key = {
		.source = v4(10, 3, 0, 1), .destination = ip_of_v4(vm), .protocol = PROTOCOL_ICMP};
	struct writer out = writer_of(payload, sizeof(payload));
	icmp_encode(
		&out, &key, &(struct icmp_header){.type = ICMP_TIME_EXCEEDED}, packet_data(quoted), 28);
	packet_put(rig->forward.pool, quoted);
	const struct ip_header header = {
		.source = key.source, .destination = key.destination, .protocol = PROTOCOL_ICMP, .ttl = 9};
	return rig_packet(rig, &header, payload, writer_length(&out));
}

static void an_error_about_a_known_flow_passes_and_opens_nothing(void **state) {
	(void)state;
	struct guarded g;
	guarded_open(&g);
	assert_true(passes(&g, 0, ports(&g.rig, vm, far, 1234, 80)));
	assert_true(passes(&g, 2, error_about(&g.rig, 1234)));
	assert_false(passes(&g, 2, error_about(&g.rig, 1235)));
	assert_int_equal(flow_table_count(g.rig.ports[0].flows), 1);
	guarded_close(&g);
}

static struct packet *fragment_of(
	struct rig *rig, uint32_t source, uint32_t destination, uint16_t offset) {
	uint8_t payload[16] = {0x04, 0xd2, 0, 80};
	const struct ip_header header = {.source = ip_of_v4(source),
		.destination = ip_of_v4(destination),
		.protocol = PROTOCOL_UDP,
		.ttl = 9,
		.fragment_offset = offset,
		.more_fragments = offset == 0};
	return rig_packet(rig, &header, payload, sizeof(payload));
}

// Later fragments have no ports: the first one lets them through.
static void later_fragments_follow_the_first(void **state) {
	(void)state;
	struct guarded g;
	guarded_open(&g);
	g.filter_in = (struct port_filter){{g.out, 0}, DROP_DENIED, true};
	assert_false(passes(&g, 2, fragment_of(&g.rig, far, vm, 16)));
	assert_true(passes(&g, 0, fragment_of(&g.rig, vm, far, 0)));
	assert_true(passes(&g, 2, fragment_of(&g.rig, far, vm, 16)));
	guarded_close(&g);
}

static void a_filter_without_state_is_asked_about_replies_too(void **state) {
	(void)state;
	struct guarded g;
	guarded_open(&g);
	g.filter_out.is_stateful = false;
	assert_true(passes(&g, 0, ports(&g.rig, vm, far, 1234, 80)));
	assert_false(passes(&g, 2, ports(&g.rig, far, vm, 80, 1234)));
	guarded_close(&g);
}

static void what_is_denied_opens_nothing(void **state) {
	(void)state;
	struct guarded g;
	guarded_open(&g);
	g.in[0].verdict = RULE_DENY;
	assert_false(passes(&g, 0, ports(&g.rig, vm, far, 1234, 80)));
	assert_int_equal(flow_table_count(g.rig.ports[0].flows), 0);
	assert_false(passes(&g, 2, ports(&g.rig, far, vm, 80, 1234)));
	guarded_close(&g);
}

// AZ-NSG-2: the machine may be reached and is an appliance, which may not open anything itself.
static void what_an_appliance_sends_on_is_no_answer(void **state) {
	(void)state;
	static const uint32_t beyond = 0x0a000063; // behind the appliance
	struct guarded g;
	guarded_open(&g);
	g.in[0].verdict = RULE_DENY;
	g.out[0].verdict = RULE_PERMIT;
	assert_true(passes(&g, 2, ports(&g.rig, far, beyond, 1234, 80)));
	assert_false(passes(&g, 0, ports(&g.rig, far, beyond, 1234, 80)));
	assert_true(passes(&g, 0, ports(&g.rig, beyond, far, 80, 1234)));
	guarded_close(&g);
}

static void a_flow_is_forgotten_after_four_minutes(void **state) {
	(void)state;
	struct guarded g;
	guarded_open(&g);
	assert_true(passes(&g, 0, ports(&g.rig, vm, far, 1234, 80)));
	struct rig *rig = &g.rig;
	forward_input(&rig->forward, &rig->router, &rig->ports[2], ports(rig, far, vm, 80, 1234),
		(instant){FLOW_IDLE_NS + 1});
	assert_int_equal(rig->dropped_count, 1);
	guarded_close(&g);
}

static void a_quote_cut_anywhere_is_refused_or_has_no_ports(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	for (int is_v6 = 0; is_v6 < 2; is_v6++) {
		struct ip from = is_v6 ? (struct ip){1, 1} : ip_of_v4(vm);
		struct ip to = is_v6 ? (struct ip){1, 2} : ip_of_v4(far);
		struct packet *packet = rig_udp(&rig, from, to, 8);
		size_t header_bytes = is_v6 ? 40 : 20;
		for (size_t length = 0; length <= packet->length; length++) {
			struct flow_key key = {.protocol = 99};
			int result = quote_decode(packet_data(packet), length, &key);
			if (length < header_bytes) {
				assert_int_equal(result, -EBADMSG);
				assert_int_equal(key.protocol, 99);
				continue;
			}
			assert_int_equal(result, 0);
			assert_true(ip_equal(key.source, from) && ip_equal(key.destination, to));
			assert_int_equal(key.source_port, length >= header_bytes + 2 ? 1000 : 0);
			assert_int_equal(key.destination_port, length >= header_bytes + 4 ? 2000 : 0);
		}
		packet_put(rig.forward.pool, packet);
	}
	rig_close(&rig);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reply_passes_and_a_stranger_does_not),
		cmocka_unit_test(echo_is_known_by_its_identifier),
		cmocka_unit_test(an_error_about_a_known_flow_passes_and_opens_nothing),
		cmocka_unit_test(later_fragments_follow_the_first),
		cmocka_unit_test(a_filter_without_state_is_asked_about_replies_too),
		cmocka_unit_test(what_is_denied_opens_nothing),
		cmocka_unit_test(what_an_appliance_sends_on_is_no_answer),
		cmocka_unit_test(a_flow_is_forgotten_after_four_minutes),
		cmocka_unit_test(a_quote_cut_anywhere_is_refused_or_has_no_ports),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
