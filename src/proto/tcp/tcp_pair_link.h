// For tests: the link between two stacks (tcp_pair.h). It delays, loses, repeats, reorders, damages
// and has an MTU.
#pragma once

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/random.h"
#include "proto/tcp/tcp.h"
#include "proto/tcp/tcp_wire.h"

#define PAIR_PORT 179
#define PAIR_LOG_BYTES 64

// One end. `log` has a letter for each event: A accepted, O opened, D data, W drained; then the
// end: c closed, r reset, x timeout, f refused.
struct pair_end {
	struct pair *pair;
	struct tcp_stack *stack;
	struct ip ip;
	struct stream *stream; // the one open stream, NULL when none
	char log[PAIR_LOG_BYTES];
	struct digest digest; // of all that was received
	size_t received_bytes;
	size_t segments_sent;
	size_t largest_payload;
	struct tcp_segment last_sent; // without its payload
	// Called for each event, after it was noted.
	void (*also)(struct pair_end *end, char what, struct stream *stream);
	bool is_silent; // what it sends is lost
};

struct pair {
	struct clock clock;
	struct loop *loop;
	struct random random;
	struct pair_end a, b;
	int64_t delay_ns;
	int64_t jitter_ns; // up to so much more, so segments overtake each other
	uint32_t loss_millionths;
	uint32_t repeat_millionths;
	uint32_t damage_millionths; // a bit flipped, a byte cut off
	uint32_t mtu_bytes;         // larger segments are dropped and the sender told; 0: any
	size_t in_flight;
};

// A segment, or the news that one was too big, on its way.
struct pair_packet {
	struct timer timer;
	struct pair_end *to;
	bool is_too_big;
	size_t length;
	uint8_t bytes[];
};

static inline struct pair_end *pair_peer(struct pair_end *end) {
	return end == &end->pair->a ? &end->pair->b : &end->pair->a;
}

static inline void pair_arrive(struct timer *timer, void *owner) {
	struct pair_packet *packet = owner;
	struct pair_end *to = packet->to;
	struct pair *pair = to->pair;

	(void)timer;
	pair->in_flight--;
	if (packet->is_too_big)
		tcp_path_mtu(to->stack, to->ip, pair_peer(to)->ip, pair->mtu_bytes);
	else
		tcp_input(to->stack, pair_peer(to)->ip, to->ip, packet->bytes, packet->length);
	free(packet);
}

static inline void pair_deliver(struct pair_end *to, const uint8_t *bytes, size_t length) {
	struct pair *pair = to->pair;
	struct pair_packet *packet = memory_alloc(sizeof(*packet) + length);
	int64_t delay_ns = pair->delay_ns;

	packet->to = to;
	packet->length = length;
	packet->is_too_big = bytes == NULL;
	if (bytes != NULL)
		memcpy(packet->bytes, bytes, length);
	if (pair->jitter_ns > 0)
		delay_ns += (int64_t)random_below(&pair->random, (uint64_t)pair->jitter_ns);
	if (length > 0 && random_chance(&pair->random, pair->damage_millionths)) {
		packet->bytes[random_below(&pair->random, length)] ^= 0x10;
		packet->length -= random_below(&pair->random, 2);
	}
	pair->in_flight++;
	timer_init(&packet->timer, TIMER_WORK, pair_arrive, packet);
	timer_start(pair->loop, &packet->timer, delay_ns);
}

static inline void pair_send(
	void *owner, struct ip source, struct ip destination, const uint8_t *segment, size_t length) {
	struct pair_end *end = owner;
	struct pair *pair = end->pair;

	assert(ip_equal(source, end->ip) && ip_equal(destination, pair_peer(end)->ip));
	assert(tcp_checksum_holds(source, destination, segment, length));
	assert(tcp_segment_decode(segment, length, &end->last_sent) == 0);
	end->segments_sent++;
	if (end->last_sent.payload_bytes > end->largest_payload)
		end->largest_payload = end->last_sent.payload_bytes;
	if (end->is_silent || random_chance(&pair->random, pair->loss_millionths))
		return;
	if (pair->mtu_bytes != 0 && length + 20 > pair->mtu_bytes) {
		pair_deliver(end, NULL, 0);
		return;
	}
	pair_deliver(pair_peer(end), segment, length);
	if (random_chance(&pair->random, pair->repeat_millionths))
		pair_deliver(pair_peer(end), segment, length);
}
