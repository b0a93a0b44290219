// For tests: streams with a delay between the speakers of bgp_lab.h.
#pragma once

#include <string.h>

#include "base/memory.h"
#include "proto/bgp/bgp_int.h"

#define LAB_NODES 4
#define LAB_DELAY_NS (1 * MS_NS)

static const struct decision_step LAB_STEPS[] = {
	{DECIDE_DISTANCE, NULL},
	{DECIDE_WEIGHT, NULL},
	{DECIDE_LOCAL_PREFERENCE, NULL},
	{DECIDE_LOCAL_ORIGIN, NULL},
	{DECIDE_AS_PATH, "RFC 4271 9.1.2.2 a"},
	{DECIDE_ORIGIN, NULL},
	{DECIDE_MED, NULL},
	{DECIDE_EXTERNAL, NULL},
	{DECIDE_METRIC, NULL},
	{DECIDE_ROUTER_ID, NULL},
	{DECIDE_NEIGHBOR, NULL},
};

struct lab;

struct lab_node {
	struct lab *lab;
	struct rib *rib;
	struct bgp_speaker *speaker;
	struct route_source connected;
	size_t ups, downs, connects;
};

struct lab {
	struct clock clock;
	struct loop *loop;
	struct arena *arena; // streams and what is under way
	struct attributes_table *attributes;
	struct decision decision;
	struct lab_node nodes[LAB_NODES];
	size_t under_way; // bytes
	bool is_cut;      // nothing arrives, nobody is told
	bool is_full;     // streams take nothing
	bool is_closed;   // connecting fails
};

struct lab_stream {
	struct stream stream;
	struct lab *lab;
	struct lab_node *node; // whose end it is
	struct lab_stream *other;
	struct ip local, remote;
	bool is_gone;
};

enum lab_kind { LAB_OPENED, LAB_ACCEPT, LAB_BYTES, LAB_CLOSED, LAB_RESET };

struct lab_event {
	struct timer timer;
	struct lab_stream *to;
	enum lab_kind kind;
	size_t length;
	uint8_t bytes[];
};

static inline struct ip lab_address(size_t node) {
	return ip_of_v4(0x0a000001u + (uint32_t)node);
}

static inline void lab_fires(struct timer *timer, void *owner) {
	struct lab_event *event = owner;
	struct lab_stream *to = event->to;
	struct stream *stream = &to->stream;

	(void)timer;
	to->lab->under_way -= event->length;
	if (to->is_gone || to->lab->is_cut)
		return;
	to->is_gone = event->kind == LAB_CLOSED || event->kind == LAB_RESET;
	switch (event->kind) {
	case LAB_OPENED:
		stream->events->opened(stream->owner, stream);
		break;
	case LAB_ACCEPT:
		bgp_accept(to->node->speaker, stream, to->local, to->remote);
		break;
	case LAB_BYTES:
		stream->events->received(stream->owner, stream, event->bytes, event->length);
		break;
	case LAB_CLOSED:
	case LAB_RESET:
		if (stream->events)
			stream->events->ended(
				stream->owner, stream, event->kind == LAB_RESET ? STREAM_RESET : STREAM_CLOSED);
		break;
	}
}

static inline void lab_post(
	struct lab_stream *to, enum lab_kind kind, int64_t delay_ns, const void *bytes, size_t length) {
	struct lab_event *event = arena_alloc(to->lab->arena, sizeof(*event) + length);

	event->to = to;
	event->kind = kind;
	event->length = length;
	if (length > 0)
		memcpy(event->bytes, bytes, length);
	to->lab->under_way += length;
	timer_init(&event->timer, TIMER_WORK, lab_fires, event);
	timer_start(to->lab->loop, &event->timer, delay_ns);
}

static inline int lab_send(struct stream *stream, const void *bytes, size_t length) {
	struct lab_stream *from = (struct lab_stream *)(void *)stream;

	lab_post(from->other, LAB_BYTES, LAB_DELAY_NS, bytes, length);
	return 0;
}

static inline void lab_end(struct stream *stream, enum lab_kind kind) {
	struct lab_stream *from = (struct lab_stream *)(void *)stream;

	from->is_gone = true;
	lab_post(from->other, kind, LAB_DELAY_NS, NULL, 0);
}

static inline void lab_close(struct stream *stream) {
	lab_end(stream, LAB_CLOSED);
}

static inline void lab_reset(struct stream *stream) {
	lab_end(stream, LAB_RESET);
}

static inline size_t lab_unsent(const struct stream *stream) {
	const struct lab_stream *from = (const struct lab_stream *)(const void *)stream;

	return from->lab->is_full ? SIZE_MAX : 0;
}

static const struct stream_ops LAB_OPS = {lab_send, lab_close, lab_reset, lab_unsent};
