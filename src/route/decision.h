// A decision process as data: which of two paths to the same prefix is better, step by step.
//
// Every node has its own: a router's is RFC 4271 9.1.2.2 with a weight and an administrative
// distance in front; an MSEE's is the AS path's length and nothing else (AZ-X-3).
#pragma once

#include <stddef.h>
#include <stdint.h>

// What a decision process is made of: the first step of a node's list that tells paths apart
// decides. DECIDE_ELIGIBLE always comes first, named in the list or not.
enum decide_by {
	DECIDE_ELIGIBLE,         // reachable next hop and not never_best
	DECIDE_DISTANCE,         // lower administrative distance
	DECIDE_WEIGHT,           // higher
	DECIDE_LOCAL_PREFERENCE, // higher; 100 when absent
	DECIDE_LOCAL_ORIGIN,     // what is not BGP-learned first
	DECIDE_AS_PATH,          // shorter
	DECIDE_ORIGIN,           // IGP, EGP, incomplete
	DECIDE_MED,              // lower, among paths of the same neighbouring AS; 0 when absent
	DECIDE_EXTERNAL,         // eBGP over iBGP
	DECIDE_METRIC,           // lower IGP metric: to the next hop, or the route's own
	DECIDE_ROUTER_ID,        // lower
	DECIDE_NEIGHBOR,         // lower neighbour address
	DECIDE_EQUAL,
};

struct decision_step {
	enum decide_by by;
	const char *reference; // rule or RFC section, for explanations
};

// Paths that tie on every step before DECIDE_ROUTER_ID are used together, up to max_paths (0: 1).
// What still ties at the end is ordered by router id, neighbour and name, never by age.
struct decision {
	const struct decision_step *steps;
	size_t count;
	uint16_t max_paths;
};

// The order of common routers: RFC 4271 9.1.2.2, with administrative distance between protocols and
// weight in front of it.
extern const struct decision decision_of_routers;
