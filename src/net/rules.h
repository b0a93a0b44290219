// Ordered rule lists: the first rule that holds a header decides. As network security groups,
// access lists and source filters need them, without knowing any of these.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "net/header.h"

// A rule is one box and what happens to headers in it. A rule of the user with lists of prefixes
// and ports becomes several boxes with the same origin.
struct rule {
	struct header_box box;
	uint16_t verdict; // RULE_PERMIT or RULE_DENY
	uint32_t origin;  // what the owner can turn into "rule 200 of NSG web, main.yaml:41"
};

enum {
	RULE_PERMIT = 0,
	RULE_DENY = 1,
};

struct rule_list {
	const struct rule *rules; // owned by whoever made the list
	size_t count;
};

// The index of the first rule that holds the header, or -1.
ptrdiff_t rule_list_match(const struct rule_list *list, const struct flow_key *key);

// The same, and narrows *scope, in which `key` lies, to headers that are decided by this same rule:
// for each missed rule one field's edge, for the hit its box.
ptrdiff_t rule_list_match_scope(
	const struct rule_list *list, const struct flow_key *key, struct header_box *scope);
