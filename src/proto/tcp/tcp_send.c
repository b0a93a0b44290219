#include "base/assert.h"
#include "proto/tcp/tcp_int.h"

static size_t smaller(size_t a, size_t b) {
	return a < b ? a : b;
}

static bool may_send_data(const struct tcp_connection *c) {
	return c->state == TCP_ESTABLISHED || c->state == TCP_FIN_WAIT_1 || c->state == TCP_CLOSING ||
		c->state == TCP_LAST_ACK;
}

// Data or a FIN that is not yet acknowledged, sent or not.
static bool is_something_left(const struct tcp_connection *c) {
	return c->queue.length > 0 ||
		(c->has_fin && !sequence_before(c->fin_sequence, c->unacknowledged));
}

static void segment_emit(
	struct tcp_connection *c, uint32_t sequence, uint8_t flags, size_t length) {
	uint8_t bytes[TCP_HEADER_BYTES + TCP_MSS_OPTION_BYTES + TCP_MSS_MAX];
	struct tcp_segment segment = {
		.source_port = c->pair.local_port,
		.destination_port = c->pair.remote_port,
		.sequence = sequence,
		.acknowledgement = (flags & TCP_ACK) != 0 ? c->expected : 0,
		.flags = flags,
		.window = TCP_WINDOW_BYTES,
		.mss = (flags & TCP_SYN) != 0 ? c->offered_mss : 0,
	};
	size_t header_bytes = tcp_header_encode(&segment, bytes);

	assert(length <= TCP_MSS_MAX);
	if (length > 0)
		tcp_queue_copy(
			&c->queue, sequence - tcp_connection_data_start(c), bytes + header_bytes, length);
	tcp_checksum_set(c->pair.local, c->pair.remote, bytes, header_bytes + length);
	if ((flags & TCP_ACK) != 0)
		c->ack_due = false;
	c->stack->counters.segments_out++;
	c->stack->output.send(
		c->stack->output.owner, c->pair.local, c->pair.remote, bytes, header_bytes + length);
}

// Sends a segment that takes sequence space and so has to be acknowledged. All is noted down before
// it leaves, since the answer may be here before the call returns.
static void segment_send(
	struct tcp_connection *c, uint32_t sequence, uint8_t flags, size_t length) {
	uint32_t end = sequence + (uint32_t)length + ((flags & (TCP_SYN | TCP_FIN)) != 0);

	if (sequence_before(sequence, c->highest)) {
		c->stack->counters.retransmissions++;
		c->is_measuring = false; // RFC 6298 3: which of the two was acknowledged can't be told
	} else if (!c->is_measuring) {
		c->is_measuring = true;
		c->measured_end = end;
		c->measured_from = loop_now(c->stack->loop);
	}
	if (sequence_before(c->sent_next, end))
		c->sent_next = end;
	if (sequence_before(c->highest, end))
		c->highest = end;
	if (!timer_is_running(&c->retransmit)) // RFC 6298 5.1
		timer_start(c->stack->loop, &c->retransmit, c->rto.timeout_ns);
	segment_emit(c, sequence, flags, length);
}

// A segment with up to `limit` bytes at `sequence`, FIN and PSH where they belong.
static void data_send(struct tcp_connection *c, uint32_t sequence, size_t limit) {
	size_t left = c->queue.length - (sequence - tcp_connection_data_start(c));
	size_t length = smaller(smaller(left, limit), c->mss);
	uint8_t flags = TCP_ACK;

	if (length > 0 && length == left)
		flags |= TCP_PSH;
	if (c->has_fin && length == left)
		flags |= TCP_FIN;
	segment_send(c, sequence, flags, length);
}

// Sends the next segment if there is something to send and both windows have room.
static bool next_send(struct tcp_connection *c) {
	if (!may_send_data(c) || !is_something_left(c))
		return false;
	size_t offset = c->sent_next - tcp_connection_data_start(c);
	size_t in_flight = c->sent_next - c->unacknowledged;
	size_t window = smaller(c->peer_window, c->congestion.window);
	size_t usable = window > in_flight ? window - in_flight : 0;

	if (offset > c->queue.length) // the FIN is out
		return false;
	size_t left = c->queue.length - offset;
	size_t length = smaller(smaller(left, usable), c->mss);
	if (length == 0 && !(c->has_fin && left == 0))
		return false;
	// RFC 9293 3.8.6.2.1: no crumbs just because the window ends here; an acknowledgement will
	// come.
	if (length < left && length < c->mss && in_flight > 0)
		return false;
	data_send(c, c->sent_next, length);
	return true;
}

static void syn_send(struct tcp_connection *c) {
	if (c->sent_next != c->first_sequence)
		return;
	uint8_t flags = c->state == TCP_SYN_RECEIVED ? TCP_SYN | TCP_ACK : TCP_SYN;
	segment_send(c, c->first_sequence, flags, 0);
}

void tcp_connection_flush(struct tcp_connection *c) {
	timer_stop(c->stack->loop, &c->flush);
	if (c->state == TCP_SYN_SENT || c->state == TCP_SYN_RECEIVED)
		syn_send(c);
	// Ends with the window, and that is bounded by TCP_WINDOW_BYTES.
	while (next_send(c))
		continue;
	// The peer's window is shut: probe it when the timer expires (RFC 9293 3.8.6.1).
	if (may_send_data(c) && is_something_left(c) && !timer_is_running(&c->retransmit))
		timer_start(c->stack->loop, &c->retransmit, c->rto.timeout_ns);
	// Never below what was sent: a peer that has it all would drop the acknowledgement as old.
	if (c->ack_due && c->state != TCP_CLOSED)
		segment_emit(c, c->highest, TCP_ACK, 0);
}

void tcp_connection_resend(struct tcp_connection *c) {
	struct tcp_flight flight = {c->unacknowledged, c->highest};

	if (may_send_data(c) && c->highest != c->unacknowledged)
		tcp_congestion_timeout(&c->congestion, &flight);
	tcp_rto_back_off(&c->rto);
	c->is_measuring = false;
	c->sent_next = c->unacknowledged;
	tcp_connection_flush(c);
	// Still nothing in flight means a shut window: a single byte probes it.
	if (may_send_data(c) && c->sent_next == c->unacknowledged && c->queue.length > 0)
		data_send(c, c->unacknowledged, 1);
}

void tcp_connection_resend_first(struct tcp_connection *c) {
	if (may_send_data(c) && is_something_left(c))
		data_send(c, c->unacknowledged, c->mss);
}

void tcp_connection_shrink(struct tcp_connection *c, uint32_t mss) {
	if (mss >= c->mss)
		return;
	c->mss = mss;
	tcp_congestion_set_mss(&c->congestion, mss);
	if (!may_send_data(c))
		return;
	c->is_measuring = false;
	c->sent_next = c->unacknowledged;
	tcp_connection_flush(c);
}

void tcp_connection_send_reset(struct tcp_connection *c) {
	// What the peer expects next if nothing was lost. Otherwise it asks back (RFC 5961 3.2), and
	// then gets the number that it wants.
	c->stack->counters.resets_out++;
	segment_emit(c, c->highest, TCP_RST | TCP_ACK, 0);
}

void tcp_stack_refuse(
	struct tcp_stack *stack, const struct tcp_pair *pair, const struct tcp_segment *segment) {
	uint8_t bytes[TCP_HEADER_BYTES];
	struct tcp_segment reset = {
		.source_port = pair->local_port,
		.destination_port = pair->remote_port,
	};

	if ((segment->flags & TCP_RST) != 0)
		return;
	if ((segment->flags & TCP_ACK) != 0) {
		reset.flags = TCP_RST;
		reset.sequence = segment->acknowledgement;
	} else {
		reset.flags = TCP_RST | TCP_ACK;
		reset.acknowledgement = segment->sequence + tcp_segment_span(segment);
	}
	size_t length = tcp_header_encode(&reset, bytes);
	tcp_checksum_set(pair->local, pair->remote, bytes, length);
	stack->counters.segments_out++;
	stack->counters.resets_out++;
	stack->output.send(stack->output.owner, pair->local, pair->remote, bytes, length);
}
