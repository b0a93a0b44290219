// Tables: effective routes of a NIC in Azure's words, routing tables with the reason of every
// choice, forwarding tables, BGP neighbours.
#pragma once

#include "view/view.h"

struct view_effective {
	const char *host, *nic;
	const struct cloud_route_row *rows;
	size_t count;
};

void view_effective_text(
	const struct view *view, const struct view_effective *effective, struct text *out);
// EffectiveRouteListResult; exact values in fields that start with `interplane`.
json_t *view_effective_json(const struct view *view, const struct view_effective *effective);

void view_rib_text(const struct view *view, uint32_t node, struct text *out);
json_t *view_rib_json(const struct view *view, uint32_t node);
// GatewayRouteListResult.
json_t *view_rib_azure(const struct view *view, uint32_t node);
// The forwarding table of a node without a routing table of its own.
void view_fib_text(const struct view *view, uint32_t node, struct text *out);
json_t *view_fib_json(const struct view *view, uint32_t node);

void view_peers_text(const struct view *view, uint32_t node, struct text *out);
json_t *view_peers_json(const struct view *view, uint32_t node);
json_t *view_peers_azure(const struct view *view, uint32_t node); // BgpPeerStatusListResult
// What the node's speaker sends to this peer.
void view_advertised_text(const struct view *view, const struct bgp_peer *peer, struct text *out);
json_t *view_advertised_json(const struct view *view, uint32_t node, const struct bgp_peer *peer);

void view_nexthop_text(const struct view *view, const struct cloud_next_hop *hop, struct text *out);
json_t *view_nexthop_json(const struct view *view, uint32_t from, struct ip destination,
	const struct cloud_next_hop *hop);
json_t *view_nexthop_azure(const struct view *view, const struct cloud_next_hop *hop);
