// A reliable byte stream, as BGP needs one: proto/tcp over the world's packets, a socket in live/.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct stream;

enum stream_end {
	STREAM_CLOSED,  // the peer closed it in order
	STREAM_RESET,   // a reset came
	STREAM_TIMEOUT, // retransmissions or connecting gave up
	STREAM_REFUSED,
};

// What a stream tells its owner. After `ended` the stream is gone and must not be touched.
struct stream_events {
	void (*opened)(void *owner, struct stream *stream);
	void (*received)(void *owner, struct stream *stream, const uint8_t *bytes, size_t length);
	void (*ended)(void *owner, struct stream *stream, enum stream_end why);
	// After a send that failed with -ENOBUFS: half of the send queue is free again. May be NULL.
	void (*drained)(void *owner, struct stream *stream);
};

struct stream_ops {
	// Queues all of it. -ENOBUFS when the bounded send queue is full, -EPIPE when it is closing.
	int (*send)(struct stream *stream, const void *bytes, size_t length);
	// Sends what is queued, then ends in order. No event follows.
	void (*close)(struct stream *stream);
	// Ends at once with a reset. No event follows.
	void (*reset)(struct stream *stream);
	// Bytes queued and not yet acknowledged.
	size_t (*unsent)(const struct stream *stream);
};

// The first member of every implementation.
struct stream {
	const struct stream_ops *ops;
	const struct stream_events *events;
	void *owner;
};

static inline void stream_set_owner(
	struct stream *stream, const struct stream_events *events, void *owner) {
	stream->events = events;
	stream->owner = owner;
}
