// What becomes of packets, and whether everybody has noticed. Comes in by world_int.h.
#pragma once

#include "world/world.h"

struct world_fate {
	world_fate_changed_fn *changed; // NULL: nobody asks
	void *owner;
	uint64_t changes;
	uint64_t asked_at; // of `changes`, when is_at_rest was found
	bool is_at_rest;
};

// Packets, or the ends of a session, may fare otherwise from now on.
void world_note_fate(struct world *world);

// Has everybody noticed what there is to notice? Then no timer needs to be waited for.
bool world_is_at_rest(struct world *world);
