// The bytes a connection has still to get across: a ring that grows to a bound. Pure.
#pragma once

#include <stddef.h>
#include <stdint.h>

// The most that may wait, enough for a full table of routes to a peer that is slow to take it.
#define TCP_QUEUE_MAX_BYTES (16U << 20)

// All zero is an empty queue.
struct tcp_queue {
	uint8_t *ring;
	size_t room;  // a power of two, or 0
	size_t start; // where the oldest byte stands
	size_t length;
};

void tcp_queue_done(struct tcp_queue *queue);
// -ENOBUFS, and nothing added, when it would exceed the bound.
int tcp_queue_add(struct tcp_queue *queue, const void *bytes, size_t length);
// Copies `length` bytes that begin `offset` behind the oldest.
void tcp_queue_copy(const struct tcp_queue *queue, size_t offset, void *out, size_t length);
// Forgets the oldest `length` bytes.
void tcp_queue_drop(struct tcp_queue *queue, size_t length);
