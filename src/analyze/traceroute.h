// A traceroute with its causes: who answers at each TTL, and for each silent hop who lost the
// answer and why.
#pragma once

#include "analyze/ask.h"

#define TRACEROUTE_ATTEMPTS 3
#define TRACEROUTE_HOPS_MAX 30 // as tracert and traceroute have it

struct traceroute_hop {
	uint8_t ttl;
	struct ip address;                   // who answered; IP_NONE: nobody did
	uint32_t node;                       // where the probe ended, TOPO_NONE when it is not known
	int64_t rtt_ns[TRACEROUTE_ATTEMPTS]; // -1: no answer
	bool is_destination;
	bool is_expired; // what answered is a time exceeded; otherwise the destination, or an
	                 // unreachable
	// Why nobody answered, valid when `address` is IP_NONE.
	struct traceroute_silence {
		enum drop drop;          // DROP_COUNT: not known
		uint32_t node;           // where the answer, or the possibility of one, ended
		uint32_t origin;         // of the row, rule or port that made it so
		struct ip answered_from; // an answer was sent from here and lost; IP_NONE: none was sent
		bool is_expired; // the probe's TTL ran out at `traceroute_hop.node`; otherwise it was
		                 // dropped there for `drop`
	} silence;
};

struct traceroute {
	struct round_trip whole; // of a probe with full TTL
	struct traceroute_hop *hops;
	size_t hop_count;
};

// All probes are sent within a few milliseconds of virtual time, so that the trace is a picture of
// one moment. Results live in `arena`.
void traceroute_run(struct world *world, const struct question *question, struct arena *arena,
	struct traceroute *out);
