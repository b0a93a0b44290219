// The probing of whatif: rounds of one packet for each pair that the failure may concern.
#pragma once

#include "analyze/whatif.h"

// After so long without an end the network is said not to converge.
#define WHATIF_LIMIT_NS (3600 * SECOND_NS)
#define WHATIF_TIMEOUT_NS (2 * SECOND_NS)

struct probing;

// Without a plan nothing is sent: a rehearsal.
struct probing *probing_new(struct world *world, const struct whatif_plan *plan);
void probing_free(struct probing *probing);

// To be added in the order of the matrix, before the start.
struct probing_pair {
	size_t number; // in the matrix
	struct question question;
};
void probing_add(struct probing *probing, const struct probing_pair *pair);

void probing_start(struct probing *probing); // the first round is now
void probing_stop(struct probing *probing);  // waits for those that are out

// The next pair's losses, in the matrix's order, in the rounds of the first `counted_ns`; false
// when there is no more. *number is the pair's in the matrix.
struct probing_loss {
	size_t number;
	uint32_t sent, lost;
	int64_t outage_ns;
};
bool probing_next_loss(struct probing *probing, int64_t counted_ns, struct probing_loss *out);
// Did it go as planned? Then it is certain what the rounds that were left out would have met. To be
// asked after all losses.
bool probing_is_sure(const struct probing *probing);

// The rounds that are each the first after a change.
const uint32_t *probing_changes(const struct probing *probing, size_t *count);
