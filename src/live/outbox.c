#include "live/outbox.h"

#include <stdlib.h>

#include "base/memory.h"

struct outbox {
	struct loop *loop;
	struct packet_pool *pool;
	struct batch *batch;
	struct timer flush;
	instant last; // when a frame went out or was put here
	size_t count;
	struct batch_item items[BATCH_MAX];
	struct packet *packets[BATCH_MAX];
	uint64_t *refused[BATCH_MAX];
};

static void flush_now(struct timer *timer, void *owner) {
	(void)timer;
	outbox_flush(owner);
}

struct outbox *outbox_new(struct loop *loop, struct packet_pool *pool, struct batch *batch) {
	struct outbox *outbox = memory_alloc(sizeof(*outbox));
	outbox->loop = loop;
	outbox->pool = pool;
	outbox->batch = batch;
	outbox->last = INSTANT_NEVER;
	outbox->count = 0;
	timer_init(&outbox->flush, TIMER_PERIODIC, flush_now, outbox);
	return outbox;
}

void outbox_free(struct outbox *outbox) {
	if (outbox == NULL)
		return;
	outbox_flush(outbox);
	free(outbox);
}

void outbox_put(struct outbox *outbox, const struct outbox_frame *frame, struct packet *packet) {
	instant now = loop_now(outbox->loop);
	size_t at = outbox->count++;
	bool is_first = at == 0 && instant_compare(now, outbox->last) != 0;
	outbox->last = now;
	outbox->items[at] =
		(struct batch_item){.fd = frame->fd, .bytes = frame->front, .length = frame->length};
	outbox->packets[at] = packet;
	outbox->refused[at] = frame->refused;
	// The first of an instant is mostly the only one, and its receiver waits for it.
	if (is_first || outbox->count == BATCH_MAX)
		outbox_flush(outbox);
	else if (at == 0)
		timer_start(outbox->loop, &outbox->flush, 0);
}

void outbox_flush(struct outbox *outbox) {
	size_t count = outbox->count;
	if (count == 0)
		return;
	outbox->count = 0;
	timer_stop(outbox->loop, &outbox->flush);
	batch_write(outbox->batch, outbox->items, count);
	for (size_t i = 0; i < count; i++) {
		*outbox->refused[i] += outbox->items[i].done < 0;
		packet_put(outbox->pool, outbox->packets[i]);
	}
}
