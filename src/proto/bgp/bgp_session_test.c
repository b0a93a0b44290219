#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/bgp/bgp_lab.h"

static void two_speakers(struct lab *lab, uint32_t asn_a, uint32_t asn_b) {
	lab_init(lab);
	lab_add(lab, 0, asn_a);
	lab_add(lab, 1, asn_b);
	lab_join(lab, 0, 1);
}

static enum bgp_state state_of(const struct lab *lab, size_t node) {
	struct bgp_peer_status status;

	bgp_peer_status(bgp_peer_at(lab->nodes[node].speaker, 0), &status);
	return status.state;
}

static const char *error_of(const struct lab *lab, size_t node) {
	struct bgp_peer_status status;

	bgp_peer_status(bgp_peer_at(lab->nodes[node].speaker, 0), &status);
	return status.last_error;
}

static void both_sides_connecting_end_with_one_session(void **state) {
	struct lab lab;

	(void)state;
	two_speakers(&lab, 65001, 65002);
	lab_run(&lab, 100 * MS_NS);
	assert_int_equal(state_of(&lab, 0), BGP_ESTABLISHED);
	assert_int_equal(state_of(&lab, 1), BGP_ESTABLISHED);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(lab.nodes[i].ups, 1);
		assert_int_equal(lab.nodes[i].downs, 0);
	}
	// The one with the higher identifier opened what was kept (RFC 4271 6.8).
	struct bgp_peer *low = bgp_peer_at(lab.nodes[0].speaker, 0);
	struct bgp_peer *high = bgp_peer_at(lab.nodes[1].speaker, 0);
	assert_int_equal(low->established->direction, BGP_INCOMING);
	assert_int_equal(high->established->direction, BGP_OUTGOING);
	lab_done(&lab);
}

// However far apart the two starts are, the outcome is one session.
static void staggered_starts_always_end_with_one_session(void **state) {
	(void)state;
	for (int64_t late_us = 0; late_us < 8000; late_us += 250) {
		for (size_t first = 0; first < 2; first++) {
			struct lab lab;
			lab_init(&lab);
			lab_add(&lab, 0, 65001);
			lab_add(&lab, 1, 65002);
			struct bgp_peer *peers[2] = {lab_join_one(&lab, 0, 1), lab_join_one(&lab, 1, 0)};
			// The passive end listens from the beginning, so that its late start is the collision.
			bgp_peer_start(peers[first]);
			bgp_connection_event(&peers[1 - first]->connections[BGP_INCOMING], BGP_START_PASSIVE);
			lab_run(&lab, late_us * US_NS);
			bgp_peer_start(peers[1 - first]);
			lab_run(&lab, 40 * SECOND_NS);
			assert_int_equal(state_of(&lab, 0), BGP_ESTABLISHED);
			assert_int_equal(state_of(&lab, 1), BGP_ESTABLISHED);
			lab_done(&lab);
		}
	}
}

static void a_passive_peer_waits(void **state) {
	struct lab lab;

	(void)state;
	lab_init(&lab);
	lab_add(&lab, 0, 65001);
	lab_add(&lab, 1, 65002);
	struct bgp_peer_config config = lab_peer(0, 1, 65002);
	config.passive = true;
	bgp_peer_start(bgp_peer_add(lab.nodes[0].speaker, &config));
	lab_run(&lab, 100 * SECOND_NS);
	assert_int_equal(lab.nodes[0].connects, 0);
	assert_int_equal(state_of(&lab, 0), BGP_ACTIVE);
	bgp_peer_start(lab_join_one(&lab, 1, 0));
	lab_run(&lab, 1 * SECOND_NS);
	assert_int_equal(state_of(&lab, 0), BGP_ESTABLISHED);
	lab_done(&lab);
}

static void a_silent_path_ends_the_session_when_the_hold_time_is_over(void **state) {
	struct lab lab;

	(void)state;
	two_speakers(&lab, 65001, 65002);
	lab_run(&lab, 1 * SECOND_NS);
	lab.is_cut = true;
	lab_run(&lab, 119 * SECOND_NS);
	assert_int_equal(state_of(&lab, 0), BGP_ESTABLISHED);
	lab_run(&lab, 62 * SECOND_NS);
	assert_int_not_equal(state_of(&lab, 0), BGP_ESTABLISHED);
	assert_int_not_equal(state_of(&lab, 1), BGP_ESTABLISHED);
	lab.is_cut = false;
	lab_run(&lab, 300 * SECOND_NS);
	assert_int_equal(state_of(&lab, 0), BGP_ESTABLISHED);
	assert_int_equal(lab.nodes[0].ups, 2);
	assert_int_equal(lab.nodes[0].downs, 1);
	lab_done(&lab);
}

static void keepalives_hold_a_session_for_hours(void **state) {
	struct lab lab;

	(void)state;
	two_speakers(&lab, 65001, 65002);
	lab_run(&lab, 3 * 3600 * SECOND_NS);
	assert_int_equal(lab.nodes[0].ups, 1);
	assert_int_equal(lab.nodes[0].downs, 0);
	// Nothing but periodic timers is left once all is said.
	assert_int_equal(loop_work_pending(lab.loop), 0);
	lab_done(&lab);
}

static void the_smaller_hold_time_is_used(void **state) {
	struct lab lab;
	struct bgp_peer_status status;

	(void)state;
	lab_init(&lab);
	lab_add(&lab, 0, 65001);
	lab_add(&lab, 1, 65002);
	struct bgp_peer_config config = lab_peer(0, 1, 65002);
	config.hold_s = 9;
	bgp_peer_start(bgp_peer_add(lab.nodes[0].speaker, &config));
	bgp_peer_start(lab_join_one(&lab, 1, 0));
	lab_run(&lab, 1 * SECOND_NS);
	bgp_peer_status(bgp_peer_at(lab.nodes[1].speaker, 0), &status);
	assert_int_equal(status.hold_s, 9);
	lab.is_cut = true;
	lab_run(&lab, 10 * SECOND_NS);
	assert_int_not_equal(state_of(&lab, 1), BGP_ESTABLISHED);
	assert_string_equal(error_of(&lab, 1), "hold timer expired");
	lab_done(&lab);
}

static void a_wrong_as_is_refused(void **state) {
	struct lab lab;

	(void)state;
	lab_init(&lab);
	lab_add(&lab, 0, 65001);
	lab_add(&lab, 1, 65002);
	struct bgp_peer_config config = lab_peer(0, 1, 65999);
	bgp_peer_start(bgp_peer_add(lab.nodes[0].speaker, &config));
	bgp_peer_start(lab_join_one(&lab, 1, 0));
	lab_run(&lab, 1 * SECOND_NS);
	assert_int_equal(lab.nodes[0].ups, 0);
	assert_string_equal(error_of(&lab, 1), "received a notification: bad peer AS");
	assert_int_equal(loop_work_pending(lab.loop), 0);
	lab_done(&lab);
}

static void an_unknown_address_is_reset(void **state) {
	struct lab lab;

	(void)state;
	lab_init(&lab);
	lab_add(&lab, 0, 65001);
	lab_add(&lab, 1, 65002);
	bgp_peer_start(lab_join_one(&lab, 0, 1));
	lab_run(&lab, 1 * SECOND_NS);
	assert_int_equal(state_of(&lab, 0), BGP_ACTIVE);
	assert_string_equal(error_of(&lab, 0), "connection reset");
	lab_done(&lab);
}

static void a_failure_from_outside_ends_it_and_a_nudge_restores_it(void **state) {
	struct lab lab;

	(void)state;
	two_speakers(&lab, 65001, 65002);
	lab_run(&lab, 1 * SECOND_NS);
	for (size_t i = 0; i < 2; i++)
		bgp_peer_fail(bgp_peer_at(lab.nodes[i].speaker, 0), "port went down");
	assert_int_equal(state_of(&lab, 0), BGP_ACTIVE);
	assert_string_equal(error_of(&lab, 0), "port went down");
	lab_run(&lab, 1 * SECOND_NS);
	assert_int_equal(state_of(&lab, 0), BGP_ACTIVE);
	bgp_peer_nudge(bgp_peer_at(lab.nodes[0].speaker, 0));
	lab_run(&lab, 1 * SECOND_NS);
	assert_int_equal(state_of(&lab, 0), BGP_ESTABLISHED);
	assert_int_equal(state_of(&lab, 1), BGP_ESTABLISHED);
	lab_done(&lab);
}

static void the_retry_timer_alone_restores_it_too(void **state) {
	struct lab lab;

	(void)state;
	lab_init(&lab);
	lab_add(&lab, 0, 65001);
	lab_add(&lab, 1, 65002);
	lab.is_closed = true;
	lab_join(&lab, 0, 1);
	lab_run(&lab, 29 * SECOND_NS);
	assert_int_equal(state_of(&lab, 0), BGP_ACTIVE);
	assert_int_equal(loop_work_pending(lab.loop), 0);
	lab.is_closed = false;
	lab_run(&lab, 2 * SECOND_NS);
	assert_int_equal(state_of(&lab, 0), BGP_ESTABLISHED);
	lab_done(&lab);
}

static void a_stopped_peer_stays_down(void **state) {
	struct lab lab;

	(void)state;
	two_speakers(&lab, 65001, 65002);
	lab_run(&lab, 1 * SECOND_NS);
	bgp_peer_stop(bgp_peer_at(lab.nodes[0].speaker, 0));
	lab_run(&lab, 200 * SECOND_NS);
	assert_int_equal(state_of(&lab, 0), BGP_IDLE);
	assert_int_equal(lab.nodes[1].ups, 1);
	assert_int_equal(lab.nodes[1].downs, 1);
	bgp_peer_start(bgp_peer_at(lab.nodes[0].speaker, 0));
	lab_run(&lab, 1 * SECOND_NS);
	assert_int_equal(state_of(&lab, 0), BGP_ESTABLISHED);
	lab_done(&lab);
}

static void one_as_can_not_have_an_identifier_twice(void **state) {
	struct lab lab;

	(void)state;
	lab_init(&lab);
	lab_add(&lab, 0, 65001);
	lab_add(&lab, 1, 65001);
	lab.nodes[1].speaker->config.router_id = lab.nodes[0].speaker->config.router_id;
	lab_join(&lab, 0, 1);
	lab_run(&lab, 1 * SECOND_NS);
	assert_int_equal(lab.nodes[0].ups, 0);
	lab_done(&lab);
}

// Bytes as they would come from a stranger.
static void feed(struct lab *lab, size_t node, const uint8_t *bytes, size_t length, size_t piece) {
	struct bgp_peer *peer = bgp_peer_at(lab->nodes[node].speaker, 0);
	struct stream *stream = peer->established->stream;

	for (size_t at = 0; at < length && peer->established; at += piece) {
		size_t part = length - at < piece ? length - at : piece;
		stream->events->received(stream->owner, stream, bytes + at, part);
	}
}

static void a_broken_header_ends_the_session(void **state) {
	uint8_t message[BGP_MESSAGE_MAX];
	struct lab lab;

	(void)state;
	two_speakers(&lab, 65001, 65002);
	lab_run(&lab, 1 * SECOND_NS);
	size_t length = bgp_keepalive_encode(message);
	message[3] = 0;
	feed(&lab, 0, message, length, length);
	assert_int_equal(state_of(&lab, 0), BGP_ACTIVE);
	assert_string_equal(error_of(&lab, 0), "sent a notification: connection not synchronized");
	lab_run(&lab, 1 * SECOND_NS);
	assert_string_equal(error_of(&lab, 1), "received a notification: connection not synchronized");
	lab_done(&lab);
}

static void an_open_out_of_turn_is_an_error_of_the_machine(void **state) {
	struct bgp_open open = {.asn = 65002, .router_id = 9, .hold_s = 90, .families = BGP_IPV4};
	uint8_t message[BGP_MESSAGE_MAX];
	struct lab lab;

	(void)state;
	two_speakers(&lab, 65001, 65002);
	lab_run(&lab, 1 * SECOND_NS);
	feed(&lab, 0, message, bgp_open_encode(&open, message), BGP_MESSAGE_MAX);
	lab_run(&lab, 1 * SECOND_NS);
	assert_string_equal(error_of(&lab, 1), "received a notification: message out of turn");
	lab_done(&lab);
}

static void messages_may_come_in_any_pieces(void **state) {
	uint8_t stream[3 * BGP_MESSAGE_MAX];
	struct prefix prefixes[2] = {lab_prefix("10.1.0.0/16"), lab_prefix("10.2.0.0/16")};
	struct as_hop path = {.asn = 65002};
	struct attributes_spec spec = {.next_hop = lab_address(1), .as_path = &path, .as_count = 1};
	struct bgp_update_out update = {&spec, prefixes, 2, false};
	struct bgp_codec codec = {true, true};
	size_t taken;

	(void)state;
	for (size_t piece = 1; piece < 200; piece += 7) {
		struct lab lab;
		two_speakers(&lab, 65001, 65002);
		lab_run(&lab, 1 * SECOND_NS);
		size_t length = bgp_keepalive_encode(stream);
		length += bgp_update_encode(&update, &codec, stream + length, &taken);
		length += bgp_keepalive_encode(stream + length);
		feed(&lab, 0, stream, length, piece);
		lab_run(&lab, 1 * SECOND_NS);
		assert_string_equal(lab_path(&lab, 0, "10.2.0.0/16"), "65002");
		assert_int_equal(lab.nodes[0].downs, 0);
		lab_done(&lab);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_connecting_end_with_one_session),
		cmocka_unit_test(staggered_starts_always_end_with_one_session),
		cmocka_unit_test(a_passive_peer_waits),
		cmocka_unit_test(a_silent_path_ends_the_session_when_the_hold_time_is_over),
		cmocka_unit_test(keepalives_hold_a_session_for_hours),
		cmocka_unit_test(the_smaller_hold_time_is_used),
		cmocka_unit_test(a_wrong_as_is_refused),
		cmocka_unit_test(an_unknown_address_is_reset),
		cmocka_unit_test(a_failure_from_outside_ends_it_and_a_nudge_restores_it),
		cmocka_unit_test(the_retry_timer_alone_restores_it_too),
		cmocka_unit_test(a_stopped_peer_stays_down),
		cmocka_unit_test(one_as_can_not_have_an_identifier_twice),
		cmocka_unit_test(a_broken_header_ends_the_session),
		cmocka_unit_test(an_open_out_of_turn_is_an_error_of_the_machine),
		cmocka_unit_test(messages_may_come_in_any_pieces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
