// Frames on their way out. The first of an instant goes at once, those behind it are written in one
// system call, to whatever devices they go.
#pragma once

#include <stdint.h>

#include "forward/packet.h"
#include "live/batch.h"
#include "loop/loop.h"

struct outbox;

// All three are borrowed; `pool` is where the packets go back to.
struct outbox *outbox_new(struct loop *loop, struct packet_pool *pool, struct batch *batch);
void outbox_free(struct outbox *outbox); // writes what is left; NULL is fine

// Takes the packet over, whose frame begins at `front`, inside it, and is `length` bytes long.
// `refused` counts the frames that the device did not take.
struct outbox_frame {
	int fd;
	uint8_t *front;
	size_t length;
	uint64_t *refused;
};
void outbox_put(struct outbox *outbox, const struct outbox_frame *frame, struct packet *packet);
// Now, because a descriptor is about to go, or something else follows.
void outbox_flush(struct outbox *outbox);
