#include <string.h>

#include "proto/psk/psk_session_int.h"

#define RETRANSMIT_FIRST_NS SECOND_NS
#define RETRANSMIT_DOUBLINGS 5
#define RETRANSMIT_MOST_NS (30 * SECOND_NS)
#define RETRY_NS (30 * SECOND_NS)
#define ATTEMPTS_AS_WORK 3 // then an unreachable peer no longer holds up convergence
#define ATTEMPTS_AUTH_MAX 5
#define PROBES_UNTIL_DEAD 3

static timer_fn retransmit_fired;

// Only a tunnel that has not been up yet is work in flight, and only for the first attempts.
static void retransmit_arm(struct psk_session *session) {
	struct timer *timer = &session->retransmit;
	int attempts = session->exchange.attempts++;
	int64_t delay_ns = RETRANSMIT_MOST_NS;
	if (attempts < RETRANSMIT_DOUBLINGS)
		delay_ns = RETRANSMIT_FIRST_NS << attempts;
	bool is_work = !session->was_up && !session->is_mismatch && attempts < ATTEMPTS_AS_WORK;
	timer_stop(session->loop, timer);
	timer_init(timer, is_work ? TIMER_WORK : TIMER_PERIODIC, retransmit_fired, session);
	timer_start(session->loop, timer, delay_ns);
}

static void retransmit_fired(struct timer *timer, void *owner) {
	(void)timer;
	struct psk_session *session = owner;
	if (session->state == PSK_AUTH_SENT && session->exchange.attempts >= ATTEMPTS_AUTH_MAX)
		psk_session_event(session, PSK_EVENT_GIVE_UP);
	else
		psk_session_event(session, PSK_EVENT_RETRANSMIT);
}

static void begin_fired(struct timer *timer, void *owner) {
	(void)timer;
	psk_session_event(owner, PSK_EVENT_BEGIN);
}

static void expiry_fired(struct timer *timer, void *owner) {
	(void)timer;
	psk_session_event(owner, PSK_EVENT_DEAD);
}

static void probe_arm(struct psk_session *session) {
	int64_t interval_ns = session->dead_peer_ns / PROBES_UNTIL_DEAD;
	instant dead = instant_add(session->agreement.heard, session->dead_peer_ns);
	int64_t left_ns = instant_since(dead, loop_now(session->loop));
	timer_start(session->loop, &session->probe, left_ns < interval_ns ? left_ns : interval_ns);
}

// A silent peer is asked; one that stays silent is dead (RFC 7296 2.4).
static void probe_fired(struct timer *timer, void *owner) {
	(void)timer;
	struct psk_session *session = owner;
	int64_t silent_ns = instant_since(loop_now(session->loop), session->agreement.heard);
	if (silent_ns >= session->dead_peer_ns) {
		psk_session_event(session, PSK_EVENT_DEAD);
		return;
	}
	probe_arm(session);
	struct psk_message message = {.message_id = ++session->agreement.probes_sent};
	psk_send_inform(session, &message);
}

void psk_agreement_heard(struct psk_session *session) {
	session->agreement.heard = loop_now(session->loop);
	probe_arm(session);
}

static void act_resend(struct psk_session *session) {
	session->events.send(
		session->events.owner, session->exchange.sent, session->exchange.sent_bytes);
}

static void act_send_delete(struct psk_session *session) {
	if (!session->is_up)
		return;
	struct psk_message message = {
		.message_id = ++session->agreement.probes_sent, .is_delete = true};
	psk_send_inform(session, &message);
}

static void act_ready(struct psk_session *session) {
	const struct exchange *exchange = &session->exchange;
	const struct psk_material *material = &exchange->material;
	bool is_initiator = session->role == PSK_INITIATOR;
	timer_stop(session->loop, &session->retransmit);
	session->agreement = (struct agreement){
		.initiator_spi = material->initiator_spi, .responder_spi = material->responder_spi};
	memcpy(session->agreement.probe, exchange->secrets.probe, sizeof(exchange->secrets.probe));
	psk_agreement_heard(session);
	session->is_up = true;
	session->was_up = true;
	session->is_mismatch = false;
	timer_start(session->loop, &session->expiry, session->lifetime_ns);
	if (is_initiator)
		timer_start(
			session->loop, &session->begin, session->lifetime_ns - session->lifetime_ns / 10);
	struct psk_keys keys = {
		.inbound_spi = is_initiator ? material->initiator_child_spi : material->responder_child_spi,
		.outbound_spi =
			is_initiator ? material->responder_child_spi : material->initiator_child_spi,
	};
	memcpy(keys.inbound_key, exchange->secrets.esp[psk_other(session->role)], PSK_KEY_BYTES);
	memcpy(keys.outbound_key, exchange->secrets.esp[session->role], PSK_KEY_BYTES);
	session->events.ready(session->events.owner, &keys);
	secret_wipe(&keys, sizeof(keys));
}

static void agreement_end(struct psk_session *session) {
	session->is_up = false;
	secret_wipe(&session->agreement, sizeof(session->agreement));
	timer_stop(session->loop, &session->retransmit);
	timer_stop(session->loop, &session->begin);
	timer_stop(session->loop, &session->probe);
	timer_stop(session->loop, &session->expiry);
}

static void act_down(struct psk_session *session, enum psk_down why) {
	bool was_up = session->is_up;
	agreement_end(session);
	if (was_up)
		session->events.down(session->events.owner, why);
}

// What nobody authenticated can't end what was authenticated (RFC 7296 2.21.2), so with keys in use
// only the new exchange fails. Said once, not at every try.
static void act_down_mismatch(struct psk_session *session) {
	timer_stop(session->loop, &session->retransmit);
	if (session->is_up || session->is_mismatch)
		return;
	session->is_mismatch = true;
	session->events.down(session->events.owner, PSK_DOWN_KEY_MISMATCH);
}

void psk_session_act(struct psk_session *session, unsigned actions) {
	if (actions & PSK_ACT_DOWN_MISMATCH)
		act_down_mismatch(session);
	if (actions & PSK_ACT_DOWN_DEAD)
		act_down(session, PSK_DOWN_DEAD_PEER);
	if (actions & PSK_ACT_DOWN_DELETED)
		act_down(session, PSK_DOWN_DELETED);
	if (actions & PSK_ACT_READY)
		act_ready(session);
	if (actions & PSK_ACT_SEND_INIT)
		psk_send_init(session);
	if (actions & PSK_ACT_SEND_INIT_REPLY)
		psk_send_init_reply(session);
	if (actions & (PSK_ACT_SEND_AUTH | PSK_ACT_SEND_AUTH_REPLY))
		psk_send_auth(session);
	if (actions & PSK_ACT_SEND_REFUSAL)
		psk_send_refusal(session);
	if (actions & PSK_ACT_SEND_DELETE) {
		act_send_delete(session);
		agreement_end(session);
	}
	if (actions & PSK_ACT_RESEND)
		act_resend(session);
	if (session->role == PSK_INITIATOR &&
		(actions & (PSK_ACT_SEND_INIT | PSK_ACT_SEND_AUTH | PSK_ACT_RESEND)))
		retransmit_arm(session);
	if (actions & PSK_ACT_ARM_RETRY)
		timer_start(session->loop, &session->begin, RETRY_NS);
}

void psk_session_event(struct psk_session *session, enum psk_event event) {
	struct psk_step step = psk_fsm_step(session->role, session->state, event);
	session->state = step.next;
	psk_session_act(session, step.actions);
}

void psk_timers_init(struct psk_session *session) {
	timer_init(&session->retransmit, TIMER_PERIODIC, retransmit_fired, session);
	timer_init(&session->begin, TIMER_PERIODIC, begin_fired, session);
	timer_init(&session->probe, TIMER_PERIODIC, probe_fired, session);
	timer_init(&session->expiry, TIMER_PERIODIC, expiry_fired, session);
}
