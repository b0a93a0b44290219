// The seam between a cloud and everything generic: how its resources become topo, what it does at
// run time, and how it describes a table in its own words.
//
// Implementations: azure/, plain/. A cloud is lowered once, after the sites.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diagnostics.h"
#include "topo/topo.h"

struct names;
struct world;
struct cloud;

// A row of an effective route table as the cloud itself would print it.
struct cloud_route_row {
	const char *name;   // of the user's route, or NULL
	const char *source; // "Default", "User", "VirtualNetworkGateway"
	const char *state;  // "Active", "Invalid"
	struct prefix prefix;
	const char *next_hop_type;
	const char **next_hops; // as printed: addresses, or "" none
	size_t next_hop_count;
	const char *why; // rule and words: why it is Invalid, or wins
	uint32_t origin;
};

// What a cloud says of a destination from a NIC.
struct cloud_next_hop {
	const char *type, *address, *route_table;
	uint32_t origin;
};

// One rule's verdict about a flow in one direction, for ipFlowVerify.
struct cloud_flow_verdict {
	bool allowed;
	const char
		*rule; // name, "DefaultRule_AllowVnetInBound" as Azure prints it, or "" when no group
	const char *group; // the security group, or NULL
	uint32_t origin;
};

struct cloud_flow {
	struct ip source, destination;
	uint8_t protocol;
	uint16_t source_port, destination_port;
	bool inbound;
};

// Where a question is asked: at a NIC of a node in a world. What the answer points to lives in
// `arena`.
struct cloud_question {
	struct world *world;
	uint32_t node;
	const char *nic; // NULL: the primary one
	struct arena *arena;
};

struct cloud_ops {
	const char *name;
	// Lowers the model given at its making into topo. `port_names` maps "router/interface" of the
	// sites to port numbers. Mistakes found here (references, overlaps, rules broken) are added.
	void (*lower)(struct cloud *cloud, struct topo *topo, struct names *port_names,
		struct diagnostics *mistakes);
	// Takes part in a world: fills its shared layers as gateways learn routes. Called once, before
	// the world runs; what it allocates lives as long as the world's arena.
	void (*attach)(struct cloud *cloud, struct world *world);
	// The effective routes of a NIC. Each of these: -ENOENT when the node is none of the cloud's
	// machines or has no such NIC.
	int (*effective_routes)(struct cloud *cloud, const struct cloud_question *at,
		struct cloud_route_row **rows, size_t *count);
	int (*next_hop)(struct cloud *cloud, const struct cloud_question *at, struct ip destination,
		struct cloud_next_hop *out);
	int (*flow_verify)(struct cloud *cloud, const struct cloud_question *at,
		const struct cloud_flow *flow, struct cloud_flow_verdict *out);
	void (*free)(struct cloud *cloud);
};

struct cloud {
	const struct cloud_ops *ops;
};

struct azure_model;
// Does not own the model, which must outlive the cloud.
struct cloud *azure_cloud_new(const struct azure_model *model);
