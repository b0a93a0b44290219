#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "forward/rig_int.h"

struct reply {
	struct ip_header ip;
	struct icmp_header icmp;
	const uint8_t *quote;
	size_t quote_bytes;
};

static struct reply reply_of(const struct rig *rig, size_t i) {
	struct reply reply;
	memset(&reply, 0, sizeof(reply));
	assert_true(i < rig->sent_count);
	const struct packet *packet = rig->sent[i].packet;
	const uint8_t *bytes = packet->bytes + packet->start;
	assert_int_equal(ip_header_decode(bytes, packet->length, &reply.ip), 0);
	const uint8_t *payload = bytes + reply.ip.header_bytes;
	size_t length = (size_t)(reply.ip.total_bytes - reply.ip.header_bytes);
	assert_int_equal(icmp_decode(payload, length, &reply.ip, &reply.icmp), 0);
	reply.quote = payload + ICMP_HEADER_BYTES;
	reply.quote_bytes = length - ICMP_HEADER_BYTES;
	return reply;
}

static const struct ip host6 = {UINT64_C(0x20010db800000000), 5};
static const struct ip far6 = {UINT64_C(0x20010db800020000), 5};
static const struct ip port6 = {UINT64_C(0x20010db800000000), 1};

static void add_v6(struct rig *rig) {
	rig_route(rig, prefix_of(host6, 48), 0);
	rig_route(rig, prefix_of(far6, 48), 2);
	rig->ports[0].icmp_v6 = port6;
}

// What ends there, and the error that says so.
struct answered {
	bool is_v6;
	enum drop drop;
	uint8_t type, code;
	uint32_t word;
};

static void each_drop_that_is_answered_has_its_type_and_code(void **state) {
	(void)state;
	const struct answered cases[] = {
		{false, DROP_TTL_EXPIRED, 11, 0, 0},
		{false, DROP_NO_ROUTE, 3, 0, 0},
		{false, DROP_NO_HOST, 3, 1, 0},
		{false, DROP_MTU, 3, 4, 1300},
		{true, DROP_TTL_EXPIRED, 3, 0, 0},
		{true, DROP_NO_ROUTE, 1, 0, 0},
		{true, DROP_NO_HOST, 1, 3, 0},
		{true, DROP_MTU, 2, 0, 1300},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;
		rig_open(&rig);
		add_v6(&rig);
		rig.ports[2].mtu_bytes = 1300;
		struct ip from = cases[i].is_v6 ? host6 : v4(10, 0, 0, 5);
		struct ip to = cases[i].is_v6 ? far6 : v4(10, 2, 0, 5);
		if (cases[i].drop == DROP_NO_ROUTE)
			to = cases[i].is_v6 ? (struct ip){1, 1} : v4(172, 16, 0, 1);
		fib_layer_set(rig.router.fib.own, prefix_host(v4(10, 2, 0, 6)),
			&(struct fib_route){.action = FIB_DROP, .drop = DROP_NO_HOST});
		fib_layer_set(rig.router.fib.own, prefix_host(ip_next(far6)),
			&(struct fib_route){.action = FIB_DROP, .drop = DROP_NO_HOST});
		if (cases[i].drop == DROP_NO_HOST)
			to = ip_next(to);
		struct packet *packet = rig_udp(&rig, from, to, 1290);
		if (cases[i].drop == DROP_TTL_EXPIRED)
			ip_header_set_ttl(packet_data(packet), 1);
		if (!cases[i].is_v6) { // DF
			packet_data(packet)[6] |= 0x40;
			put_u16(packet_data(packet) + 10, 0);
			put_u16(
				packet_data(packet) + 10, checksum_fold(checksum_add(0, packet_data(packet), 20)));
		}
		struct packet *before = packet_copy(rig.forward.pool, packet);
		rig_input(&rig, 0, packet);
		assert_int_equal(rig.drop, cases[i].drop);
		struct reply reply = reply_of(&rig, 0);
		assert_ptr_equal(rig.sent[0].port, &rig.ports[0]);
		assert_true(ip_equal(reply.ip.source, cases[i].is_v6 ? port6 : v4(10, 0, 0, 1)));
		assert_true(ip_equal(reply.ip.destination, from));
		assert_int_equal(reply.icmp.type, cases[i].type);
		assert_int_equal(reply.icmp.code, cases[i].code);
		assert_int_equal(reply.icmp.word, cases[i].word);
		assert_int_equal(reply.ip.total_bytes, cases[i].is_v6 ? 1280 : 576);
		// All of the quote but the TTL and its checksum, which an earlier step may have changed.
		if (cases[i].drop == DROP_TTL_EXPIRED)
			assert_memory_equal(reply.quote, packet_data(before), reply.quote_bytes);
		else
			assert_memory_equal(reply.quote + 12, packet_data(before) + 12, reply.quote_bytes - 12);
		packet_put(rig.forward.pool, before);
		rig_close(&rig);
	}
}

static void a_short_packet_is_quoted_whole(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	rig_input(&rig, 0, rig_udp(&rig, v4(10, 0, 0, 5), v4(172, 16, 0, 1), 3));
	assert_int_equal(reply_of(&rig, 0).quote_bytes, 31);
	rig_close(&rig);
}

static void a_policys_drop_is_silent(void **state) {
	(void)state;
	const enum drop drops[] = {DROP_NONE_ROUTE, DROP_LEFT_TO_INTERNET, DROP_DENIED};
	for (size_t i = 0; i < 3; i++) {
		struct rig rig;
		rig_open(&rig);
		fib_layer_set(rig.router.fib.own, prefix_host(v4(10, 2, 0, 5)),
			&(struct fib_route){.action = FIB_DROP, .drop = drops[i]});
		rig_input(&rig, 0, rig_udp(&rig, v4(10, 0, 0, 5), v4(10, 2, 0, 5), 1));
		assert_int_equal(rig.drop, drops[i]);
		assert_int_equal(rig.sent_count, 0);
		rig_close(&rig);
	}
}

static struct packet *raw(
	struct rig *rig, struct ip_header header, const void *payload, size_t length) {
	header.source = v4(10, 0, 0, 5);
	header.destination = v4(172, 16, 0, 1);
	header.ttl = 9;
	return rig_packet(rig, &header, payload, length);
}

// RFC 1812 4.3.2.7: what no error is sent about, and its neighbours that one is sent about.
static void no_error_is_sent_about_errors_and_later_fragments(void **state) {
	(void)state;
	const struct {
		struct ip_header header;
		uint8_t type;
		size_t sent;
	} cases[] = {
		{{.protocol = PROTOCOL_ICMP}, ICMP_ECHO, 1},
		{{.protocol = PROTOCOL_ICMP}, ICMP_ECHO_REPLY, 1},
		{{.protocol = PROTOCOL_ICMP}, ICMP_UNREACHABLE, 0},
		{{.protocol = PROTOCOL_ICMP}, ICMP_TIME_EXCEEDED, 0},
		{{.protocol = PROTOCOL_ICMP}, ICMP_PARAMETER_PROBLEM, 0},
		{{.protocol = PROTOCOL_ICMP}, 5, 0},
		{{.protocol = PROTOCOL_UDP, .fragment_offset = 8}, 0, 0},
		{{.protocol = PROTOCOL_UDP, .more_fragments = true}, 0, 1},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig rig;
		rig_open(&rig);
		const uint8_t payload[16] = {cases[i].type};
		rig_input(&rig, 0, raw(&rig, cases[i].header, payload, sizeof(payload)));
		assert_int_equal(rig.drop, DROP_NO_ROUTE);
		assert_int_equal(rig.sent_count, cases[i].sent);
		rig_close(&rig);
	}
	struct rig rig; // an ICMP packet without a type
	rig_open(&rig);
	rig_input(&rig, 0, raw(&rig, (struct ip_header){.protocol = PROTOCOL_ICMP}, "", 0));
	assert_int_equal(rig.sent_count, 0);
	rig_close(&rig);
}

// Why nothing came back, as a trace tells it.
static void the_trace_says_why_nobody_answered(void **state) {
	(void)state;
	const enum drop reasons[] = {DROP_SILENT, DROP_NO_ADDRESS_ON_PORT, DROP_NO_ERROR_DUE};
	for (size_t i = 0; i < 3; i++) {
		struct rig rig;
		rig_open(&rig);
		rig.router.sends_time_exceeded = reasons[i] != DROP_SILENT;
		if (reasons[i] == DROP_NO_ADDRESS_ON_PORT)
			rig.ports[0].icmp_v4 = IP_NONE;
		const uint8_t payload[8] = {ICMP_TIME_EXCEEDED};
		struct ip_header header = {
			.protocol = reasons[i] == DROP_NO_ERROR_DUE ? PROTOCOL_ICMP : PROTOCOL_UDP};
		struct packet *packet = raw(&rig, header, payload, sizeof(payload));
		ip_header_set_ttl(packet_data(packet), 1);
		struct trace *trace = trace_new();
		packet->trace = trace;
		rig_input(&rig, 0, packet);
		assert_int_equal(trace->records[trace->count - 2].step, TRACE_DROPPED);
		assert_int_equal(trace->records[trace->count - 2].drop, DROP_TTL_EXPIRED);
		assert_int_equal(trace->records[trace->count - 1].step, TRACE_UNANSWERED);
		assert_int_equal(trace->records[trace->count - 1].drop, reasons[i]);
		assert_null(trace->child);
		assert_int_equal(rig.sent_count, 0);
		trace_free(trace);
		rig_close(&rig);
	}
}

static void the_answers_way_is_recorded_as_the_traces_child(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	struct packet *packet = rig_udp(&rig, v4(10, 0, 0, 5), v4(172, 16, 0, 1), 1);
	struct trace *trace = trace_new();
	packet->trace = trace;
	rig_input(&rig, 0, packet);
	assert_int_equal(trace->records[trace->count - 1].step, TRACE_ANSWERED);
	assert_non_null(trace->child);
	assert_ptr_equal(rig.sent[0].packet->trace, trace->child);
	assert_int_equal(trace->child->records[0].step, TRACE_ORIGINATED);
	assert_int_equal(trace->child->key.protocol, PROTOCOL_ICMP);
	assert_true(ip_equal(trace->child->key.destination, v4(10, 0, 0, 5)));
	trace_free(trace);
	rig_close(&rig);
}

// AZ-X-21.
static void the_source_is_the_ingress_port_or_the_one_towards_the_source(void **state) {
	(void)state;
	for (int egress = 0; egress < 2; egress++) {
		struct rig rig;
		rig_open(&rig);
		rig.router.icmp_source = egress ? ICMP_SOURCE_EGRESS : ICMP_SOURCE_INGRESS;
		// A packet from behind port 1 that comes in by port 0.
		rig_input(&rig, 0, rig_udp(&rig, v4(10, 1, 0, 5), v4(172, 16, 0, 1), 1));
		assert_true(
			ip_equal(reply_of(&rig, 0).ip.source, egress ? v4(10, 1, 0, 1) : v4(10, 0, 0, 1)));
		assert_ptr_equal(rig.sent[0].port, &rig.ports[1]);
		rig_close(&rig);
	}
}

static void an_error_that_finds_no_way_back_is_dropped_and_makes_no_other(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	rig_input(&rig, 0, rig_udp(&rig, v4(172, 17, 0, 1), v4(172, 16, 0, 1), 1));
	assert_int_equal(rig.router.drops[DROP_NO_ROUTE], 2);
	assert_int_equal(rig.sent_count, 0);
	rig_close(&rig);
}

static void local_delivery_answers_from_the_address_that_was_asked(void **state) {
	(void)state;
	struct rig rig;
	rig_open(&rig);
	rig_input(&rig, 0, rig_udp(&rig, v4(10, 0, 0, 5), v4(192, 0, 2, 9), 1));
	assert_int_equal(rig.delivered_count, 1);
	forward_icmp_error(&rig.forward, &rig.router, &rig.ports[0], rig.delivered[0].packet,
		ICMP_UNREACHABLE, 3, (instant){0});
	struct reply reply = reply_of(&rig, 0);
	assert_true(ip_equal(reply.ip.source, v4(192, 0, 2, 9)));
	assert_int_equal(reply.icmp.code, 3);
	rig_close(&rig);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_drop_that_is_answered_has_its_type_and_code),
		cmocka_unit_test(a_short_packet_is_quoted_whole),
		cmocka_unit_test(a_policys_drop_is_silent),
		cmocka_unit_test(no_error_is_sent_about_errors_and_later_fragments),
		cmocka_unit_test(the_trace_says_why_nobody_answered),
		cmocka_unit_test(the_answers_way_is_recorded_as_the_traces_child),
		cmocka_unit_test(the_source_is_the_ingress_port_or_the_one_towards_the_source),
		cmocka_unit_test(an_error_that_finds_no_way_back_is_dropped_and_makes_no_other),
		cmocka_unit_test(local_delivery_answers_from_the_address_that_was_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
