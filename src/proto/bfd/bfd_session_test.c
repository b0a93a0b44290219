// Two sessions on a virtual loop, joined by a link that delays and, when told so, loses.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "proto/bfd/bfd.h"
#include "proto/bfd/bfd_wire.h"

#define LOG_BYTES 32

struct bench;

// `log` has a letter for each change: U up; down by d detection, n neighbor, other '?'.
struct end {
	struct bench *bench;
	struct bfd_session *session;
	char log[LOG_BYTES];
	instant changed_at;
	struct bfd_packet last; // what was sent last
	instant last_sent;
	int64_t shortest_gap_ns, longest_gap_ns; // between packets sent
	size_t sent, polls, finals;
	bool is_silent; // what it sends is lost
	bool frees_itself;
};

struct bench {
	struct clock clock;
	struct loop *loop;
	struct random random;
	uint32_t loss_millionths;
	struct end a, b;
};

struct packet {
	struct timer timer;
	struct end *to;
	uint8_t bytes[BFD_PACKET_BYTES];
};

static struct end *peer_of(struct end *end) {
	return end == &end->bench->a ? &end->bench->b : &end->bench->a;
}

static void arrive(struct timer *timer, void *owner) {
	struct packet *packet = owner;

	(void)timer;
	if (packet->to->session != NULL)
		bfd_session_input(packet->to->session, packet->bytes, BFD_PACKET_BYTES);
	free(packet);
}

static void send(void *owner, const uint8_t bytes[BFD_PACKET_BYTES]) {
	struct end *end = owner;
	struct bench *bench = end->bench;
	int64_t gap_ns = instant_since(loop_now(bench->loop), end->last_sent);

	assert_int_equal(bfd_packet_decode(bytes, BFD_PACKET_BYTES, &end->last), 0);
	if (gap_ns < end->shortest_gap_ns)
		end->shortest_gap_ns = gap_ns;
	if (gap_ns > end->longest_gap_ns)
		end->longest_gap_ns = gap_ns;
	end->last_sent = loop_now(bench->loop);
	end->sent++;
	end->polls += end->last.poll;
	end->finals += end->last.final;
	if (end->is_silent || random_chance(&bench->random, bench->loss_millionths))
		return;
	struct packet *packet = memory_alloc(sizeof(*packet));
	packet->to = peer_of(end);
	memcpy(packet->bytes, bytes, BFD_PACKET_BYTES);
	timer_init(&packet->timer, TIMER_PERIODIC, arrive, packet);
	timer_start(bench->loop, &packet->timer, 2 * MS_NS);
}

static void changed(void *owner, enum bfd_state state, enum bfd_diagnostic why) {
	struct end *end = owner;
	size_t length = strlen(end->log);

	assert_true(length + 1 < LOG_BYTES);
	assert_int_equal(bfd_session_state(end->session), state);
	end->log[length] = state == BFD_UP ? 'U'
		: why == BFD_DETECTION_EXPIRED ? 'd'
		: why == BFD_NEIGHBOR_DOWN     ? 'n'
									   : '?';
	end->changed_at = loop_now(end->bench->loop);
	if (end->frees_itself) {
		bfd_session_free(end->session);
		end->session = NULL;
	}
}

static void end_open(struct end *end, const struct bfd_config *config) {
	const struct bfd_events events = {send, changed, end};

	end->session = bfd_session_new(end->bench->loop, config, &events);
}

static void bench_open(struct bench *bench, uint64_t seed) {
	const struct bfd_config a = {"a", 300 * MS_NS, 300 * MS_NS, 3};
	const struct bfd_config b = {"b", 300 * MS_NS, 300 * MS_NS, 3};

	memset(bench, 0, sizeof(*bench));
	clock_init_virtual(&bench->clock);
	bench->loop = loop_new(&bench->clock, seed);
	random_init(&bench->random, seed, "bfd_session_test", "link");
	bench->a.bench = bench->b.bench = bench;
	end_open(&bench->a, &a);
	end_open(&bench->b, &b);
}

static void bench_configure(
	struct bench *bench, const struct bfd_config *a, const struct bfd_config *b) {
	bfd_session_free(bench->a.session);
	bfd_session_free(bench->b.session);
	end_open(&bench->a, a);
	end_open(&bench->b, b);
}

static void run(struct bench *bench, int64_t duration_ns) {
	loop_run_until(bench->loop, instant_add(loop_now(bench->loop), duration_ns));
}

static void gaps_reset(struct end *end) {
	end->shortest_gap_ns = INT64_MAX;
	end->longest_gap_ns = 0;
}

static void bench_start(struct bench *bench) {
	bfd_session_start(bench->a.session);
	bfd_session_start(bench->b.session);
	run(bench, 10 * SECOND_NS);
}

static void bench_close(struct bench *bench) {
	bfd_session_free(bench->a.session);
	bfd_session_free(bench->b.session);
	bench->a.session = bench->b.session = NULL;
	run(bench, SECOND_NS); // packets on their way
	assert_int_equal(loop_next_due(bench->loop).ns, INSTANT_NEVER.ns);
	loop_free(bench->loop);
}

static void both_ends_come_up_at_once(void **state) {
	struct bench b;

	(void)state;
	bench_open(&b, 1);
	assert_int_equal(bfd_session_state(b.a.session), BFD_ADMIN_DOWN);
	assert_int_equal(bfd_session_detection_ns(b.a.session), 0);
	bench_start(&b);
	assert_string_equal(b.a.log, "U");
	assert_string_equal(b.b.log, "U");
	assert_true(b.a.changed_at.ns <= 10 * MS_NS);
	assert_int_equal(bfd_session_remote_state(b.a.session), BFD_UP);
	assert_int_equal(loop_work_pending(b.loop), 0); // BFD is never work in flight
	bench_close(&b);
}

static void an_end_that_starts_later_is_found_by_the_slow_rate(void **state) {
	struct bench b;

	(void)state;
	bench_open(&b, 1);
	gaps_reset(&b.a);
	bfd_session_start(b.a.session);
	b.a.shortest_gap_ns = INT64_MAX; // the first gap is none
	run(&b, 60 * SECOND_NS);
	assert_in_range(b.a.sent, 60, 81);
	assert_in_range(b.a.shortest_gap_ns, 750 * MS_NS, 800 * MS_NS);
	assert_in_range(b.a.longest_gap_ns, 950 * MS_NS, 1000 * MS_NS);
	bfd_session_start(b.b.session);
	run(&b, SECOND_NS);
	assert_string_equal(b.a.log, "U");
	assert_string_equal(b.b.log, "U");
	bench_close(&b);
}

static void up_sends_at_the_slower_of_both_ends_wishes_with_jitter(void **state) {
	static const struct {
		int64_t a_tx_ms, b_rx_ms;
		uint8_t a_multiplier;
		int64_t interval_ms, detection_ms; // of a's packets
	} cases[] = {
		{300, 300, 3, 300, 900}, {300, 750, 3, 750, 2250}, {50, 10, 5, 50, 250},
		{100, 100, 1, 100, 100}, {2000, 300, 3, 2000, 6000}, // slower than the slow rate
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct bfd_config a = {
			"a", cases[i].a_tx_ms * MS_NS, 300 * MS_NS, cases[i].a_multiplier};
		const struct bfd_config c = {"b", 300 * MS_NS, cases[i].b_rx_ms * MS_NS, 3};
		int64_t interval_ns = cases[i].interval_ms * MS_NS;
		int64_t most_ns = cases[i].a_multiplier == 1 ? interval_ns / 10 * 9 : interval_ns;
		struct bench b;

		bench_open(&b, i);
		bench_configure(&b, &a, &c);
		bench_start(&b);
		gaps_reset(&b.a);
		run(&b, 200 * interval_ns);
		assert_string_equal(b.a.log, "U");
		assert_string_equal(b.b.log, "U");
		assert_in_range(b.a.shortest_gap_ns, interval_ns / 4 * 3, interval_ns / 100 * 80);
		assert_in_range(b.a.longest_gap_ns, most_ns / 100 * 95, most_ns);
		assert_int_equal(bfd_session_detection_ns(b.b.session), cases[i].detection_ms * MS_NS);
		bench_close(&b);
	}
}

static void a_cut_link_is_detected_after_the_detection_time_and_not_later(void **state) {
	struct bench b;

	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		bench_open(&b, seed);
		bench_start(&b);
		b.a.is_silent = b.b.is_silent = true;
		instant cut = loop_now(b.loop);
		run(&b, 20 * SECOND_NS);
		assert_string_equal(b.a.log, "Ud");
		assert_string_equal(b.b.log, "Ud");
		assert_in_range(instant_since(b.a.changed_at, cut), 600 * MS_NS, 902 * MS_NS);
		assert_in_range(instant_since(b.b.changed_at, cut), 600 * MS_NS, 902 * MS_NS);
		assert_int_equal(bfd_session_detection_ns(b.a.session), 900 * MS_NS);
		assert_int_equal(b.a.last.your_discriminator, 0); // 6.8.1: forgotten
		bench_close(&b);
	}
}

static void one_way_loss_is_told_to_the_end_that_still_hears(void **state) {
	struct bench b;

	(void)state;
	bench_open(&b, 1);
	bench_start(&b);
	b.a.is_silent = true;
	run(&b, 20 * SECOND_NS);
	assert_string_equal(b.b.log, "Ud");
	assert_string_equal(b.a.log, "Un");
	assert_int_equal(instant_since(b.a.changed_at, b.b.changed_at), 2 * MS_NS);
	assert_int_equal(b.b.last.diagnostic, BFD_DETECTION_EXPIRED);
	b.a.is_silent = false;
	run(&b, 2 * SECOND_NS);
	assert_string_equal(b.a.log, "UnU");
	assert_string_equal(b.b.log, "UdU");
	bench_close(&b);
}

static void a_session_that_is_down_keeps_sending_slowly(void **state) {
	struct bench b;

	(void)state;
	bench_open(&b, 1);
	bench_start(&b);
	b.a.is_silent = b.b.is_silent = true;
	run(&b, 5 * SECOND_NS);
	gaps_reset(&b.a);
	size_t before = b.a.sent;
	run(&b, 60 * SECOND_NS);
	assert_in_range(b.a.sent - before, 60, 81);
	assert_in_range(b.a.shortest_gap_ns, 750 * MS_NS, 1000 * MS_NS);
	assert_int_equal(b.a.last.state, BFD_DOWN);
	assert_int_equal(b.a.last.desired_min_tx_us, 1000000);
	bench_close(&b);
}

static void stopping_says_so_once_and_then_is_silent(void **state) {
	struct bench b;

	(void)state;
	bench_open(&b, 1);
	bench_start(&b);
	size_t before = b.a.sent;
	bfd_session_stop(b.a.session);
	bfd_session_stop(b.a.session);
	run(&b, 60 * SECOND_NS);
	assert_int_equal(b.a.sent, before + 1);
	assert_int_equal(b.a.last.state, BFD_ADMIN_DOWN);
	assert_int_equal(b.a.last.diagnostic, BFD_ADMINISTRATIVELY_DOWN);
	assert_string_equal(b.a.log, "U");
	assert_string_equal(b.b.log, "Un");
	bfd_session_start(b.a.session);
	run(&b, 2 * SECOND_NS);
	assert_string_equal(b.a.log, "UU");
	assert_string_equal(b.b.log, "UnU");
	bench_close(&b);
}

static void the_peer_knows_that_a_stop_was_no_failure(void **state) {
	struct bench b;

	(void)state;
	bench_open(&b, 1);
	bench_start(&b);
	bfd_session_stop(b.a.session);
	run(&b, 10 * MS_NS);
	assert_int_equal(bfd_session_state(b.b.session), BFD_DOWN);
	assert_int_equal(bfd_session_remote_state(b.b.session), BFD_ADMIN_DOWN);
	bench_close(&b);
}

// RFC 5880 6.5: the change from the slow to the wanted interval is polled and confirmed.
static void coming_up_is_followed_by_one_poll_sequence(void **state) {
	struct bench b;

	(void)state;
	bench_open(&b, 1);
	bench_start(&b);
	assert_int_equal(b.a.polls, 1);
	assert_int_equal(b.b.finals, 1);
	assert_int_equal(b.b.polls, 1);
	assert_int_equal(b.a.finals, 1);
	run(&b, 60 * SECOND_NS);
	assert_int_equal(b.a.polls, 1);
	bench_close(&b);
}

static void a_poll_is_repeated_until_it_is_confirmed(void **state) {
	struct bench b;

	(void)state;
	bench_open(&b, 1);
	bench_start(&b);
	size_t polls = b.a.polls;
	b.b.is_silent = true;
	bfd_session_set_intervals(b.a.session, 200 * MS_NS, 300 * MS_NS);
	run(&b, 650 * MS_NS);
	b.b.is_silent = false;
	run(&b, 5 * SECOND_NS);
	assert_in_range(b.a.polls - polls, 2, 5);
	assert_int_equal(b.a.last.poll, false);
	assert_string_equal(b.a.log, "U");
	bench_close(&b);
}

// RFC 5880 6.8.3: less often only when the peer has consented.
static void a_longer_interval_is_used_only_after_the_poll_sequence(void **state) {
	struct bench b;

	(void)state;
	bench_open(&b, 1);
	bench_start(&b);
	b.a.is_silent = true; // the poll does not get through at first
	bfd_session_set_intervals(b.a.session, 750 * MS_NS, 300 * MS_NS);
	gaps_reset(&b.a);
	run(&b, 500 * MS_NS);
	assert_true(b.a.longest_gap_ns <= 300 * MS_NS);
	b.a.is_silent = false;
	run(&b, 5 * SECOND_NS);
	gaps_reset(&b.a);
	run(&b, 60 * SECOND_NS);
	assert_in_range(b.a.shortest_gap_ns, 562 * MS_NS, 750 * MS_NS);
	assert_int_equal(bfd_session_detection_ns(b.b.session), 2250 * MS_NS);
	assert_string_equal(b.b.log, "U");
	bench_close(&b);
}

static void a_shorter_receive_interval_detects_faster_only_after_the_poll_sequence(void **state) {
	const struct bfd_config fast = {"a", 50 * MS_NS, 50 * MS_NS, 3};
	const struct bfd_config slow = {"b", 50 * MS_NS, 400 * MS_NS, 3};
	struct bench b;

	(void)state;
	bench_open(&b, 1);
	bench_configure(&b, &fast, &slow);
	bench_start(&b);
	assert_int_equal(bfd_session_detection_ns(b.b.session), 1200 * MS_NS);
	b.b.is_silent = true;
	bfd_session_set_intervals(b.b.session, 50 * MS_NS, 50 * MS_NS);
	run(&b, 100 * MS_NS);
	assert_int_equal(bfd_session_detection_ns(b.b.session), 1200 * MS_NS);
	b.b.is_silent = false;
	run(&b, 2 * SECOND_NS);
	assert_int_equal(bfd_session_detection_ns(b.b.session), 150 * MS_NS);
	assert_string_equal(b.a.log, "U");
	assert_string_equal(b.b.log, "U");
	bench_close(&b);
}

// RFC 5880 6.8.18: a peer that requires nothing is sent nothing, and so stays down; when it is
// gone, its wish is forgotten.
static void a_peer_that_wants_no_packets_gets_none(void **state) {
	const struct bfd_config normal = {"a", 300 * MS_NS, 300 * MS_NS, 3};
	const struct bfd_config mute = {"b", 300 * MS_NS, 0, 3};
	struct bench b;

	(void)state;
	bench_open(&b, 1);
	bench_configure(&b, &normal, &mute);
	bench_start(&b);
	size_t before = b.a.sent;
	run(&b, 60 * SECOND_NS);
	assert_int_equal(b.a.sent, before);
	assert_int_equal(bfd_session_state(b.b.session), BFD_DOWN);
	assert_string_equal(b.b.log, "");
	b.b.is_silent = true;
	run(&b, 60 * SECOND_NS);
	assert_in_range(b.a.sent - before, 50, 81);
	bench_close(&b);
}

static void damaged_and_misdirected_packets_are_counted_and_change_nothing(void **state) {
	struct bench b;
	uint8_t bytes[BFD_PACKET_BYTES];

	(void)state;
	bench_open(&b, 1);
	bench_start(&b);
	struct bfd_packet packet = b.a.last;
	packet.state = BFD_DOWN;
	bfd_packet_encode(&packet, bytes);
	bfd_session_input(b.b.session, bytes, 23);
	packet.your_discriminator++;
	bfd_packet_encode(&packet, bytes);
	bfd_session_input(b.b.session, bytes, sizeof(bytes));
	assert_int_equal(bfd_session_counters(b.b.session)->malformed, 1);
	assert_int_equal(bfd_session_counters(b.b.session)->misdirected, 1);
	assert_string_equal(b.b.log, "U");
	bench_close(&b);
}

static void the_demand_bit_changes_nothing(void **state) {
	struct bench b;
	uint8_t bytes[BFD_PACKET_BYTES];

	(void)state;
	bench_open(&b, 1);
	bench_start(&b);
	struct bfd_packet packet = b.a.last;
	packet.demand = true;
	bfd_packet_encode(&packet, bytes);
	bfd_session_input(b.b.session, bytes, sizeof(bytes));
	size_t before = b.b.sent;
	run(&b, 500 * MS_NS);
	assert_true(b.b.sent > before);
	bench_close(&b);
}

static void an_owner_may_free_the_session_when_it_is_told(void **state) {
	struct bench b;

	(void)state;
	for (int when = 0; when < 2; when++) {
		bench_open(&b, 1);
		b.a.frees_itself = when == 0; // while coming up, by a packet
		bench_start(&b);
		b.a.frees_itself = true;
		b.b.is_silent = true; // while up, by a timer
		run(&b, 5 * SECOND_NS);
		assert_null(b.a.session);
		assert_string_equal(b.a.log, when == 0 ? "U" : "Ud");
		bench_close(&b);
	}
}

static void heavy_loss_makes_it_flap_but_never_stick(void **state) {
	(void)state;
	for (uint64_t seed = 0; seed < 10; seed++) {
		struct bench b;
		print_message("# seed %lu\n", (unsigned long)seed);
		bench_open(&b, seed);
		b.loss_millionths = 300000;
		bench_start(&b);
		b.a.log[0] = b.b.log[0] = '\0';
		b.loss_millionths = 0;
		run(&b, 10 * SECOND_NS);
		assert_int_equal(bfd_session_state(b.a.session), BFD_UP);
		assert_int_equal(bfd_session_state(b.b.session), BFD_UP);
		bench_close(&b);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_come_up_at_once),
		cmocka_unit_test(an_end_that_starts_later_is_found_by_the_slow_rate),
		cmocka_unit_test(up_sends_at_the_slower_of_both_ends_wishes_with_jitter),
		cmocka_unit_test(a_cut_link_is_detected_after_the_detection_time_and_not_later),
		cmocka_unit_test(one_way_loss_is_told_to_the_end_that_still_hears),
		cmocka_unit_test(a_session_that_is_down_keeps_sending_slowly),
		cmocka_unit_test(stopping_says_so_once_and_then_is_silent),
		cmocka_unit_test(the_peer_knows_that_a_stop_was_no_failure),
		cmocka_unit_test(coming_up_is_followed_by_one_poll_sequence),
		cmocka_unit_test(a_poll_is_repeated_until_it_is_confirmed),
		cmocka_unit_test(a_longer_interval_is_used_only_after_the_poll_sequence),
		cmocka_unit_test(a_shorter_receive_interval_detects_faster_only_after_the_poll_sequence),
		cmocka_unit_test(a_peer_that_wants_no_packets_gets_none),
		cmocka_unit_test(damaged_and_misdirected_packets_are_counted_and_change_nothing),
		cmocka_unit_test(the_demand_bit_changes_nothing),
		cmocka_unit_test(an_owner_may_free_the_session_when_it_is_told),
		cmocka_unit_test(heavy_loss_makes_it_flap_but_never_stick),
	};
	return cmocka_run_group_tests_name("bfd_session", tests, NULL, NULL);
}
