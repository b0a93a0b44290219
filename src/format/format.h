// What every file format reads a network into: the resources of a cloud and the sites as they were
// described, and the tests that stand beside them. Lowered by site_lower() and the cloud.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud/azure/azure.h"
#include "topo/site.h"

// One expected hop: any of these addresses, or "*" for a hop that doesn't answer.
struct file_hop {
	const char **addresses;
	size_t address_count;
};

enum file_survival {
	FILE_SURVIVES_NOT_ASKED,
	FILE_SURVIVES_LINK,    // "any single link"
	FILE_SURVIVES_NODE,    // "any single node"
	FILE_SURVIVES_FAILURE, // "any single failure": both
};

// A statement about the network. What was not given is not asked.
struct file_test {
	struct place place;
	const char *description;     // or NULL
	const char *from, *to;       // names of hosts, or addresses
	bool reaches, reaches_given; // when not given: true
	const char **via, **not_via; // nodes, gateways or circuits; the path meets `via` in this order
	size_t via_count, not_via_count;
	bool symmetric, symmetric_given;
	int64_t rtt_below_ns, rtt_above_ns; // 0: not asked
	const struct file_hop *hops;
	size_t hop_count;     // 0: not asked
	const char *protocol; // icmp (NULL too), udp, tcp
	uint32_t port, source_port;
	const char **down, **down_nodes; // failed before the question is asked
	size_t down_count, down_node_count;
	const char *survives_text;
	enum file_survival survives;
	int64_t failover_below_ns; // 0: not asked
};

struct network_file {
	const char *path;
	const char *description;
	struct azure_model azure;
	struct site *sites;
	size_t site_count;
	struct file_test *tests;
	size_t test_count;
	uint64_t seed; // 0: not given
};
