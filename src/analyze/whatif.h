// What a failure does: to every pair's path, for how long, and how many packets it costs.
//
// A world can't be wound back, so whatif_run() spends the one it is given, and whatif_rehearse()
// too. The caller gives each a copy of the converged world (a forked process is the cheapest copy
// there is) and passes results on as bytes.
#pragma once

#include "analyze/failure.h"
#include "analyze/matrix.h"
#include "base/text.h"

// The pairs that it may concern are probed while the network converges.
#define WHATIF_PROBE_INTERVAL_NS (100 * MS_NS)
#define WHATIF_FAILURES_MAX 2 // at the same time

enum whatif_change {
	WHATIF_UNCHANGED,
	WHATIF_MOVED,  // other nodes, or other links between them, in either direction
	WHATIF_LOST,   // reached before, not any more
	WHATIF_GAINED, // not reached before
};

struct whatif_pair {
	uint32_t from, to;
	size_t number; // in the matrix
	enum whatif_change change;
	bool is_slower; // by more than a tenth and a millisecond
	bool became_asymmetric;
	int64_t rtt_before_ns, rtt_after_ns; // -1: not reached
	// Rounds while the network converged. Sent 0: it was not probed. It reached nobody before, or,
	// where the pairs are compared anew, the rehearsal saw no change of it.
	uint32_t sent, lost;
	int64_t outage_ns; // from the first lost probe to the end of the last one's interval
	struct matrix_pair after;
};

struct whatif {
	struct failure failures[WHATIF_FAILURES_MAX];
	size_t failure_count;
	bool converged;
	int64_t converge_ns;       // until the last change of any route or session
	struct whatif_pair *pairs; // those that changed or lost packets, in the matrix's order
	size_t pair_count;
	size_t unchanged, moved, lost, gained;
};

struct whatif_question {
	const struct matrix *before; // of this same world, as it is now, converged
	const struct question_flow *flow;
};

// While nothing changes, one round of probes tells what every other would. So the failure is first
// let happen without any, to learn when something changes, and who goes another way in the end.
// Then only those pairs are probed that changed or whose path crosses what fails, only in the
// rounds that a change may meet under way, the first one after it, and one a minute to see that it
// is so (docs/decisions/0015-rehearsed-what-if.md).
struct whatif_plan {
	// Where chance decides what becomes of a packet, or where it went otherwise than rehearsed.
	bool sends_every_round;
	// The pairs are compared anew in the end, as always when every round is sent: there are filters
	// that know flows, so probes may decide what becomes of other packets.
	bool asks_anew;
	uint32_t *rounds; // each the first after a change, in order
	size_t round_count;
	struct whatif rehearsed; // its pairs: all that are to be probed, and all that changed
};
// Needs only the failures of `whatif`. The plan lives in `arena`.
void whatif_rehearse(struct world *world, const struct whatif_question *question,
	const struct whatif *whatif, struct arena *arena, struct whatif_plan *out);

// `out->failures` and failure_count are set by the caller. False when it went otherwise than
// rehearsed, so that what the rounds left out would have met is not known: ask another copy, by the
// same plan, but every round.
bool whatif_run(struct world *world, const struct whatif_question *question,
	const struct whatif_plan *plan, struct arena *arena, struct whatif *out);

// A plan, or a result, as bytes and back. -EBADMSG when they are cut off.
void whatif_encode(const struct whatif *whatif, struct text *out);
void whatif_plan_encode(const struct whatif_plan *plan, struct text *out);
int whatif_plan_decode(
	const char *bytes, size_t length, struct arena *arena, struct whatif_plan *out);
int whatif_decode(const char *bytes, size_t length, struct arena *arena, struct whatif *out);
