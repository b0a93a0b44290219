#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "loop/loop.h"
#include "proto/psk/psk_int.h"

#define DELAY_NS (10 * MS_NS)
#define IN_FLIGHT_MAX 64

struct lab;

struct end {
	struct lab *lab;
	struct end *peer;
	struct psk_session *session;
	struct psk_keys keys;
	int ready, down;
	enum psk_down why;
	int sent;
};

// A message under way to an end.
struct flight {
	struct timer timer;
	struct end *to;
	uint8_t bytes[PSK_MESSAGE_MAX];
	size_t length;
};

// Two ends, and a wire with a delay that loses what it is told to.
struct lab {
	struct clock clock;
	struct loop *loop;
	struct end ends[2];
	struct flight flights[IN_FLIGHT_MAX];
	size_t next;
	bool is_cut;
	unsigned lose; // bit n: lose the n-th message sent
	unsigned count;
	struct flight last; // what was sent last, for playing it again
};

static void arrive(struct timer *timer, void *owner) {
	(void)timer;
	struct flight *flight = owner;
	psk_session_input(flight->to->session, flight->bytes, flight->length);
}

static void end_send(void *owner, const uint8_t *message, size_t length) {
	struct end *end = owner;
	struct lab *lab = end->lab;
	unsigned number = lab->count++;
	struct psk_message read;
	end->sent++;
	assert_int_equal(psk_message_decode(message, length, &read), 0);
	memcpy(lab->last.bytes, message, length);
	lab->last.length = length;
	lab->last.to = end->peer;
	if (lab->is_cut || (number < 32 && (lab->lose >> number & 1) != 0))
		return;
	struct flight *flight = &lab->flights[lab->next++ % IN_FLIGHT_MAX];
	assert_false(timer_is_running(&flight->timer));
	flight->to = end->peer;
	memcpy(flight->bytes, message, length);
	flight->length = length;
	timer_init(&flight->timer, TIMER_WORK, arrive, flight);
	timer_start(lab->loop, &flight->timer, DELAY_NS);
}

static void end_ready(void *owner, const struct psk_keys *keys) {
	struct end *end = owner;
	end->ready++;
	end->keys = *keys;
}

static void end_down(void *owner, enum psk_down why) {
	struct end *end = owner;
	end->down++;
	end->why = why;
}

static void lab_open(struct lab *lab, const char *key, const char *other_key) {
	memset(lab, 0, sizeof(*lab));
	clock_init_virtual(&lab->clock);
	lab->loop = loop_new(&lab->clock, 42);
	for (int i = 0; i < 2; i++) {
		struct end *end = &lab->ends[i];
		const struct psk_config config = {
			.name = "a--b",
			.role = i == 0 ? PSK_INITIATOR : PSK_RESPONDER,
			.shared_key = i == 0 ? key : other_key,
			.lifetime_ns = 1000 * SECOND_NS,
		};
		const struct psk_events events = {end_send, end_ready, end_down, end};
		end->lab = lab;
		end->peer = &lab->ends[1 - i];
		end->session = psk_session_new(lab->loop, &config, &events);
	}
}

static void lab_start(struct lab *lab) {
	psk_session_start(lab->ends[1].session);
	psk_session_start(lab->ends[0].session);
}

static void lab_run(struct lab *lab, int64_t for_ns) {
	loop_run_until(lab->loop, instant_add(loop_now(lab->loop), for_ns));
}

static void lab_close(struct lab *lab) {
	psk_session_free(lab->ends[0].session);
	psk_session_free(lab->ends[1].session);
	loop_free(lab->loop);
}

static void assert_same_keys(const struct lab *lab) {
	const struct psk_keys *a = &lab->ends[0].keys;
	const struct psk_keys *b = &lab->ends[1].keys;
	assert_int_equal(a->inbound_spi, b->outbound_spi);
	assert_int_equal(a->outbound_spi, b->inbound_spi);
	assert_memory_equal(a->inbound_key, b->outbound_key, PSK_KEY_BYTES);
	assert_memory_equal(a->outbound_key, b->inbound_key, PSK_KEY_BYTES);
	assert_memory_not_equal(a->outbound_key, a->inbound_key, PSK_KEY_BYTES);
}

static void equal_keys_are_up_after_two_round_trips(void **state) {
	(void)state;
	struct lab lab;
	lab_open(&lab, "secret", "secret");
	lab_start(&lab);
	lab_run(&lab, 4 * DELAY_NS - 1);
	assert_false(psk_session_is_up(lab.ends[0].session));
	assert_true(psk_session_is_up(lab.ends[1].session));
	lab_run(&lab, 1);
	assert_true(psk_session_is_up(lab.ends[0].session));
	assert_int_equal(lab.ends[0].ready, 1);
	assert_int_equal(lab.ends[1].ready, 1);
	assert_int_equal(lab.count, 4);
	assert_int_equal(loop_work_pending(lab.loop), 0);
	assert_same_keys(&lab);
	lab_close(&lab);
}

static void different_keys_stay_down_and_both_ends_say_so_once(void **state) {
	(void)state;
	struct lab lab;
	lab_open(&lab, "secret", "Secret");
	lab_start(&lab);
	lab_run(&lab, SECOND_NS);
	for (int i = 0; i < 2; i++) {
		assert_false(psk_session_is_up(lab.ends[i].session));
		assert_int_equal(lab.ends[i].ready, 0);
		assert_int_equal(lab.ends[i].down, 1);
		assert_int_equal(lab.ends[i].why, PSK_DOWN_KEY_MISMATCH);
	}
	assert_int_equal(loop_work_pending(lab.loop), 0);
	lab_run(&lab, 95 * SECOND_NS); // tries again every 30 s, three messages each
	assert_int_equal(lab.count, 4 * 3);
	assert_int_equal(lab.ends[0].down, 1);
	assert_int_equal(lab.ends[1].down, 1);
	lab_close(&lab);
}

// Whichever messages of the first seven are lost, the keys agree in the end, and each end got them
// as often as the other.
static void any_pattern_of_loss_ends_in_equal_keys(void **state) {
	(void)state;
	for (unsigned lose = 0; lose < 128; lose++) {
		struct lab lab;
		lab_open(&lab, "secret", "secret");
		lab.lose = lose;
		lab_start(&lab);
		lab_run(&lab, 400 * SECOND_NS);
		assert_true(psk_session_is_up(lab.ends[0].session));
		assert_true(psk_session_is_up(lab.ends[1].session));
		assert_same_keys(&lab);
		lab_close(&lab);
	}
}

static void a_lost_answer_is_given_again_without_new_keys(void **state) {
	(void)state;
	struct lab lab;
	lab_open(&lab, "secret", "secret");
	lab.lose = 1u << 3; // the answer to AUTH
	lab_start(&lab);
	lab_run(&lab, 2 * SECOND_NS);
	assert_int_equal(lab.ends[1].ready, 1);
	assert_int_equal(lab.ends[0].ready, 1);
	assert_int_equal(lab.count, 6);
	assert_same_keys(&lab);
	lab_close(&lab);
}

static void an_unreachable_peer_is_work_for_seven_seconds_only(void **state) {
	(void)state;
	struct lab lab;
	lab_open(&lab, "secret", "secret");
	lab.is_cut = true;
	lab_start(&lab);
	lab_run(&lab, 7 * SECOND_NS - 1);
	assert_int_equal(loop_work_pending(lab.loop), 1);
	lab_run(&lab, 1);
	assert_int_equal(loop_work_pending(lab.loop), 0);
	lab_run(&lab, 100 * SECOND_NS);
	assert_int_equal(loop_work_pending(lab.loop), 0);
	assert_int_equal(lab.ends[0].sent, 8); // at 0, 1, 3, 7, 15, 31, 61 and 91 s
	lab.is_cut = false;
	lab_run(&lab, 30 * SECOND_NS);
	assert_true(psk_session_is_up(lab.ends[0].session));
	assert_same_keys(&lab);
	lab_close(&lab);
}

static void silence_for_45_s_is_a_dead_peer_and_the_initiator_comes_back(void **state) {
	(void)state;
	struct lab lab;
	lab_open(&lab, "secret", "secret");
	lab_start(&lab);
	lab_run(&lab, 200 * SECOND_NS);
	assert_int_equal(lab.ends[0].down + lab.ends[1].down, 0); // probes keep it alive
	lab.is_cut = true;
	lab_run(&lab, 46 * SECOND_NS);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(lab.ends[i].down, 1);
		assert_int_equal(lab.ends[i].why, PSK_DOWN_DEAD_PEER);
		assert_false(psk_session_is_up(lab.ends[i].session));
	}
	lab.is_cut = false;
	lab_run(&lab, 60 * SECOND_NS);
	assert_int_equal(lab.ends[0].ready, 2);
	assert_int_equal(lab.ends[1].ready, 2);
	assert_same_keys(&lab);
	lab_close(&lab);
}

static void one_lost_probe_kills_nobody(void **state) {
	(void)state;
	struct lab lab;
	lab_open(&lab, "secret", "secret");
	lab.lose = 1u << 4 | 1u << 5;
	lab_start(&lab);
	lab_run(&lab, 300 * SECOND_NS);
	assert_int_equal(lab.ends[0].down + lab.ends[1].down, 0);
	lab_close(&lab);
}

static void new_keys_come_before_the_old_end(void **state) {
	(void)state;
	struct lab lab;
	lab_open(&lab, "secret", "secret");
	lab_start(&lab);
	lab_run(&lab, 899 * SECOND_NS);
	assert_int_equal(lab.ends[0].ready, 1);
	struct psk_keys first = lab.ends[0].keys;
	lab_run(&lab, 2 * SECOND_NS);
	assert_int_equal(lab.ends[0].ready, 2);
	assert_int_equal(lab.ends[1].ready, 2);
	assert_same_keys(&lab);
	assert_int_not_equal(first.inbound_spi, lab.ends[0].keys.inbound_spi);
	assert_memory_not_equal(first.inbound_key, lab.ends[0].keys.inbound_key, PSK_KEY_BYTES);
	lab_run(&lab, 10000 * SECOND_NS);
	assert_int_equal(lab.ends[0].down + lab.ends[1].down, 0);
	assert_int_equal(lab.ends[0].ready, 13); // one more every 900 s
	lab_close(&lab);
}

static void stopping_tells_the_peer_which_tries_again_later(void **state) {
	(void)state;
	struct lab lab;
	lab_open(&lab, "secret", "secret");
	lab_start(&lab);
	lab_run(&lab, SECOND_NS);
	psk_session_stop(lab.ends[1].session);
	assert_int_equal(lab.ends[1].down, 0);
	lab_run(&lab, SECOND_NS);
	assert_int_equal(lab.ends[0].down, 1);
	assert_int_equal(lab.ends[0].why, PSK_DOWN_DELETED);
	psk_session_start(lab.ends[1].session);
	lab_run(&lab, 31 * SECOND_NS);
	assert_int_equal(lab.ends[0].ready, 2);
	assert_same_keys(&lab);
	lab_close(&lab);
}

// A forged refusal, and a forged exchange, leave keys in use alone.
static void what_is_not_authenticated_ends_nothing(void **state) {
	(void)state;
	struct lab lab;
	lab_open(&lab, "secret", "secret");
	lab_start(&lab);
	lab_run(&lab, SECOND_NS);
	struct psk_message forged = {.initiator_spi = 5,
		.exchange = PSK_EXCHANGE_INIT,
		.from_initiator = true,
		.has_nonce = true,
		.child_spi = 500};
	uint8_t bytes[PSK_MESSAGE_MAX];
	struct writer out = writer_of(bytes, sizeof(bytes));
	psk_message_encode(&out, &forged);
	psk_session_input(lab.ends[1].session, bytes, writer_length(&out));
	struct psk_message answer;
	assert_int_equal(psk_message_decode(lab.last.bytes, lab.last.length, &answer), 0);
	assert_int_equal(answer.initiator_spi, 5);
	forged = (struct psk_message){.initiator_spi = 5,
		.responder_spi = answer.responder_spi,
		.exchange = PSK_EXCHANGE_AUTH,
		.from_initiator = true,
		.is_refusal = true};
	out = writer_of(bytes, sizeof(bytes));
	psk_message_encode(&out, &forged);
	psk_session_input(lab.ends[1].session, bytes, writer_length(&out));
	lab_run(&lab, 100 * SECOND_NS);
	assert_int_equal(lab.ends[0].down + lab.ends[1].down, 0);
	assert_true(psk_session_is_up(lab.ends[1].session));
	lab_close(&lab);
}

static void a_probe_played_again_is_no_sign_of_life(void **state) {
	(void)state;
	struct lab lab;
	lab_open(&lab, "secret", "secret");
	lab_start(&lab);
	lab_run(&lab, 20 * SECOND_NS);
	const struct flight recorded = lab.last; // an answer to a probe, or a probe
	assert_int_equal(recorded.bytes[18], PSK_EXCHANGE_INFORM);
	lab.is_cut = true;
	for (int second = 0; second < 61; second++) {
		lab_run(&lab, SECOND_NS);
		psk_session_input(recorded.to->session, recorded.bytes, recorded.length);
	}
	assert_int_equal(recorded.to->down, 1);
	lab_close(&lab);
}

// Each byte of each message changed in flight: never different keys, never a crash.
static void a_changed_byte_never_makes_unequal_keys(void **state) {
	(void)state;
	for (size_t at = 0; at < 140; at++)
		for (unsigned number = 0; number < 4; number++) {
			struct lab lab;
			lab_open(&lab, "secret", "secret");
			lab_start(&lab);
			while (lab.count <= number && loop_step(lab.loop, (instant){SECOND_NS}))
				continue;
			struct flight *flight = &lab.flights[(lab.next - 1) % IN_FLIGHT_MAX];
			if (at < flight->length)
				flight->bytes[at] ^= 0x40;
			lab_run(&lab, 200 * SECOND_NS);
			assert_true(psk_session_is_up(lab.ends[0].session));
			assert_true(psk_session_is_up(lab.ends[1].session));
			assert_same_keys(&lab);
			lab_close(&lab);
		}
}

static void the_same_seed_gives_the_same_keys(void **state) {
	(void)state;
	struct psk_keys keys[2];
	for (int i = 0; i < 2; i++) {
		struct lab lab;
		lab_open(&lab, "secret", "secret");
		lab_start(&lab);
		lab_run(&lab, SECOND_NS);
		keys[i] = lab.ends[0].keys;
		lab_close(&lab);
	}
	assert_memory_equal(&keys[0], &keys[1], sizeof(keys[0]));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_keys_are_up_after_two_round_trips),
		cmocka_unit_test(different_keys_stay_down_and_both_ends_say_so_once),
		cmocka_unit_test(any_pattern_of_loss_ends_in_equal_keys),
		cmocka_unit_test(a_lost_answer_is_given_again_without_new_keys),
		cmocka_unit_test(an_unreachable_peer_is_work_for_seven_seconds_only),
		cmocka_unit_test(silence_for_45_s_is_a_dead_peer_and_the_initiator_comes_back),
		cmocka_unit_test(one_lost_probe_kills_nobody),
		cmocka_unit_test(new_keys_come_before_the_old_end),
		cmocka_unit_test(stopping_tells_the_peer_which_tries_again_later),
		cmocka_unit_test(what_is_not_authenticated_ends_nothing),
		cmocka_unit_test(a_probe_played_again_is_no_sign_of_life),
		cmocka_unit_test(a_changed_byte_never_makes_unequal_keys),
		cmocka_unit_test(the_same_seed_gives_the_same_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
