// A pace for what may feed itself: two routers in dispute over a link without delay would otherwise
// go round for ever within one instant, and no virtual time would pass.
//
// PACE_FREE events are free at once; after those, one each PACE_NS. What is not used comes back at
// the same rate. No network that settles ever gets so far.
#pragma once

#include <stdint.h>

#include "base/instant.h"

#define PACE_FREE 1000
#define PACE_NS (100 * MS_NS)

// Zero-initialised: nothing used yet.
struct pace {
	instant since; // up to when what came back was counted
	uint32_t used;
};

// How long the next event has to wait. Counts it.
int64_t pace_next(struct pace *pace, instant now);
