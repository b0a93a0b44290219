// BGP and route policy of on-premises routers as the file describes them. Part of site.h.
//
// A zero value is "not given" and means the default named beside it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diagnostics.h"
#include "net/ip.h"

struct site_prefix_entry {
	struct prefix prefix;
	uint32_t at_least, at_most; // lengths ("ge", "le"); 0: exactly the prefix's own
	bool deny;
	struct place place;
};

struct site_prefix_list {
	const char *name;
	struct place place;
	struct site_prefix_entry *entries;
	size_t entry_count;
};

struct site_route_map_entry {
	struct place place;
	const char *action;            // permit (default), deny
	const char *match_prefix_list; // name
	const char *match_as_path;     // regular expression
	const char **match_communities;
	size_t match_community_count;
	int64_t set_local_preference, set_weight, set_med; // -1: not set
	uint32_t *set_prepend;
	size_t set_prepend_count;
	const char **set_communities;
	size_t set_community_count;
	struct ip set_next_hop; // IP_NONE: not set
	uint32_t *strip_asns;
	size_t strip_asn_count;
};

struct site_route_map {
	const char *name;
	struct place place;
	struct site_route_map_entry *entries;
	size_t entry_count;
};

struct site_neighbor {
	struct place place;
	struct ip address;       // the peer's
	struct ip local_address; // IP_NONE: of the interface towards it
	uint32_t remote_asn;
	int64_t local_preference, weight; // of what it sends; -1: not set
	const char *prefix_list_in, *prefix_list_out, *route_map_in, *route_map_out; // names
	bool next_hop_self, as_override, passive, default_originate, send_community_off;
	const char *remove_private_as; // none (default), leading, all, onlyIfAllPrivate
	uint32_t allow_as_in, hold_s, keepalive_s;
	uint32_t *prepend;
	size_t prepend_count;
	bool bfd;       // on
	bool bfd_given; // otherwise: on for circuit links, off elsewhere
	int64_t bfd_interval_ns;
	uint32_t bfd_multiplier;
	uint32_t max_prefixes;
};

struct site_bgp {
	bool given;
	struct place place;
	uint32_t asn;
	struct ip router_id;
	struct prefix *networks; // announced while the table has them
	size_t network_count;
	const char **redistribute; // connected, static, igp
	size_t redistribute_count;
	uint32_t maximum_paths;  // 0: 8
	bool send_community_off; // knob sendCommunity (azure-rules 14)
	struct site_neighbor *neighbors;
	size_t neighbor_count;
};
