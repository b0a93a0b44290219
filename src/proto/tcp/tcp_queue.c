#include "proto/tcp/tcp_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

#define ROOM_FIRST 1024
// An empty queue keeps this much room; what a burst needed beyond it is given back.
#define ROOM_KEPT (64 * 1024)

void tcp_queue_done(struct tcp_queue *queue) {
	free(queue->ring);
	*queue = (struct tcp_queue){0};
}

void tcp_queue_copy(const struct tcp_queue *queue, size_t offset, void *out, size_t length) {
	assert(offset <= queue->length && length <= queue->length - offset);
	if (length == 0)
		return;
	size_t at = (queue->start + offset) & (queue->room - 1);
	size_t until_end = queue->room - at;
	size_t first = length < until_end ? length : until_end;

	memcpy(out, queue->ring + at, first);
	memcpy((uint8_t *)out + first, queue->ring, length - first);
}

static void queue_grow(struct tcp_queue *queue, size_t needed) {
	size_t room = queue->room == 0 ? ROOM_FIRST : queue->room;

	while (room < needed) // at most TCP_QUEUE_MAX_BYTES, a power of two too
		room *= 2;
	if (room == queue->room)
		return;
	uint8_t *ring = memory_realloc(NULL, room);
	tcp_queue_copy(queue, 0, ring, queue->length);
	free(queue->ring);
	queue->ring = ring;
	queue->room = room;
	queue->start = 0;
}

int tcp_queue_add(struct tcp_queue *queue, const void *bytes, size_t length) {
	if (length > TCP_QUEUE_MAX_BYTES - queue->length)
		return -ENOBUFS;
	if (length == 0)
		return 0;
	queue_grow(queue, queue->length + length);
	size_t at = (queue->start + queue->length) & (queue->room - 1);
	size_t until_end = queue->room - at;
	size_t first = length < until_end ? length : until_end;

	memcpy(queue->ring + at, bytes, first);
	memcpy(queue->ring, (const uint8_t *)bytes + first, length - first);
	queue->length += length;
	return 0;
}

void tcp_queue_drop(struct tcp_queue *queue, size_t length) {
	assert(length <= queue->length);
	if (length == 0)
		return;
	queue->length -= length;
	queue->start = (queue->start + length) & (queue->room - 1);
	if (queue->length == 0 && queue->room > ROOM_KEPT)
		tcp_queue_done(queue);
}
