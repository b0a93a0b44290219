// For tests: two stacks on a virtual loop, joined by a link. Everything that a stack says to its
// owner is noted in the order it was said.
#pragma once

#include "proto/tcp/tcp_pair_link.h"

static inline void pair_note(struct pair_end *end, char what, struct stream *stream) {
	size_t length = strlen(end->log);

	// Data events are many; a run of them is one letter.
	if (what != 'D' || length == 0 || end->log[length - 1] != 'D') {
		assert(length + 1 < PAIR_LOG_BYTES);
		end->log[length] = what;
	}
	if (end->also != NULL)
		end->also(end, what, stream);
}

static inline void pair_opened(void *owner, struct stream *stream) {
	pair_note(owner, 'O', stream);
}

static inline void pair_received(
	void *owner, struct stream *stream, const uint8_t *bytes, size_t length) {
	struct pair_end *end = owner;

	assert(length > 0);
	digest_add(&end->digest, bytes, length);
	end->received_bytes += length;
	pair_note(end, 'D', stream);
}

static inline void pair_ended(void *owner, struct stream *stream, enum stream_end why) {
	struct pair_end *end = owner;

	if (end->stream == stream)
		end->stream = NULL;
	pair_note(end, "crxf"[why], stream);
}

static inline void pair_drained(void *owner, struct stream *stream) {
	pair_note(owner, 'W', stream);
}

static const struct stream_events pair_events = {
	.opened = pair_opened,
	.received = pair_received,
	.ended = pair_ended,
	.drained = pair_drained,
};

static inline void pair_accept(
	void *owner, struct stream *stream, struct ip local, struct ip remote) {
	struct pair_end *end = owner;

	assert(ip_equal(local, end->ip));
	assert(ip_equal(remote, pair_peer(end)->ip));
	end->stream = stream;
	stream_set_owner(stream, &pair_events, end);
	pair_note(end, 'A', stream);
}

// A restart: the stack forgets all and begins anew under `name`.
static inline void pair_end_start(struct pair_end *end, const char *name) {
	const struct tcp_output output = {.send = pair_send, .owner = end};

	tcp_stack_free(end->stack);
	end->stack = tcp_stack_new(end->pair->loop, &output, name);
	end->stream = NULL;
	digest_init(&end->digest);
}

static inline void pair_open(struct pair *pair, uint64_t seed) {
	memset(pair, 0, sizeof(*pair));
	clock_init_virtual(&pair->clock);
	pair->loop = loop_new(&pair->clock, seed);
	random_init(&pair->random, seed, "pair", "link");
	pair->delay_ns = 5 * MS_NS;
	pair->a.pair = pair->b.pair = pair;
	pair->a.ip = ip_of_v4(0x0a000001);
	pair->b.ip = ip_of_v4(0x0a000002);
	pair_end_start(&pair->a, "a");
	pair_end_start(&pair->b, "b");
	tcp_listen(pair->b.stack, PAIR_PORT, pair_accept, &pair->b);
}

static inline void pair_connect(struct pair_end *end, uint16_t mss_bytes) {
	const struct tcp_address to = {
		.local = end->ip,
		.remote = pair_peer(end)->ip,
		.remote_port = PAIR_PORT,
		.mss_bytes = mss_bytes,
	};

	end->stream = tcp_connect(end->stack, &to, &pair_events, end);
}

static inline void pair_run(struct pair *pair, int64_t duration_ns) {
	loop_run_until(pair->loop, instant_add(loop_now(pair->loop), duration_ns));
}

// A pair with an open connection from a to b.
static inline void pair_open_connected(struct pair *pair, uint64_t seed) {
	pair_open(pair, seed);
	pair_connect(&pair->a, 1460);
	pair_run(pair, 100 * MS_NS);
	assert(strcmp(pair->a.log, "O") == 0);
	assert(strcmp(pair->b.log, "A") == 0);
}

// Nothing may be left over: no work, no bytes, no packet.
static inline void pair_close(struct pair *pair) {
	pair_run(pair, 3600 * SECOND_NS);
	assert(pair->in_flight == 0);
	assert(loop_work_pending(pair->loop) == 0);
	assert(tcp_bytes_in_flight(pair->a.stack) == 0);
	assert(tcp_bytes_in_flight(pair->b.stack) == 0);
	tcp_stack_free(pair->a.stack);
	tcp_stack_free(pair->b.stack);
	loop_free(pair->loop);
}

static inline int pair_say(struct pair_end *end, const char *words) {
	return end->stream->ops->send(end->stream, words, strlen(words));
}

static inline void pair_stream_close(struct pair_end *end) {
	struct stream *stream = end->stream;

	end->stream = NULL;
	stream->ops->close(stream);
}

static inline void pair_stream_reset(struct pair_end *end) {
	struct stream *stream = end->stream;

	end->stream = NULL;
	stream->ops->reset(stream);
}
