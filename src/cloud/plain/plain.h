// A cloud of networks and nothing else: each has a router and hosts, pairs of them are joined, and
// static routes say what lies behind a neighbour. It learns nothing while it runs.
#pragma once

#include <stddef.h>

#include "base/diagnostics.h"
#include "net/ip.h"

struct cloud;

struct plain_host {
	const char *name;
	struct ip address;
};

struct plain_route {
	struct place place;
	struct prefix prefix;
	const char *network; // the joined one it lies behind
};

struct plain_network {
	const char *name; // also its router's; the router has the prefix's first host address
	struct place place;
	struct prefix prefix;
	const struct plain_host *hosts;
	size_t host_count;
	const char *const *joined; // each pair is named once, on either side
	size_t joined_count;
	const struct plain_route *routes;
	size_t route_count;
};

struct plain_model {
	const struct plain_network *networks;
	size_t network_count;
};

// Does not own the model, which must outlive the cloud. Freed by its ops.
struct cloud *plain_cloud_new(const struct plain_model *model);
