// What the gateways and MSEEs share: tags that say how a route came in, and the policies made of
// them. Nothing that came in through one gateway type leaves through the other (AZ-GW-6b, AZ-GW-7).
#pragma once

#include "cloud/azure/lower_int.h"

enum azure_tag {
	TAG_ANY,
	TAG_RANGE,        // ranges of the VNet and of spokes that use its gateways, or their summaries
	TAG_RANGE_HIDDEN, // the same where a summary stands for them (AZ-X-17)
	TAG_STATIC,       // a local network gateway's space, the far side of a VNet-to-VNet connection
	TAG_PEER_HOST,    // a BGP peer's own address (AZ-X-7)
	TAG_BRANCH,       // learned from a VPN peer
	TAG_CIRCUIT,      // learned from an MSEE
	TAG_TWIN,         // from the other instance
	TAG_OTHER,        // from the VNet's gateway of the other type
};

#define WEIGHT_LOCAL 32768    // AZ-GW-5
#define WEIGHT_VPN 32768      // AZ-GW-5
#define WEIGHT_CIRCUIT 32769  // AZ-GW-5, plus the connection's routingWeight (AZ-ER-20)
#define DISTANCE_LEARNED 20   // of eBGP and iBGP alike: weight and path decide (AZ-GW-9b)
#define TUNNEL_MTU_BYTES 1400 // AZ-VPN-19
// AZ-ER-8: the largest packet an ExpressRoute gateway takes into the network.
uint32_t azure_er_mtu(const struct azure_gateway *gateway);

extern const struct decision azure_gateway_decision, azure_msee_decision;

// One side of a session, with what all sessions of gateways and MSEEs have in common.
struct azure_session {
	uint32_t node;
	struct ip local, remote;
	uint32_t remote_asn, origin;
};
struct topo_neighbor *azure_neighbor_add(
	struct azure_cloud *cloud, const struct azure_session *session);

struct azure_terms {
	struct policy_term items[8];
	size_t count;
};
// Appends a term; returns it for its matches and sets. Arrays it is given must outlive the topo:
// copy them with azure_policy_prefixes().
struct policy_term *azure_term_add(
	struct azure_terms *terms, enum policy_verdict verdict, const char *reference);
struct policy_term *azure_term_tag(struct azure_terms *terms, enum azure_tag tag,
	const char *reference); // accepts what carries the tag
void azure_terms_import(struct azure_cloud *cloud, struct topo_neighbor *neighbor,
	const struct azure_terms *terms, bool deny);
void azure_terms_export(struct azure_cloud *cloud, struct topo_neighbor *neighbor,
	const struct azure_terms *terms, bool deny);
// Prefixes as policies match them: each exactly, or each and all inside it.
const struct policy_prefix *azure_policy_prefixes(
	struct azure_cloud *cloud, const struct prefix *prefixes, size_t count, bool inside);

// The ranges of spokes that use the VNet's gateways (AZ-PEER-8). To be freed by the caller.
struct azure_prefixes azure_spoke_ranges(const struct azure_cloud *cloud, uint32_t vnet);
// Static route of a port's node through that port.
void azure_route_via(
	struct azure_cloud *cloud, struct prefix prefix, uint32_t port, struct ip via, uint32_t origin);
void azure_port_host(struct azure_cloud *cloud, uint32_t port, const struct ip *addresses,
	size_t count); // addresses with host networks
