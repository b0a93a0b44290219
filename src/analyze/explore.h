// Every way that packets of one header may take: all members of equal routes, followed to their end
// by the forwarding code's own walk.
#pragma once

#include "analyze/walk.h"
#include "analyze/way.h"

// Nodes on one way, and ways that are told, at the most.
#define EXPLORE_DEPTH_MAX 512
#define EXPLORE_WAYS_MAX 4096

// One way came to its end, let through by stateful filters at `admitted`, which lives as long as
// the walker. False ends the exploration.
typedef bool explore_end_fn(void *owner, const struct way *way, const struct admitted *admitted);

struct exploration {
	uint32_t from; // the node that makes the packets
	struct flow_key key;
	bool is_reply;                   // to a flow that was let through at `admitted`
	const struct admitted *admitted; // of a reply
	bool each_state_once; // tell the ends, not every combination of members that leads to one
	explore_end_fn *ended;
	void *owner;
};

// *scope, in which the key lies, is narrowed to the headers that take the very same ways. True when
// all was told, false when a bound or the callee ended it.
bool explore(
	struct walker *walker, const struct exploration *exploration, struct header_box *scope);

// All ways of a header, kept. is_cut_off: there are more than EXPLORE_WAYS_MAX.
struct explored_ways {
	struct way *ways;
	size_t count, room;
	bool is_cut_off;
};
// Of `exploration`, only where from and the key count.
void explore_ways(struct world *world, const struct exploration *exploration, struct arena *arena,
	struct explored_ways *out);
// And all ways of the answers that `to` sends to whatever of that arrives there; when nothing does,
// of an answer that every stateful filter would pass.
void explore_ways_back(struct world *world, const struct exploration *there, uint32_t to,
	struct arena *arena, struct explored_ways *out);
