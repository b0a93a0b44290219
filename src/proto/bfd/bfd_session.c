#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "base/random.h"
#include "proto/bfd/bfd.h"
#include "proto/bfd/bfd_fsm.h"
#include "proto/bfd/bfd_wire.h"

#define SLOW_TX_US 1000000U // 6.8.3

// The state variables of RFC 5880 6.8.1. Of each of our two intervals there are two values while a
// Poll Sequence runs: what we say and what we still go by.
struct bfd_session {
	struct loop *loop;
	struct bfd_events events;
	struct bfd_counters counters;
	struct random random;
	uint32_t configured_tx_us;
	uint8_t detect_multiplier;

	enum bfd_state state;
	enum bfd_diagnostic diagnostic;
	uint32_t discriminator;
	uint32_t desired_tx_us, active_tx_us;
	uint32_t required_rx_us, active_rx_us;
	bool is_polling;
	bool poll_again; // something changed since the Poll Sequence began

	enum bfd_state remote_state;
	uint32_t remote_discriminator; // 0: not heard, or no longer
	uint32_t remote_min_rx_us;
	uint32_t remote_desired_tx_us;
	uint8_t remote_multiplier;

	int64_t detection_ns;
	int64_t interval_ns; // what the transmit timer goes by, 0: it rests
	instant last_sent;
	struct timer transmit, detect;
};

static uint32_t whole_us(int64_t duration_ns) {
	int64_t us = duration_ns / US_NS;

	assert(duration_ns >= 0);
	return us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static uint32_t larger(uint32_t a, uint32_t b) {
	return a > b ? a : b;
}

static void packet_send(struct bfd_session *s, bool poll, bool final) {
	const struct bfd_packet packet = {
		.diagnostic = (uint8_t)s->diagnostic,
		.state = s->state,
		.poll = poll,
		.final = final,
		.detect_multiplier = s->detect_multiplier,
		.my_discriminator = s->discriminator,
		.your_discriminator = s->remote_discriminator,
		.desired_min_tx_us = s->desired_tx_us,
		.required_min_rx_us = s->required_rx_us,
	};
	uint8_t bytes[BFD_PACKET_BYTES];

	bfd_packet_encode(&packet, bytes);
	s->counters.packets_out++;
	s->last_sent = loop_now(s->loop);
	s->events.send(s->events.owner, bytes);
}

// 6.8.7: shorter by up to a quarter, at random, and by at least a tenth when a single lost packet
// ends the session.
static int64_t jittered(struct bfd_session *s) {
	int64_t least = s->interval_ns / 4 * 3;
	int64_t most = s->detect_multiplier == 1 ? s->interval_ns / 10 * 9 : s->interval_ns;

	return least + (int64_t)random_below(&s->random, (uint64_t)(most - least) + 1);
}

// 6.8.2: the interval follows what both ends say, and 6.8.3: a shorter one counts from the last
// packet. A peer that wants nothing gets nothing.
static void transmit_adjust(struct bfd_session *s) {
	int64_t interval_ns = larger(s->active_tx_us, s->remote_min_rx_us) * US_NS;

	if (s->state == BFD_ADMIN_DOWN)
		return;
	if (s->remote_min_rx_us == 0)
		interval_ns = 0;
	if (interval_ns == s->interval_ns)
		return;
	s->interval_ns = interval_ns;
	if (interval_ns == 0)
		timer_stop(s->loop, &s->transmit);
	else
		timer_start_at(s->loop, &s->transmit, instant_add(s->last_sent, jittered(s)));
}

// 6.8.4, asynchronous mode.
static void detect_restart(struct bfd_session *s) {
	uint32_t interval_us = larger(s->active_rx_us, s->remote_desired_tx_us);

	// A peer may say 0 although it is reserved; no time at all would be no detection.
	s->detection_ns = s->remote_multiplier * (larger(interval_us, 1) * US_NS);
	timer_start(s->loop, &s->detect, s->detection_ns);
}

// 6.5: what changed is told with the Poll bit until the peer confirms. Before the peer is known
// there is nobody who could have taken note of other values.
static void poll_begin(struct bfd_session *s) {
	if (s->remote_discriminator == 0)
		return;
	s->poll_again = s->is_polling;
	s->is_polling = true;
}

// What the peer knows, we go by.
static void poll_end(struct bfd_session *s) {
	s->is_polling = false;
	s->poll_again = false;
	s->active_tx_us = s->desired_tx_us;
	s->active_rx_us = s->required_rx_us;
}

static void poll_confirm(struct bfd_session *s) {
	if (s->poll_again)
		s->poll_again = false;
	else if (s->is_polling)
		poll_end(s);
}

// 6.8.3: while up, to send less often waits for the peer's consent.
static void desired_tx_set(struct bfd_session *s, uint32_t us) {
	if (us == s->desired_tx_us)
		return;
	s->desired_tx_us = us;
	if (s->state != BFD_UP || us < s->active_tx_us)
		s->active_tx_us = us;
	poll_begin(s);
}

// 6.8.3: while up, to be content with less waits for the peer to send more often.
static void required_rx_set(struct bfd_session *s, uint32_t us) {
	if (us == s->required_rx_us)
		return;
	s->required_rx_us = us;
	if (s->state != BFD_UP || us > s->active_rx_us)
		s->active_rx_us = us;
	poll_begin(s);
}

// Takes the step that the table has for the event. `final`: the peer polls and is to be answered.
// The owner is told last, since it may free the session.
static void session_step(struct bfd_session *s, enum bfd_event event, bool final) {
	struct bfd_step step = bfd_fsm_step(s->state, event);

	if (step.next != s->state) {
		s->state = step.next;
		s->diagnostic = step.diagnostic;
	}
	if (step.actions & BFD_DO_FAST)
		desired_tx_set(s, s->configured_tx_us);
	if (step.actions & BFD_DO_SLOW)
		desired_tx_set(s, larger(s->configured_tx_us, SLOW_TX_US));
	// 6.8.7: neither an answer nor a changed state waits for the timer. 6.8.18: to a peer that
	// wants no packets, only the answer goes.
	if (((step.actions & BFD_DO_SEND) && s->remote_min_rx_us != 0) || final)
		packet_send(s, false, final);
	if (step.actions & BFD_DO_FALL_SILENT) {
		timer_stop(s->loop, &s->transmit);
		timer_stop(s->loop, &s->detect);
		return;
	}
	transmit_adjust(s);
	if (step.actions & (BFD_DO_TELL_UP | BFD_DO_TELL_DOWN))
		s->events.changed(s->events.owner, step.next, step.diagnostic);
}

static void transmit_due(struct timer *timer, void *owner) {
	struct bfd_session *s = owner;

	packet_send(s, s->is_polling, false);
	timer_start(s->loop, timer, jittered(s));
}

static void detect_expired(struct timer *timer, void *owner) {
	struct bfd_session *s = owner;

	(void)timer;
	s->remote_discriminator = 0; // 6.8.1
	s->remote_min_rx_us = 1;     // 6.8.18
	s->remote_state = BFD_DOWN;
	poll_end(s);
	session_step(s, BFD_EXPIRED, false);
}

struct bfd_session *bfd_session_new(
	struct loop *loop, const struct bfd_config *config, const struct bfd_events *events) {
	struct bfd_session *s = memory_alloc(sizeof(*s));

	assert(config->detect_multiplier > 0 && config->desired_min_tx_ns >= US_NS);
	s->loop = loop;
	s->events = *events;
	s->configured_tx_us = whole_us(config->desired_min_tx_ns);
	s->desired_tx_us = s->active_tx_us = larger(s->configured_tx_us, SLOW_TX_US);
	s->required_rx_us = s->active_rx_us = whole_us(config->required_min_rx_ns);
	s->detect_multiplier = config->detect_multiplier;
	s->remote_state = BFD_DOWN;
	random_init(&s->random, loop_seed(loop), config->name, "bfd");
	s->discriminator = 1 + (uint32_t)random_below(&s->random, UINT32_MAX); // never 0
	// They run for as long as the session does, up or down.
	timer_init(&s->transmit, TIMER_PERIODIC, transmit_due, s);
	timer_init(&s->detect, TIMER_PERIODIC, detect_expired, s);
	return s;
}

void bfd_session_free(struct bfd_session *s) {
	if (s == NULL)
		return;
	timer_stop(s->loop, &s->transmit);
	timer_stop(s->loop, &s->detect);
	free(s);
}

void bfd_session_start(struct bfd_session *s) {
	if (s->state != BFD_ADMIN_DOWN)
		return;
	s->remote_discriminator = 0;
	s->remote_state = BFD_DOWN;
	s->remote_min_rx_us = 1; // 6.8.1
	s->detection_ns = 0;
	s->interval_ns = 0;
	poll_end(s);
	session_step(s, BFD_STARTED, false);
}

void bfd_session_stop(struct bfd_session *s) {
	session_step(s, BFD_STOPPED, false);
}

void bfd_session_set_intervals(
	struct bfd_session *s, int64_t desired_min_tx_ns, int64_t required_min_rx_ns) {
	assert(desired_min_tx_ns >= US_NS);
	s->configured_tx_us = whole_us(desired_min_tx_ns);
	desired_tx_set(
		s, s->state == BFD_UP ? s->configured_tx_us : larger(s->configured_tx_us, SLOW_TX_US));
	required_rx_set(s, whole_us(required_min_rx_ns));
	transmit_adjust(s);
}

// RFC 5880 6.8.6, in its order. Demand mode is not entered, so its bit changes nothing: a peer
// that could do without our packets gets them all the same.
void bfd_session_input(struct bfd_session *s, const uint8_t *bytes, size_t length) {
	struct bfd_packet packet;

	s->counters.packets_in++;
	if (bfd_packet_decode(bytes, length, &packet) != 0) {
		s->counters.malformed++;
		return;
	}
	if (packet.your_discriminator != 0 && packet.your_discriminator != s->discriminator) {
		s->counters.misdirected++;
		return;
	}
	if (s->state == BFD_ADMIN_DOWN)
		return;
	s->remote_discriminator = packet.my_discriminator;
	s->remote_state = packet.state;
	s->remote_min_rx_us = packet.required_min_rx_us;
	s->remote_desired_tx_us = packet.desired_min_tx_us;
	s->remote_multiplier = packet.detect_multiplier;
	if (packet.final)
		poll_confirm(s);
	detect_restart(s);
	session_step(s, (enum bfd_event)packet.state, packet.poll);
}

enum bfd_state bfd_session_state(const struct bfd_session *s) {
	return s->state;
}

enum bfd_state bfd_session_remote_state(const struct bfd_session *s) {
	return s->remote_state;
}

int64_t bfd_session_detection_ns(const struct bfd_session *s) {
	return s->detection_ns;
}

const struct bfd_counters *bfd_session_counters(const struct bfd_session *s) {
	return &s->counters;
}
