#include <errno.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "proto/tcp/tcp_int.h"

// The fifth SYN's timeout ends the attempt: after 1 + 2 + 4 + 8 + 16 = 31 s.
#define SYN_SENDS_MAX 5
// Some five to seven minutes of silence, so that a BGP hold timer decides first.
#define DATA_TIMEOUTS_MAX 12
// When the owner has left: half a minute to a minute, enough for a last NOTIFICATION.
#define ORPHAN_TIMEOUTS_MAX 6
// Twice the maximum segment lifetime that most use (RFC 9293 3.4.2 allows up to 2 min), and as long
// for a peer that acknowledges our FIN but never sends its own.
#define LINGER_NS (60 * SECOND_NS)

static void retransmit_expired(struct timer *timer, void *owner) {
	struct tcp_connection *c = owner;
	struct tcp_stack *stack = c->stack;
	bool is_connecting = c->state == TCP_SYN_SENT || c->state == TCP_SYN_RECEIVED;
	bool is_orphan = c->stream.events == NULL;
	unsigned limit = is_connecting ? SYN_SENDS_MAX
		: is_orphan                ? ORPHAN_TIMEOUTS_MAX
								   : DATA_TIMEOUTS_MAX;

	(void)timer;
	tcp_stack_enter(stack);
	c->timeouts++;
	// Calling into the dark is no work in flight: who waits for the network to be done need not
	// wait for this.
	c->retransmit.kind = is_connecting ? TIMER_PERIODIC : TIMER_WORK;
	if (c->timeouts >= limit)
		tcp_connection_event(c, TCP_GOT_GIVE_UP);
	else
		tcp_connection_resend(c);
	tcp_stack_leave(stack);
}

static void linger_expired(struct timer *timer, void *owner) {
	struct tcp_connection *c = owner;
	struct tcp_stack *stack = c->stack;

	(void)timer;
	tcp_stack_enter(stack);
	tcp_connection_event(c, TCP_GOT_LINGER_OVER);
	tcp_stack_leave(stack);
}

static void flush_expired(struct timer *timer, void *owner) {
	struct tcp_connection *c = owner;
	struct tcp_stack *stack = c->stack;

	(void)timer;
	tcp_stack_enter(stack);
	tcp_connection_flush(c);
	tcp_stack_leave(stack);
}

// What an owner does goes out by a timer that is due at once: many small writes of one event leave
// as few large segments, and nothing comes back while the owner is still at work.
static void flush_soon(struct tcp_connection *c) {
	if (!timer_is_running(&c->flush))
		timer_start(c->stack->loop, &c->flush, 0);
}

static int connection_send(struct stream *stream, const void *bytes, size_t length) {
	struct tcp_connection *c = (struct tcp_connection *)stream;

	if (c->has_fin || c->state == TCP_CLOSED)
		return -EPIPE;
	if (tcp_queue_add(&c->queue, bytes, length) != 0) {
		c->wants_drained = true;
		return -ENOBUFS;
	}
	c->stack->bytes_in_flight += length;
	flush_soon(c);
	return 0;
}

// The owner leaves with a last word for the table.
static void owner_leaves(struct stream *stream, enum tcp_event event) {
	struct tcp_connection *c = (struct tcp_connection *)stream;
	struct tcp_stack *stack = c->stack;

	stream_set_owner(stream, NULL, NULL);
	tcp_stack_enter(stack);
	tcp_connection_event(c, event);
	tcp_stack_leave(stack);
}

static void connection_close(struct stream *stream) {
	owner_leaves(stream, TCP_GOT_CLOSE);
}

static void connection_reset(struct stream *stream) {
	owner_leaves(stream, TCP_GOT_ABORT);
}

static size_t connection_unsent(const struct stream *stream) {
	return ((const struct tcp_connection *)stream)->queue.length;
}

static const struct stream_ops connection_ops = {
	.send = connection_send,
	.close = connection_close,
	.reset = connection_reset,
	.unsent = connection_unsent,
};

static uint16_t offered_mss(const struct tcp_stack *stack, struct ip local) {
	uint16_t mss = stack->output.mss == NULL ? 0 : stack->output.mss(stack->output.owner, local);

	return mss == 0 ? tcp_mss_default(local) : mss;
}

// RFC 9293 3.4.1: a clock of 4 microseconds besides what can't be guessed, so that a stack that was
// started anew does not fall back onto the numbers of its former connections.
static uint32_t first_sequence_pick(struct tcp_stack *stack) {
	int64_t ticks = loop_now(stack->loop).ns / (4 * US_NS);

	return (uint32_t)random_u64(&stack->random) + (uint32_t)ticks;
}

struct tcp_connection *tcp_connection_new(struct tcp_stack *stack, const struct tcp_pair *pair) {
	struct tcp_connection *c = memory_alloc(sizeof(*c));

	c->stream.ops = &connection_ops;
	c->stack = stack;
	c->pair = *pair;
	c->first_sequence = first_sequence_pick(stack);
	c->unacknowledged = c->sent_next = c->highest = c->first_sequence;
	tcp_connection_set_mss(c, offered_mss(stack, pair->local));
	tcp_rto_init(&c->rto);
	timer_init(&c->retransmit, TIMER_WORK, retransmit_expired, c);
	timer_init(&c->flush, TIMER_WORK, flush_expired, c);
	// A network is done while closed connections linger.
	timer_init(&c->linger, TIMER_PERIODIC, linger_expired, c);
	c->previous = stack->last;
	if (stack->last != NULL)
		stack->last->next = c;
	else
		stack->first = c;
	stack->last = c;
	tcp_table_insert(&stack->table, c);
	return c;
}

void tcp_connection_set_mss(struct tcp_connection *c, uint16_t mss) {
	c->offered_mss = mss < TCP_MSS_MIN ? TCP_MSS_MIN : mss > TCP_MSS_MAX ? TCP_MSS_MAX : mss;
	c->mss = c->offered_mss;
	tcp_congestion_init(&c->congestion, c->mss, c->first_sequence, false);
}

static void timers_stop(struct tcp_connection *c) {
	timer_stop(c->stack->loop, &c->retransmit);
	timer_stop(c->stack->loop, &c->flush);
	timer_stop(c->stack->loop, &c->linger);
}

static void half_open_leave(struct tcp_connection *c) {
	if (c->is_half_open)
		c->stack->half_open--;
	c->is_half_open = false;
}

// Its pair is free at once; its memory lives until the last call into the stack has left.
static void connection_release(struct tcp_connection *c) {
	struct tcp_stack *stack = c->stack;

	timers_stop(c);
	half_open_leave(c);
	tcp_table_remove(&stack->table, c);
	stack->bytes_in_flight -= c->queue.length;
	c->next_ended = stack->ended;
	stack->ended = c;
}

void tcp_connection_free(struct tcp_connection *c) {
	struct tcp_stack *stack = c->stack;

	timers_stop(c);
	if (c->previous != NULL)
		c->previous->next = c->next;
	else
		stack->first = c->next;
	if (c->next != NULL)
		c->next->previous = c->previous;
	else
		stack->last = c->previous;
	tcp_queue_done(&c->queue);
	tcp_reassembly_done(&c->reassembly);
	free(c);
}

static void owner_tell_ended(struct tcp_connection *c, enum stream_end why) {
	const struct stream_events *events = c->stream.events;
	void *owner = c->stream.owner;

	if (events == NULL)
		return;
	stream_set_owner(&c->stream, NULL, NULL);
	events->ended(owner, &c->stream, why);
}

// Who connected is told; what came in is offered to the listener, and reset when nobody takes it.
static void owner_tell_opened(struct tcp_connection *c) {
	half_open_leave(c);
	if (!c->is_passive) {
		if (c->stream.events != NULL)
			c->stream.events->opened(c->stream.owner, &c->stream);
		return;
	}
	const struct tcp_listener *listener = tcp_stack_listener(c->stack, c->pair.local_port);
	if (listener != NULL)
		listener->accept(listener->owner, &c->stream, c->pair.local, c->pair.remote);
	if (c->stream.events == NULL && c->state == TCP_ESTABLISHED)
		tcp_connection_event(c, TCP_GOT_ABORT);
}

static void owner_tell(struct tcp_connection *c, unsigned actions) {
	if (actions & TCP_DO_TELL_OPENED)
		owner_tell_opened(c);
	if (actions & TCP_DO_TELL_CLOSED)
		owner_tell_ended(c, STREAM_CLOSED);
	if (actions & TCP_DO_TELL_RESET)
		owner_tell_ended(c, STREAM_RESET);
	if (actions & TCP_DO_TELL_REFUSED)
		owner_tell_ended(c, STREAM_REFUSED);
	if (actions & TCP_DO_TELL_TIMEOUT)
		owner_tell_ended(c, STREAM_TIMEOUT);
}

void tcp_connection_event(struct tcp_connection *c, enum tcp_event event) {
	struct tcp_step step = tcp_fsm_step(c->state, event);

	assert(c->stack->depth > 0);
	c->state = step.next;
	if (step.actions & TCP_DO_SEND_SYN)
		flush_soon(c);
	if (step.actions & TCP_DO_SEND_ACK)
		c->ack_due = true;
	if (step.actions & TCP_DO_SEND_FIN) {
		c->has_fin = true;
		c->fin_sequence = tcp_connection_data_start(c) + (uint32_t)c->queue.length;
		flush_soon(c);
	}
	if (step.actions & TCP_DO_SEND_RESET)
		tcp_connection_send_reset(c);
	if (step.actions & TCP_DO_LINGER)
		timer_start(c->stack->loop, &c->linger, LINGER_NS);
	if (step.actions & TCP_DO_RELEASE)
		connection_release(c);
	owner_tell(c, step.actions);
}
