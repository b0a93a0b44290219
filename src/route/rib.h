// The routing table of one node: every known path of every prefix, ordered by a decision process
// that can say why, with next hops resolved down to ports.
//
// All protocols put their routes here (connected, static, IGP, BGP, locally originated). Touched
// prefixes are reported once each, at rib_flush(), in prefix order.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/ip.h"
#include "route/attributes.h"
#include "route/decision.h"

enum route_kind {
	ROUTE_CONNECTED,
	ROUTE_STATIC,
	ROUTE_LOCAL, // originated here: a network statement, an Azure `Network` row
	ROUTE_IGP,
	ROUTE_EBGP,
	ROUTE_IBGP,
	ROUTE_KINDS,
};

// Plain routes bring ports of their own; BGP next hops resolve through them and nothing else.
bool route_is_plain(enum route_kind kind); // connected, static, IGP

// Where paths come from, one per peer or protocol; a prefix has at most one path of it. Owned by
// whoever made it; must stay until rib_withdraw_source().
struct route_source {
	const char *name; // of the neighbour node, or of the protocol
	enum route_kind kind;
	uint8_t distance;   // administrative distance, lower wins (DECIDE_DISTANCE); 0 for ROUTE_LOCAL
	struct ip peer;     // tie-break by neighbour address
	uint32_t router_id; // tie-break by router identifier
	uint32_t origin;    // in the file
};

// A way out: through this port, towards this neighbour (IP_NONE: the destination itself is on the
// link). `blackhole` discards on purpose.
struct route_hop {
	uint32_t port;
	struct ip via;
	bool blackhole;
};

#define ROUTE_HOPS_MAX 64

// What a source says of a prefix. Without hops but with an attributes->next_hop the table resolves
// that; a ROUTE_LOCAL path has neither: see rib_entry_hops().
struct path_spec {
	struct attributes *attributes; // referenced, not taken over; NULL for plain routes
	const struct route_hop *hops;  // copied
	uint16_t hop_count;
	uint32_t weight, tag, metric, origin;
	bool never_best, no_forwarding;
};

struct path {
	const struct route_source *source;
	struct attributes *attributes;
	struct route_hop *hops; // own hops of plain routes, NULL for BGP paths
	uint32_t weight, tag, metric, origin;
	uint32_t igp_metric; // to the next hop
	uint32_t tracked;    // the table's number of the next hop
	uint16_t hop_count;
	bool never_best, no_forwarding;
	bool is_reachable; // its next hop resolves
	uint8_t lost_by;   // enum decide_by that took it out, valid for losers after a flush
};

// Paths in the order of the decision: the first `chosen` are in use (0 when none is eligible).
struct rib_entry {
	struct prefix prefix;
	struct path **paths;
	uint16_t path_count, chosen;
	uint16_t room; // the table's own, as is the next
	bool is_touched;
};

// `changed` gets each touched entry, its chosen set changed or not (path_count 0 when the prefix is
// gone). It may read this table, not change it.
struct rib_config {
	const struct decision *decision; // not owned
	struct attributes_table *attributes;
	void (*changed)(void *owner, const struct rib_entry *entry);
	void *owner;
};
struct rib;

struct rib *rib_new(const struct rib_config *config);
void rib_free(struct rib *rib);

// True when the source had no path for the prefix. Saying the same again touches nothing.
bool rib_update(struct rib *rib, struct prefix prefix, const struct route_source *source,
	const struct path_spec *spec);
// True when the source had one.
bool rib_withdraw(struct rib *rib, struct prefix prefix, const struct route_source *source);
void rib_withdraw_source(struct rib *rib, const struct route_source *source);

// Orders and reports what was touched, and what depends on a next hop that now resolves
// differently.
bool rib_flush(struct rib *rib);
bool rib_has_pending(const struct rib *rib);

const struct rib_entry *rib_find(const struct rib *rib, struct prefix prefix); // NULL when unknown
const struct rib_entry *rib_lookup(const struct rib *rib, struct ip address); // longest, chosen > 0
typedef bool rib_visit_fn(void *owner, const struct rib_entry *entry);
void rib_walk(const struct rib *rib, rib_visit_fn *visit, void *owner); // prefix order

// The ports the chosen paths lead to, next hops resolved; no duplicates, in path order. A chosen
// path without any hop (ROUTE_LOCAL) lends its place to the best plain route of the prefix, so
// originating a prefix never takes it out of forwarding. no_forwarding paths add nothing.
size_t rib_entry_hops(
	const struct rib *rib, const struct rib_entry *entry, struct route_hop hops[ROUTE_HOPS_MAX]);

// The first step that tells the two apart, taken by themselves.
enum decide_by rib_compare(const struct rib *rib, const struct path *a, const struct path *b);
// Why a path is where it is: "weight 32769 over 32768 of hub-vpn (AZ-GW-5)".
void rib_explain(
	const struct rib *rib, const struct rib_entry *entry, size_t path, struct text *out);

size_t rib_count(const struct rib *rib); // prefixes
size_t rib_path_count(const struct rib *rib);
size_t rib_used_bytes(const struct rib *rib); // without the attributes, which tables share
