// Every ordered pair of hosts: one recorded probe each, all sent at the same virtual instant.
#pragma once

#include "analyze/ask.h"

struct matrix_pair {
	uint32_t from, to;
	bool reached, symmetric;
	enum verdict verdict;
	uint16_t hop_count;     // nodes behind the source that a traceroute would count, the host too
	int64_t rtt_ns;         // -1: not reached
	uint32_t *stops, *back; // nodes passed in either direction, ends included
	uint16_t stop_count, back_count;
	uint32_t *links; // crossed in either direction, and those they ride on
	uint16_t link_count;
	uint32_t stopped_node; // TOPO_NONE when reached
	bool stopped_on_return;
	enum drop drop; // DROP_COUNT: not known
	uint32_t origin;
};

struct matrix {
	uint32_t *hosts;
	size_t host_count;
	struct matrix_pair *pairs; // by from, then to, in the order of the hosts
	size_t pair_count;
};

// Everything lives in `arena`. Pairs without a common address family are `no-route` at the source.
void matrix_run(
	struct world *world, const struct question_flow *flow, struct arena *arena, struct matrix *out);
