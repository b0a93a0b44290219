// Statements about a network, and whether they hold.
//
// What a statement says at rest is checked against one traceroute. What it says about failures is
// checked by the caller, who has a copy of the world for each: expect_survived().
#pragma once

#include "analyze/traceroute.h"
#include "analyze/whatif.h"

struct expect_hop {
	const char **addresses; // any of these; "*" is a silent hop
	size_t address_count;
};

enum expect_survival {
	EXPECT_NO_SURVIVAL,
	EXPECT_SURVIVES_LINK,
	EXPECT_SURVIVES_NODE,
	EXPECT_SURVIVES_ANY,
};

struct expect {
	struct place place;
	const char *name;
	struct question question;
	bool reaches;                // is it to arrive, or not to
	const char **via, **not_via; // names of nodes, gateways, circuits, links; `via` in this order
	size_t via_count, not_via_count;
	bool symmetric_given, symmetric;
	int64_t rtt_below_ns, rtt_above_ns; // 0: not asked
	const struct expect_hop *hops;
	size_t hop_count;                // 0: not asked
	const char **down, **down_nodes; // failed before, by name
	size_t down_count, down_node_count;
	enum expect_survival survival;
	int64_t failover_below_ns; // 0: not asked; under the failures `survival` names, else any link
};

struct expect_result {
	bool passed;
	char *why; // NULL when passed: what was expected and what was found; on the heap, owned
};

// Asks the world as it is. The result is set up here.
void expect_hold(struct world *world, const struct expect *expect, struct expect_result *out);
// Is this failure among those the statement is about? Failures of its own ends are not.
bool expect_concerns(
	const struct topo *topo, const struct expect *expect, const struct failure *failure);
// Spends a converged world: fails this and holds the statement against what is left of it.
void expect_survived(struct world *world, const struct expect *expect,
	const struct failure *failure, struct expect_result *out);
void expect_result_done(struct expect_result *result);
