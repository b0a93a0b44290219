// One step of analysis: forward_walk() at a node, and then over the link or through the tunnel to
// the node behind. The forwarding code itself is asked; nothing is modelled twice.
#pragma once

#include "analyze/admitted.h"
#include "forward/forward.h"
#include "net/lpm.h"
#include "world/world.h"

struct walker; // a world, and the owners of its shared segments

struct walker *walker_new(struct world *world);
void walker_free(struct walker *walker); // NULL is fine
const struct topo *walker_topo(const struct walker *walker);

// Where a packet stands: about to be looked at by `node`.
struct walk_at {
	uint32_t node;
	uint32_t port; // index in topo->ports it came in by, TOPO_NONE: the node made it
	struct ip via; // the link's next hop it came with
};

struct walk_question {
	struct walk_at at;
	struct flow_key key;
	bool is_reply; // to a flow that `admitted` tells about; else that is of this one up to here
	const struct admitted *admitted;
};

// What one node does with it. Either it ends here, or it is at `next`.
struct walk_step {
	bool is_delivered, is_dropped;
	enum drop drop;
	uint32_t origin;
	bool lowers_ttl;
	uint32_t link;   // crossed, TOPO_NONE for a tunnel
	uint32_t tunnel; // crossed, TOPO_NONE for a link
	uint32_t port;   // left by
	struct ip via;
	struct walk_at next;
	const struct admitted *admitted; // behind this step; of a reply, what it was asked with
};

// All equal hops at once: returns how many steps (at most FIB_HOPS_MAX). `scope` is narrowed to
// the headers that get these same answers.
size_t walker_step(struct walker *walker, const struct walk_question *question,
	struct header_box *scope, struct walk_step steps[FIB_HOPS_MAX]);
