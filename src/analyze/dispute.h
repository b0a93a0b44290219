// Routing that never settles: policies that chase each other round for ever.
//
// When a network has not converged after a long virtual time, its routing tables are watched until
// the same state comes round again, and what keeps changing is named.
#pragma once

#include "world/world.h"

#define DISPUTE_WINDOW_NS (600 * SECOND_NS) // how long is watched
#define DISPUTE_ROUTES_MAX 64               // routes named
#define DISPUTE_CHOICES_MAX 8               // choices named of each

// A route that keeps changing, and what it changes between.
struct dispute_route {
	uint32_t node;
	struct prefix prefix;
	size_t changes;
	const char *choices[DISPUTE_CHOICES_MAX]; // neighbours, "" for none; distinct
	size_t choice_count;
};

struct dispute {
	bool is_cycle;                // the same state of all tables came round
	int64_t period_ns;            // from one such time to the next; 0 when is_cycle is false
	struct dispute_route *routes; // by node, then prefix
	size_t route_count;
};

// Spends up to DISPUTE_WINDOW_NS of the world's time. False when nothing changed meanwhile.
bool dispute_find(struct world *world, struct arena *arena, struct dispute *out);
