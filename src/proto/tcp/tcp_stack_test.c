// What a stack does with segments that nobody asked for, and with many connections.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>

#include "base/wire.h"
#include "net/packet_format.h"
#include "proto/tcp/tcp_pair.h"

// Hands `segment` to `to` as if its peer had sent it.
static void inject(struct pair_end *to, const struct tcp_segment *segment) {
	uint8_t bytes[1500];
	size_t length = tcp_header_encode(segment, bytes);

	if (segment->payload_bytes > 0)
		memcpy(bytes + length, segment->payload, segment->payload_bytes);
	length += segment->payload_bytes;
	tcp_checksum_set(pair_peer(to)->ip, to->ip, bytes, length);
	tcp_input(to->stack, pair_peer(to)->ip, to->ip, bytes, length);
}

// A segment as the peer of `to` would send it next.
static struct tcp_segment next_from_peer(const struct pair_end *to, uint8_t flags) {
	return (struct tcp_segment){
		.source_port = to->last_sent.destination_port,
		.destination_port = to->last_sent.source_port,
		.sequence = to->last_sent.acknowledgement,
		.acknowledgement = to->last_sent.sequence + tcp_segment_span(&to->last_sent),
		.flags = flags,
		.window = 65535,
	};
}

static void damaged_segments_are_dropped_and_counted(void **state) {
	struct pair p;
	const struct tcp_segment syn = {1000, PAIR_PORT, 1, 0, TCP_SYN, 65535, 1460, NULL, 0};
	uint8_t bytes[24];

	(void)state;
	pair_open(&p, 1);
	for (size_t cut = 0; cut < sizeof(bytes); cut++) {
		tcp_header_encode(&syn, bytes);
		tcp_checksum_set(p.a.ip, p.b.ip, bytes, cut < 20 ? 20 : cut);
		tcp_input(p.b.stack, p.a.ip, p.b.ip, bytes, cut);
	}
	const struct tcp_counters *counters = tcp_stack_counters(p.b.stack);
	assert_int_equal(counters->segments_in, 24);
	assert_int_equal(counters->bad_checksums, 20);
	assert_int_equal(counters->malformed, 4);
	assert_int_equal(counters->segments_out, 0);
	pair_close(&p);
}

// RFC 9293 3.10.7.1: each stray is answered so that its sender, if it is in earnest, ends.
static void strays_get_a_reset_that_fits(void **state) {
	static const struct {
		uint8_t flags;
		size_t payload_bytes;
		uint8_t answer; // 0: none
	} cases[] = {
		{TCP_ACK, 0, TCP_RST},
		{TCP_ACK | TCP_PSH, 10, TCP_RST},
		{TCP_SYN | TCP_ACK, 0, TCP_RST},
		{TCP_SYN, 0, TCP_RST | TCP_ACK},
		{TCP_FIN, 10, TCP_RST | TCP_ACK},
		{TCP_RST, 0, 0},
		{TCP_RST | TCP_ACK, 0, 0},
		{TCP_SYN | TCP_RST, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair p;
		struct tcp_segment stray = {.source_port = 1000,
			.destination_port = 22,
			.sequence = 5000,
			.acknowledgement = 7000,
			.flags = cases[i].flags,
			.payload = (const uint8_t *)"0123456789",
			.payload_bytes = cases[i].payload_bytes};

		pair_open(&p, 1);
		inject(&p.b, &stray);
		assert_int_equal(p.b.segments_sent, cases[i].answer != 0);
		if (cases[i].answer == TCP_RST)
			assert_int_equal(p.b.last_sent.sequence, 7000);
		if (cases[i].answer == (TCP_RST | TCP_ACK))
			assert_int_equal(p.b.last_sent.acknowledgement, 5000 + tcp_segment_span(&stray));
		assert_int_equal(p.b.last_sent.flags, cases[i].answer);
		pair_close(&p);
	}
}

// RFC 5961 3.2: a reset counts at exactly the expected number; elsewhere in the window it is asked
// back, and outside it is nothing.
static void a_blind_reset_does_not_end_a_connection(void **state) {
	static const struct {
		uint32_t offset;
		size_t answers;
		const char *log;
	} cases[] = {
		{1, 1, "A"},
		{65534, 1, "A"},
		{65535, 0, "A"},
		{UINT32_MAX, 0, "A"},
		{0, 0, "Ar"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair p;
		pair_open_connected(&p, 1);
		struct tcp_segment reset = next_from_peer(&p.b, TCP_RST);
		size_t before = p.b.segments_sent;

		reset.sequence += cases[i].offset;
		inject(&p.b, &reset);
		assert_string_equal(p.b.log, cases[i].log);
		assert_int_equal(p.b.segments_sent, before + cases[i].answers);
		pair_close(&p);
	}
}

// RFC 5961 4.2 and 5.2.
static void a_blind_syn_or_acknowledgement_is_only_asked_back(void **state) {
	static const struct {
		uint8_t flags;
		uint32_t sequence_offset, acknowledgement_offset;
	} cases[] = {
		{TCP_SYN, 0, 0}, {TCP_SYN, 70000, 0}, {TCP_SYN | TCP_ACK, 5, 0}, {TCP_ACK, 0, 1},
		{TCP_ACK, 0, UINT32_MAX - 70000}, {TCP_ACK, UINT32_MAX, 0}, // a keep-alive
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair p;
		pair_open_connected(&p, 1);
		struct tcp_segment blind = next_from_peer(&p.b, cases[i].flags);
		size_t before = p.b.segments_sent;

		blind.sequence += cases[i].sequence_offset;
		blind.acknowledgement += cases[i].acknowledgement_offset;
		inject(&p.b, &blind);
		assert_int_equal(p.b.segments_sent, before + 1);
		assert_int_equal(p.b.last_sent.flags, TCP_ACK);
		pair_run(&p, SECOND_NS);
		assert_int_equal(pair_say(&p.a, "still here"), 0);
		pair_run(&p, SECOND_NS);
		assert_string_equal(p.b.log, "AD");
		pair_close(&p);
	}
}

static void two_ends_that_disagree_do_not_talk_for_ever(void **state) {
	struct pair p;

	(void)state;
	pair_open_connected(&p, 1);
	p.delay_ns = 0;
	for (int i = 0; i < 100; i++) {
		struct tcp_segment blind = next_from_peer(&p.b, TCP_ACK);
		blind.sequence += 100000;
		inject(&p.b, &blind);
	}
	assert_in_range(p.b.segments_sent, 2, 20);
	pair_close(&p);
}

static void a_restarted_peer_gets_through_again(void **state) {
	struct pair p;

	(void)state;
	// The same name: the same port and the same first sequence number, as the worst case.
	pair_open_connected(&p, 1);
	pair_end_start(&p.a, "a");
	pair_connect(&p.a, 0);
	pair_run(&p, 5 * SECOND_NS);
	assert_string_equal(p.a.log, "OO");
	assert_string_equal(p.b.log, "ArA");
	pair_close(&p);

	// The listening end restarts, and only finds out when it is spoken to.
	pair_open_connected(&p, 2);
	pair_end_start(&p.b, "b");
	pair_say(&p.a, "KEEPALIVE");
	pair_run(&p, SECOND_NS);
	assert_string_equal(p.a.log, "Or");
	pair_close(&p);
}

static void the_pair_of_a_lingering_connection_can_be_opened_anew(void **state) {
	struct pair p;

	(void)state;
	pair_open_connected(&p, 1);
	pair_stream_close(&p.b); // b lingers in TIME-WAIT
	pair_run(&p, SECOND_NS);
	assert_string_equal(p.a.log, "Oc");
	pair_end_start(&p.a, "a");
	pair_connect(&p.a, 0);
	pair_run(&p, 5 * SECOND_NS);
	assert_string_equal(p.a.log, "OcO");
	assert_string_equal(p.b.log, "AA");
	pair_close(&p);
}

static void a_flood_of_syns_is_bounded_and_passes(void **state) {
	struct pair p;

	(void)state;
	pair_open(&p, 1);
	p.b.is_silent = true;
	for (uint16_t port = 1; port <= 2000; port++) {
		const struct tcp_segment syn = {port, PAIR_PORT, 9, 0, TCP_SYN, 65535, 1460, NULL, 0};
		inject(&p.b, &syn);
	}
	assert_int_equal(p.b.segments_sent, 256);
	pair_run(&p, 40 * SECOND_NS);
	p.b.is_silent = false;
	pair_connect(&p.a, 0);
	pair_run(&p, SECOND_NS);
	assert_string_equal(p.b.log, "A");
	pair_close(&p);
}

static void ignore(struct pair_end *end, char what, struct stream *stream) {
	(void)what;
	(void)stream;
	end->log[0] = '\0';
}

static void a_thousand_connections_live_side_by_side(void **state) {
	struct pair p;
	struct stream *streams[1000];

	(void)state;
	pair_open(&p, 1);
	p.a.also = p.b.also = ignore;
	for (size_t i = 0; i < 1000; i++) {
		if (i % 200 == 0)
			pair_run(&p, 100 * MS_NS);
		pair_connect(&p.a, 0);
		streams[i] = p.a.stream;
		pair_say(&p.a, "hello");
	}
	pair_run(&p, SECOND_NS);
	assert_int_equal(p.b.received_bytes, 5000);
	for (size_t i = 0; i < 1000; i += 2)
		streams[i]->ops->close(streams[i]);
	tcp_drop_local(p.b.stack, p.b.ip);
	p.a.stream = NULL;
	pair_run(&p, SECOND_NS);
	for (size_t i = 1; i < 1000; i += 2)
		streams[i]->ops->reset(streams[i]);
	pair_close(&p);
}

static void a_lower_path_mtu_shrinks_what_is_in_flight(void **state) {
	struct pair p;
	static uint8_t bytes[30000];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	pair_open_connected(&p, 1);
	p.mtu_bytes = 600;
	p.a.stream->ops->send(p.a.stream, bytes, sizeof(bytes));
	pair_run(&p, 100 * MS_NS); // well below a timeout
	assert_int_equal(p.a.largest_payload, 1460);
	assert_int_equal(p.a.last_sent.payload_bytes <= 560, 1);
	pair_run(&p, SECOND_NS);
	assert_int_equal(p.b.received_bytes, sizeof(bytes));
	assert_int_equal(p.b.digest.value, digest_of(bytes, sizeof(bytes)));
	// What no router would say is taken for the least there may be.
	p.a.largest_payload = 0;
	tcp_path_mtu(p.a.stack, p.a.ip, p.b.ip, 0);
	p.a.stream->ops->send(p.a.stream, bytes, 1000);
	pair_run(&p, 10 * SECOND_NS);
	assert_int_equal(p.a.largest_payload, 28);
	pair_close(&p);
}

static uint16_t jumbo(void *owner, struct ip local) {
	(void)owner;
	(void)local;
	return 8960;
}

static void segments_fit_what_both_ends_take(void **state) {
	static const struct {
		uint16_t offered;
		bool port_is_jumbo; // at the accepting end
		size_t largest;
	} cases[] = {
		{0, false, 536},
		{1460, false, 1460},
		{8960, true, 8960},
		{1460, true, 1460},
		{1, false, 28},
	};
	static uint8_t bytes[20000];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair p;
		pair_open(&p, 1);
		if (cases[i].port_is_jumbo) {
			const struct tcp_output output = {pair_send, &p.b, jumbo};
			tcp_stack_free(p.b.stack);
			p.b.stack = tcp_stack_new(p.loop, &output, "b");
			tcp_listen(p.b.stack, PAIR_PORT, pair_accept, &p.b);
		}
		pair_connect(&p.a, cases[i].offered);
		pair_run(&p, SECOND_NS);
		p.a.stream->ops->send(p.a.stream, bytes, sizeof(bytes));
		p.b.stream->ops->send(p.b.stream, bytes, sizeof(bytes));
		pair_run(&p, 20 * SECOND_NS);
		assert_int_equal(p.a.largest_payload, cases[i].largest);
		assert_int_equal(p.b.largest_payload, cases[i].largest);
		pair_close(&p);
	}
}

static void ipv6_has_its_own_defaults_and_least_mtu(void **state) {
	static uint8_t bytes[20000];
	struct pair p;

	(void)state;
	pair_open(&p, 1);
	p.a.ip = (struct ip){UINT64_C(0xfd00000000000000), 1};
	p.b.ip = (struct ip){UINT64_C(0xfd00000000000000), 2};
	pair_connect(&p.a, 0);
	pair_run(&p, SECOND_NS);
	p.a.stream->ops->send(p.a.stream, bytes, sizeof(bytes));
	pair_run(&p, SECOND_NS);
	assert_int_equal(p.a.largest_payload, 1220);
	tcp_path_mtu(p.a.stack, p.a.ip, p.b.ip, 600); // RFC 8201 4: not below 1280
	p.a.largest_payload = 0;
	p.a.stream->ops->send(p.a.stream, bytes, sizeof(bytes));
	pair_run(&p, SECOND_NS);
	assert_int_equal(p.a.largest_payload, 1220);
	assert_int_equal(p.b.received_bytes, 2 * sizeof(bytes));
	pair_close(&p);
}

// A foreign peer may shut its window. It is probed for as long as it answers.
static void a_shut_window_is_probed_until_it_opens(void **state) {
	struct pair p;

	(void)state;
	pair_open_connected(&p, 1);
	struct tcp_segment shut = next_from_peer(&p.a, TCP_ACK);
	shut.window = 0;
	inject(&p.a, &shut);
	pair_say(&p.a, "waiting");
	p.b.is_silent = true;
	for (int i = 0; i < 100; i++) {
		p.a.is_silent = true;
		pair_run(&p, 20 * SECOND_NS);
		inject(&p.a, &shut);
	}
	assert_string_equal(p.a.log, "O");
	assert_int_equal(p.a.largest_payload, 1);
	assert_true(p.a.segments_sent > 30);
	p.a.is_silent = p.b.is_silent = false;
	shut.window = 65535;
	inject(&p.a, &shut);
	pair_run(&p, 61 * SECOND_NS);
	assert_int_equal(p.b.received_bytes, 7);
	pair_close(&p);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_segments_are_dropped_and_counted),
		cmocka_unit_test(strays_get_a_reset_that_fits),
		cmocka_unit_test(a_blind_reset_does_not_end_a_connection),
		cmocka_unit_test(a_blind_syn_or_acknowledgement_is_only_asked_back),
		cmocka_unit_test(two_ends_that_disagree_do_not_talk_for_ever),
		cmocka_unit_test(a_restarted_peer_gets_through_again),
		cmocka_unit_test(the_pair_of_a_lingering_connection_can_be_opened_anew),
		cmocka_unit_test(a_flood_of_syns_is_bounded_and_passes),
		cmocka_unit_test(a_thousand_connections_live_side_by_side),
		cmocka_unit_test(a_lower_path_mtu_shrinks_what_is_in_flight),
		cmocka_unit_test(segments_fit_what_both_ends_take),
		cmocka_unit_test(ipv6_has_its_own_defaults_and_least_mtu),
		cmocka_unit_test(a_shut_window_is_probed_until_it_opens),
	};
	return cmocka_run_group_tests_name("tcp_stack", tests, NULL, NULL);
}
