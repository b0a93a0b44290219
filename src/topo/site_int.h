// What the files that lower sites share.
#pragma once

#include "topo/site.h"
#include "topo/topo_build.h"

struct site_lowering {
	struct topo *topo;
	const struct site *sites;
	size_t site_count;
	struct names *port_names;
	struct diagnostics *mistakes;
	bool is_appliance; // inside a cloud, whose words are used then
	// Of every router, sites in their order: its node (TOPO_NONE when its name was taken) and its
	// first port; the others follow in the order of its interfaces.
	struct site_router_ref *routers;
	size_t router_count;
};

struct site_router_ref {
	const struct site *site;
	const struct site_router *router;
	uint32_t node, first_port;
};

// Where the value of a member stands; `otherwise` when that is not known.
struct place site_place(
	const struct site_lowering *lowering, const void *member, struct place otherwise);
// A mistake about the value has been told, so that nothing follows from it.
bool site_is_doubtful(const struct site_lowering *lowering, const void *member);
// The same of any of a router's addresses: what its networks are is not known.
bool site_addresses_are_doubtful(
	const struct site_lowering *lowering, const struct site_router *router);
// The same of what decides whether it could be outside the model: what it joins, what it speaks.
bool site_router_is_doubtful(
	const struct site_lowering *lowering, const struct site_router *router);
// And of the networks on a segment.
bool site_segment_is_doubtful(
	const struct site_lowering *lowering, const struct site *site, const char *segment);

struct site_policy {
	const struct policy_term *terms;
	size_t count;
	bool default_deny;
};

// The policy of what `neighbor` sends (`is_import`) or is sent.
struct site_policy site_policy_lower(struct site_lowering *lowering, const struct site *site,
	const struct site_neighbor *neighbor, bool is_import);

// Mistakes that need no lowering: interfaces with two purposes, addresses used twice, hosts outside
// their segment's networks.
void site_check(struct site_lowering *lowering, const struct site *site);

// Mistakes in prefix lists and route maps, used or not.
void site_policy_check(struct site_lowering *lowering, const struct site *site);

// Of one interface: its port at the router's node, and of one static route.
void site_interface_lower(struct site_lowering *lowering, const struct site_router_ref *ref,
	const struct site_interface *interface);
void site_static_lower(struct site_lowering *lowering, const struct site_router_ref *ref,
	const struct site_static *given);
struct topo_attachment site_attach_lower(
	const struct site_lowering *lowering, const struct topo_attachment *given);
void site_rpf_lower(struct site_lowering *lowering, const struct site_router_ref *ref);
// Mistakes of an interface and of the neighbours of a router, that need no lowering.
void site_check_interface(struct site_lowering *lowering, const struct site_interface *interface);
void site_check_neighbors(struct site_lowering *lowering, const struct site_router *router);

// `site/segment`: the segment of another site, on which this one's IGP does not run.
bool site_segment_is_elsewhere(const char *segment);

// Segments, sessions and tunnels, once all ports are there.
void site_segments_lower(struct site_lowering *lowering);
void site_bgp_lower(struct site_lowering *lowering, const struct site_router_ref *ref);
void site_tunnels_lower(struct site_lowering *lowering);
// The segment's network that holds the address: of a router's interface on it. False: none.
bool site_segment_network(
	const struct site *site, const char *segment, struct ip address, struct prefix *network);
// The router address of the segment inside `network`, IP_NONE when there is none or several.
struct ip site_only_router(const struct site *site, const char *segment, struct prefix network);
