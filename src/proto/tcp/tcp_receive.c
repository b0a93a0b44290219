#include "proto/tcp/tcp_int.h"

// RFC 5961 7: so many unasked acknowledgements a second; else two ends that disagree about their
// sequence numbers would answer each other for ever.
#define CHALLENGES_MAX 10

static size_t smaller(size_t a, size_t b) {
	return a < b ? a : b;
}

static void challenge(struct tcp_connection *c) {
	instant now = loop_now(c->stack->loop);

	if (c->challenges == 0 || instant_since(now, c->challenges_from) >= SECOND_NS) {
		c->challenges_from = now;
		c->challenges = 0;
	}
	if (c->challenges == CHALLENGES_MAX)
		return;
	c->challenges++;
	c->ack_due = true;
}

static void window_learn(struct tcp_connection *c, const struct tcp_segment *segment) {
	c->peer_window = segment->window;
	c->window_sequence = segment->sequence;
	c->window_acknowledgement = segment->acknowledgement;
}

void tcp_connection_learn_syn(struct tcp_connection *c, const struct tcp_segment *segment) {
	uint32_t mss = segment->mss;

	if (mss == 0)
		mss = tcp_mss_default(c->pair.remote);
	if (mss < TCP_MSS_MIN)
		mss = TCP_MSS_MIN;
	if (mss < c->mss)
		c->mss = mss;
	c->expected = segment->sequence + 1;
	window_learn(c, segment);
}

// Takes note that all before segment->acknowledgement has arrived. True when the peer lacks the
// next segment, too.
static bool acknowledged(struct tcp_connection *c, const struct tcp_segment *segment) {
	uint32_t acked = segment->acknowledgement - c->unacknowledged;
	size_t data = segment->acknowledgement - tcp_connection_data_start(c);
	struct loop *loop = c->stack->loop;

	if (data > c->queue.length) // our FIN
		data = c->queue.length;
	tcp_queue_drop(&c->queue, data);
	c->stack->bytes_in_flight -= data;
	c->unacknowledged = segment->acknowledgement;
	if (sequence_before(c->sent_next, c->unacknowledged))
		c->sent_next = c->unacknowledged;
	c->timeouts = 0;
	if (c->is_measuring && !sequence_before(c->unacknowledged, c->measured_end)) {
		c->is_measuring = false;
		tcp_rto_sample(&c->rto, instant_since(loop_now(loop), c->measured_from));
	}
	if (c->unacknowledged == c->highest) // RFC 6298 5.2, 5.3
		timer_stop(loop, &c->retransmit);
	else
		timer_start(loop, &c->retransmit, c->rto.timeout_ns);
	struct tcp_flight flight = {c->unacknowledged, c->highest};
	return tcp_congestion_acknowledged(&c->congestion, &flight, acked);
}

// Our SYN is acknowledged and the peer's is known.
static void handshake_finish(
	struct tcp_connection *c, const struct tcp_segment *segment, enum tcp_event event) {
	bool syn_was_lost = c->timeouts > 0;

	window_learn(c, segment);
	timer_stop(c->stack->loop, &c->retransmit);
	c->retransmit.kind = TIMER_WORK;
	acknowledged(c, segment);
	tcp_congestion_init(&c->congestion, c->mss, c->first_sequence, syn_was_lost);
	if (syn_was_lost)
		tcp_rto_syn_was_lost(&c->rto);
	tcp_connection_event(c, event);
}

// RFC 9293 3.10.7.3. What a SYN carries besides is not taken; it will be sent again.
static void receive_syn_sent(struct tcp_connection *c, const struct tcp_segment *segment) {
	bool has_ack = (segment->flags & TCP_ACK) != 0;
	bool is_ours = has_ack && segment->acknowledgement == c->first_sequence + 1 &&
		c->highest != c->first_sequence;

	if (has_ack && !is_ours) {
		tcp_stack_refuse(c->stack, &c->pair, segment);
		return;
	}
	if ((segment->flags & TCP_RST) != 0) {
		if (is_ours)
			tcp_connection_event(c, TCP_GOT_RESET);
		return;
	}
	if ((segment->flags & TCP_SYN) == 0)
		return;
	tcp_connection_learn_syn(c, segment);
	if (is_ours) {
		handshake_finish(c, segment, TCP_GOT_SYN_ACK);
		return;
	}
	c->sent_next = c->first_sequence; // our SYN goes again, with an acknowledgement
	tcp_connection_event(c, TCP_GOT_SYN);
}

// RFC 9293 3.4: some of it lies in the window.
static bool is_acceptable(const struct tcp_connection *c, const struct tcp_segment *segment) {
	uint32_t span = tcp_segment_span(segment);
	uint32_t first = segment->sequence - c->expected;

	return first < TCP_WINDOW_BYTES || (span > 0 && first + span - 1 < TCP_WINDOW_BYTES);
}

// RFC 9293 3.10.7.4 first, second and fourth, with RFC 5961: is this a segment to go on with?
static bool check_sequence(struct tcp_connection *c, const struct tcp_segment *segment) {
	bool has_reset = (segment->flags & TCP_RST) != 0;

	if (!is_acceptable(c, segment)) {
		if (has_reset)
			return false;
		if (c->state == TCP_TIME_WAIT && (segment->flags & TCP_FIN) != 0)
			tcp_connection_event(c, TCP_GOT_FIN);
		else if (segment->payload_bytes > 0) // old data: the acknowledgement was lost
			c->ack_due = true;
		else
			challenge(c);
		return false;
	}
	if (has_reset) { // RFC 5961 3.2
		if (segment->sequence == c->expected)
			tcp_connection_event(c, TCP_GOT_RESET);
		else
			challenge(c);
		return false;
	}
	if ((segment->flags & TCP_SYN) != 0) { // RFC 5961 4.2
		challenge(c);
		return false;
	}
	return (segment->flags & TCP_ACK) != 0;
}

// RFC 5681 2: says nothing but that something behind a gap has arrived.
static bool is_duplicate(const struct tcp_connection *c, const struct tcp_segment *segment) {
	return segment->acknowledgement == c->unacknowledged && c->highest != c->unacknowledged &&
		tcp_segment_span(segment) == 0 && segment->window == c->peer_window && c->peer_window != 0;
}

static void window_update(struct tcp_connection *c, const struct tcp_segment *segment) {
	if (sequence_before(c->window_sequence, segment->sequence) ||
		(c->window_sequence == segment->sequence &&
			!sequence_before(segment->acknowledgement, c->window_acknowledgement)))
		window_learn(c, segment);
	if (c->peer_window == 0) // RFC 9293 3.8.6.1: as long as it answers, it is probed
		c->timeouts = 0;
}

// Tells an owner who was turned away that there is room again.
static void drained_tell(struct tcp_connection *c) {
	if (!c->wants_drained || c->stream.events == NULL || c->queue.length > TCP_QUEUE_MAX_BYTES / 2)
		return;
	c->wants_drained = false;
	if (c->stream.events->drained != NULL)
		c->stream.events->drained(c->stream.owner, &c->stream);
}

// RFC 9293 3.10.7.4 fifth. False when the segment is to be dropped.
static bool receive_acknowledgement(struct tcp_connection *c, const struct tcp_segment *segment) {
	struct tcp_flight flight = {c->unacknowledged, c->highest};
	bool is_new = sequence_before(c->unacknowledged, segment->acknowledgement);
	bool is_lost;

	if (sequence_before(c->highest, segment->acknowledgement)) {
		challenge(c);
		return false;
	}
	if (is_new) {
		is_lost = acknowledged(c, segment);
	} else {
		// RFC 5961 5.2: far too old to have been in flight.
		if (sequence_before(segment->acknowledgement, c->unacknowledged - TCP_WINDOW_BYTES)) {
			challenge(c);
			return false;
		}
		is_lost = is_duplicate(c, segment) && tcp_congestion_duplicate(&c->congestion, &flight);
	}
	if (!sequence_before(segment->acknowledgement, flight.unacknowledged))
		window_update(c, segment);
	if (is_lost)
		tcp_connection_resend_first(c);
	if (c->has_fin && sequence_before(c->fin_sequence, c->unacknowledged))
		tcp_connection_event(c, TCP_GOT_ACK_OF_FIN);
	drained_tell(c);
	return c->state != TCP_CLOSED;
}

static bool may_receive_data(const struct tcp_connection *c) {
	return c->state == TCP_ESTABLISHED || c->state == TCP_FIN_WAIT_1 || c->state == TCP_FIN_WAIT_2;
}

// Hands on bytes that begin at the expected one. Without an owner they go nowhere.
static void bytes_deliver(struct tcp_connection *c, const uint8_t *bytes, size_t length) {
	c->expected += (uint32_t)length;
	if (c->stream.events != NULL)
		c->stream.events->received(c->stream.owner, &c->stream, bytes, length);
}

// RFC 9293 3.10.7.4 seventh. The sequence number may lie before the expected one, the end behind
// the window.
static void receive_payload(struct tcp_connection *c, const struct tcp_segment *segment) {
	uint32_t sequence = segment->sequence;
	const uint8_t *bytes = segment->payload;
	size_t length = segment->payload_bytes;

	if (sequence_before(sequence, c->expected)) {
		size_t old = smaller(c->expected - sequence, length);
		sequence += (uint32_t)old;
		bytes += old;
		length -= old;
	}
	if (length == 0)
		return;
	length = smaller(length, TCP_WINDOW_BYTES - (sequence - c->expected));
	if (sequence != c->expected) {
		tcp_reassembly_add(&c->reassembly, c->expected, sequence, bytes, length);
		return;
	}
	bytes_deliver(c, bytes, length);
	// Ends with the pieces that are held, at most twice as many as TCP_REASSEMBLY_PIECES.
	while (c->reassembly.count > 0 && may_receive_data(c)) {
		length = tcp_reassembly_ready(&c->reassembly, c->expected, &bytes);
		if (length == 0)
			break;
		bytes_deliver(c, bytes, length);
	}
}

// RFC 9293 3.10.7.4 seventh and eighth.
static void receive_data(struct tcp_connection *c, const struct tcp_segment *segment) {
	if (tcp_segment_span(segment) == 0 || !may_receive_data(c))
		return;
	c->ack_due = true;
	if ((segment->flags & TCP_FIN) != 0 && !c->has_peer_fin) {
		c->has_peer_fin = true;
		c->peer_fin_sequence = segment->sequence + (uint32_t)segment->payload_bytes;
	}
	receive_payload(c, segment);
	if (may_receive_data(c) && c->has_peer_fin &&
		!sequence_before(c->expected, c->peer_fin_sequence)) {
		c->expected++;
		tcp_connection_event(c, TCP_GOT_FIN);
	}
}

static void receive_synchronized(struct tcp_connection *c, const struct tcp_segment *segment) {
	if (!check_sequence(c, segment))
		return;
	if (c->state == TCP_SYN_RECEIVED) {
		if (segment->acknowledgement != c->first_sequence + 1) {
			tcp_stack_refuse(c->stack, &c->pair, segment);
			return;
		}
		handshake_finish(c, segment, TCP_GOT_ACK_OF_SYN);
		if (c->state == TCP_CLOSED)
			return;
	} else if (!receive_acknowledgement(c, segment)) {
		return;
	}
	receive_data(c, segment);
}

void tcp_connection_receive(struct tcp_connection *c, const struct tcp_segment *segment) {
	if (c->state == TCP_SYN_SENT)
		receive_syn_sent(c, segment);
	else
		receive_synchronized(c, segment);
	if (c->state != TCP_CLOSED)
		tcp_connection_flush(c);
}
