// What may fail, by name: links, the paths under tunnels, nodes.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "world/world.h"

enum failure_kind {
	FAILURE_LINK, // number is a link's
	FAILURE_NODE, // number is a node's
};

struct failure {
	enum failure_kind kind;
	uint32_t number;
	const char *name;
	bool is_tunnel; // a link that is the path under a tunnel
};

// Every single failure that whatif tries, in the order of the topo: links first. What is down from
// the start is left out. *count is set.
struct failure *failure_list(const struct topo *topo, struct arena *arena, size_t *count);
// Both ends of a link see it; a node is powered off.
void failure_apply(struct world *world, const struct failure *failure);
