// Exhaustive reachability: a box of headers in, disjoint boxes with their verdicts out, every
// header in exactly one of them.
//
// One header of what is left is walked, forward and, where it arrives, the reply, as an established
// flow at those stateful filters that let the packet through, and as anybody's packet at others;
// the walk narrows the box to the headers that meet the same answers at every node; that box is
// taken away; repeat until nothing is left.
#pragma once

#include "analyze/question.h"
#include "analyze/verdict.h"
#include "world/world.h"

#define SCOPE_REGIONS_MAX 65536
#define SCOPE_ENDS_MAX 16

// One end that packets of a region come to. With equal routes there may be several: of each way
// there with each way of the answers back, whether or not a flow's hashes ever pick both.
struct scope_end {
	enum verdict verdict;
	uint32_t node;
	enum drop drop; // DROP_COUNT when delivered
	uint32_t origin;
	bool on_return;
};

struct scope_region {
	struct header_box box;
	struct scope_end ends[SCOPE_ENDS_MAX]; // distinct ones, in the order found
	size_t end_count;
};

struct scope_regions {
	struct scope_region *items;
	size_t count, room;
	bool is_cut_off; // more than SCOPE_REGIONS_MAX: the rest is not there
};

// Headers of `box` as `from` sends them. The list is freed with scope_done().
void scope_run(
	struct world *world, uint32_t from, const struct header_box *box, struct scope_regions *out);
void scope_done(struct scope_regions *regions);
