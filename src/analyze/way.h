// The way of one packet, read from its trace: the nodes it passed, the table rows that led it, and
// how it ended.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "forward/drop.h"
#include "forward/trace.h"
#include "topo/topo.h"

// A table row or a rule that decided something, and where it stands in the file.
struct way_row {
	uint32_t node;
	struct prefix prefix;
	struct ip via; // IP_NONE: the destination itself
	uint32_t port; // index in topo->ports
	uint32_t origin;
	uint16_t hop_index, hop_count; // which of how many equal hops
};

struct way_node {
	uint32_t node;
	bool lowers_ttl;
	bool is_stop;  // people count it: neither a cloud's fabric nor in the underlay of a tunnel
	uint32_t row;  // index of the row that led on from here, TOPO_NONE when none
	uint32_t link; // it left by, TOPO_NONE when it did not
};

enum way_end {
	WAY_PENDING,   // still under way when it was read
	WAY_DELIVERED, // at `end_node`
	WAY_DROPPED,   // at `end_node`, for `drop`, because of `origin`
};

struct way {
	struct way_node *nodes;
	size_t node_count;
	struct way_row *rows;
	size_t row_count;
	uint32_t *links; // crossed, in order
	size_t link_count;
	uint32_t *tunnels; // crossed
	size_t tunnel_count;
	enum way_end end;
	uint32_t end_node, end_port; // port TOPO_NONE when it is not known
	enum drop drop;
	uint32_t origin; // of what dropped it
	// Why no ICMP error was sent about the drop; DROP_COUNT when one was, or none was asked for.
	enum drop unanswered;
	uint32_t unanswered_origin;
	int64_t end_ns; // when it ended, on the loop's clock
};

void way_read(
	const struct topo *topo, const struct trace *trace, struct arena *arena, struct way *out);
// Was the packet, or an answer to it, cut into pieces? Their records are mixed up.
bool way_has_pieces(const struct trace *trace);
// True when nothing of the traced packet, nor of an answer to it, is still under way. Never true of
// packets in pieces: the last line says nothing about the whole.
bool way_is_over(const struct trace *trace);

// The nodes people count, in order, as numbers in topo->nodes. Returns how many.
size_t way_stops(const struct way *way, struct arena *arena, uint32_t **out);
// Do both lead through the same stops, one in the reverse order of the other? Twins of one group
// count as the same, and a gateway that one direction bypasses on a link which rides on the
// gateway's own (AZ-TR-2) counts as passed.
bool way_is_reverse(const struct topo *topo, const struct way *forward, const struct way *back);
// Do both lead through the same stops in the same order?
bool way_is_same(const struct way *a, const struct way *b);
bool way_crosses_link(const struct way *way, uint32_t link);
