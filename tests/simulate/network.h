// A generated network brought to life, and what is true of it at one moment.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diagnostics.h"
#include "base/memory.h"
#include "base/names.h"
#include "base/random.h"
#include "base/text.h"
#include "cloud/cloud.h"
#include "format/native/native.h"
#include "world/world.h"

// So long may routing take to settle, on the virtual clock, before it counts as a dispute.
#define NETWORK_SETTLES_NS (3600 * SECOND_NS)

struct network {
	struct arena *arena;
	struct diagnostics *mistakes;
	struct network_file *file;
	struct topo *topo;
	struct names *port_names;
	struct cloud *cloud;
	struct clock clock;
	struct loop *loop;
	struct world *world;
	struct random random; // of the checks and faults
};

// What was met, over all networks.
struct tally {
	uint64_t networks, faults, disputes, loops, regions, probes, delivered, answers_denied,
		rehearsed;
};

// A check adds words here when something is wrong; empty is good.
struct verdict_of_run {
	struct text failure;
	struct tally tally;
};

// Not yet powered on. False when the text does not load, with the reason.
bool network_load(
	struct network *network, uint64_t seed, const struct text *text, struct verdict_of_run *out);
void network_free(struct network *network);

// Runs until it has converged, or proves the dispute that keeps it from it. False in the latter
// case, and when there is neither.
bool network_settle(struct network *network, struct verdict_of_run *out);

// What every host can reach, and how that ends, in words: one text per question, NULL where there
// is none. They live as long as the network.
struct reach {
	const char **texts;
	size_t count;
};
struct reach network_reach(struct network *network);
// Says which questions are answered otherwise after `when`.
void network_compare_reach(struct network *network, struct reach before, struct reach after,
	const char *when, struct verdict_of_run *out);

// No packet between hosts goes in circles but through a static or user-defined route.
void check_loops(struct network *network, struct verdict_of_run *out);
// The headers one host may send fall into regions, each header into one, and real packets meet what
// their region says.
void check_regions(struct network *network, struct verdict_of_run *out);

// A what-if of one failure, which the seed picks, says the same when it is rehearsed and when every
// round of probes is sent, and has probed whom it reports. Asked of copies: the network stays as it
// is.
void check_whatif(struct network *network, uint64_t seed, struct verdict_of_run *out);

// Breaks something, lets the network converge and be checked, mends it again. True when it
// converged again at the end.
bool faults_run(struct network *network, struct verdict_of_run *out);
