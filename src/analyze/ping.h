// Ping: a row a packet, and a failover as it unfolds: which path each packet took, which were lost,
// the first and last of the old and of the new path.
#pragma once

#include "analyze/ask.h"

#define PING_COUNT_MAX 100000

struct ping_options {
	uint32_t count;      // at least 1
	int64_t interval_ns; // 0: 1 s
	uint32_t size_bytes; // of the payload; 0: 32
	bool dont_fragment;
	int64_t timeout_ns; // 0: 4 s
};

struct ping_row {
	uint16_t sequence;
	int64_t sent_ns; // since the ping began
	bool answered;
	int64_t rtt_ns; // -1: not answered
	enum verdict verdict;
	uint32_t mtu_bytes; // named by the "too big" that answered, 0: none did
	uint32_t mss_bytes; // to which a SYN was lowered on its way, 0: it was not
	uint32_t mss_node;  // by this one, the last that did
	struct ip error_by; // an ICMP error came from here, IP_NONE: none
	uint32_t path;      // index in ping.paths: the nodes it passed
	uint32_t stopped_node;
	bool stopped_on_return;
	enum drop drop;
	uint32_t origin;
};

// One way there and back that packets took.
struct ping_path {
	uint32_t *stops, *back;
	size_t stop_count, back_count;
	uint32_t packets, answered;
	int64_t first_sent_ns, last_sent_ns;
};

struct ping {
	struct question question;
	struct ping_row *rows;
	size_t row_count, answered;
	struct ping_path *paths; // in order of first use
	size_t path_count;
	int64_t min_ns, avg_ns, max_ns; // of the answered; -1 when none was
	int64_t longest_outage_ns; // from the last answered before to the first answered after, or to
	                           // the end
};

// Runs the world for the time it takes; whatever else is due on its loop happens meanwhile.
void ping_run(struct world *world, const struct question *question,
	const struct ping_options *options, struct arena *arena, struct ping *out);
