// What two networks differ in: resources, routes, paths, reachability.
//
// Each network is boiled down to facts (a kind, a place, a subject, a value); facts with the same
// kind, place and subject are held against each other.
#pragma once

#include "analyze/matrix.h"

enum diff_kind {
	DIFF_RESOURCE,     // a node, link, tunnel, session: place is what it is, subject its name
	DIFF_ROUTE,        // a table's row: place is the node, subject the prefix
	DIFF_REACHABILITY, // a pair of hosts: reached, or the verdict
	DIFF_PATH,         // a pair of hosts: the nodes there and back
};

struct diff_fact {
	enum diff_kind kind;
	const char *where, *subject, *value;
};

struct diff_facts {
	struct diff_fact *items;
	size_t count, room;
	struct arena *arena; // of the texts
};

struct diff_change {
	enum diff_kind kind;
	const char *where, *subject;
	const char *before, *after; // NULL: was not there, is not there any more
};

struct diff {
	struct diff_change *changes; // by kind, place, subject
	size_t count;
	size_t by_kind[DIFF_PATH + 1];
};

// Copies the texts.
void diff_add(struct diff_facts *facts, enum diff_kind kind, const char *where, const char *subject,
	const char *value);
// Adds the routing tables of all nodes, and every pair's reachability and path.
void diff_collect(struct world *world, const struct question_flow *flow, struct diff_facts *facts);
// Adds what the network is made of.
void diff_collect_resources(const struct topo *topo, struct diff_facts *facts);
void diff_done(struct diff_facts *facts);
// Sorts both lists. The result's texts are the facts' own.
void diff_compare(
	struct diff_facts *before, struct diff_facts *after, struct arena *arena, struct diff *out);
