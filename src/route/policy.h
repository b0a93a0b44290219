// Route policy: an ordered list of terms, each a set of matches and what to do then.
//
// The first term whose matches all hold decides, unless it says `next`. Behind the last term
// stands the policy's default. As route maps, prefix lists and AS-path lists of routers need it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/ip.h"
#include "route/attributes.h"

// A prefix and the lengths it stands for, in the family's own counting: {10.0.0.0/8, 8, 32} is
// "10.0.0.0/8 le 32".
struct policy_prefix {
	struct prefix prefix;
	uint8_t min_length, max_length;
};

enum policy_verdict {
	POLICY_ACCEPT,
	POLICY_REJECT,
	POLICY_NEXT, // apply the sets and go on with the next term
};

enum {
	POLICY_SET_LOCAL_PREFERENCE = 1 << 0,
	POLICY_SET_MED = 1 << 1,
	POLICY_SET_WEIGHT = 1 << 2,
	POLICY_SET_TAG = 1 << 3,
	POLICY_SET_NEXT_HOP = 1 << 4,
	POLICY_SET_NEXT_HOP_SELF = 1 << 5,   // on the way in: the peer that said it
	POLICY_SET_NEVER_BEST = 1 << 6,      // kept and shown, never chosen
	POLICY_SET_NO_FORWARDING = 1 << 7,   // may be chosen, never reaches the forwarding table
	POLICY_REPLACE_COMMUNITIES = 1 << 8, // drop the old ones before adding
};

enum {
	POLICY_MATCH_TAG = 1 << 0,
	POLICY_MATCH_SOURCES = 1 << 1,
};

struct policy_term {
	uint32_t origin;       // in the file, 0 when made by rule
	const char *reference; // rule or RFC section for explanations, or NULL
	// Matches; an empty one holds always.
	const struct policy_prefix *prefixes; // any of them
	size_t prefix_count;
	const struct policy_prefix *except_prefixes; // none of them
	size_t except_prefix_count;
	// POSIX extended over ASNs joined by spaces, `_` as Cisco reads it, braces those of an AS_SET.
	const char *as_path_regex;
	const uint32_t *communities; // any of them
	size_t community_count;
	uint32_t match_flags; // POLICY_MATCH_…
	uint32_t match_tag;
	uint32_t match_sources; // bit set of 1 << enum route_kind
	// Sets.
	uint32_t set_flags; // POLICY_SET_…
	uint32_t local_preference, med, weight, tag;
	struct ip next_hop;
	const uint32_t *prepend; // put in front, in this order
	size_t prepend_count;
	const uint32_t *strip_asns; // removed wherever they stand in the path
	size_t strip_asn_count;
	const uint32_t *add_communities;
	size_t add_community_count;
	enum policy_verdict verdict;
};

struct policy;

// Copies the terms. -EINVAL with *bad_term set when a regular expression does not compile.
int policy_new(const struct policy_term *terms, size_t count, enum policy_verdict fallback,
	struct policy **out, size_t *bad_term);
struct policy *policy_ref(struct policy *policy);
void policy_unref(struct policy *policy); // NULL is fine

// A route on its way through a policy. `attributes` is replaced (reference counts kept right) when
// a set changes it; the rest is changed in place.
struct policy_route {
	struct prefix prefix;
	struct attributes *attributes;
	uint32_t kind; // enum route_kind
	uint32_t weight, tag;
	bool never_best, no_forwarding, next_hop_self;
};

// NULL policy accepts everything unchanged. *term is set to the deciding term's index, or to
// `count` for the default. POLICY_ACCEPT or POLICY_REJECT.
enum policy_verdict policy_apply(const struct policy *policy, struct attributes_table *table,
	struct policy_route *route, size_t *term);
const struct policy_term *policy_term_at(const struct policy *policy, size_t index);
