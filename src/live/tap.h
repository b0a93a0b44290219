// A host's interface: a TAP device in the host's namespace, the fabric behind it. What the host
// sends is handed to a port of the world, what arrives at the port goes to the host.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "forward/merge.h"
#include "live/clock_epoll.h"
#include "live/frame.h"
#include "live/neighbor.h"
#include "live/outbox.h"
#include "loop/loop.h"
#include "world/world.h"

#define TAP_NAME_MAX 15 // IFNAMSIZ less the NUL

struct tap {
	char name[TAP_NAME_MAX + 1];
	uint8_t mac[MAC_BYTES];
	uint32_t port;     // of the world
	bool takes_trains; // of datagrams (merge.h)
	bool is_paused;
	struct world *world;
	struct clock_epoll *clock;
	// Borrowed; NULL: frames are read and written one by one.
	struct batch *batch;
	struct outbox *outbox;
	struct source source;
	struct busy_source busy;
	struct merge sent, arrived; // what others may still be appended to
	struct timer flush;
	struct frame_counts counts;
};

// Makes the device in the namespace the process is in; it ends with the descriptor. 0 or -errno.
int tap_open(struct tap *tap, const char *name, uint32_t port);
// By which several TAPs are read and written. Both outlive them, or are both NULL.
struct tap_batches {
	struct batch *reads;
	struct outbox *writes;
};
// From now on packets flow. 0 or -errno.
int tap_attach(struct tap *tap, struct world *world, struct clock_epoll *clock,
	const struct tap_batches *batches);
// While paused, frames wait in the device; what arrives is still written.
void tap_pause(struct tap *tap);
int tap_resume(struct tap *tap); // 0 or -errno
// No packets any more; the descriptor is the caller's to close, which ends the device. -1 when it
// has none.
int tap_detach(struct tap *tap);
void tap_close(struct tap *tap);
