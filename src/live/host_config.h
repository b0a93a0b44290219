// What the file says of a host, told to the kernel: settings, addresses, MTU, routes. Each acts in
// the namespace the process is in, and returns 0 or -errno.
#pragma once

#include "live/tap.h"

struct host_config {
	const struct topo *topo;
	uint32_t node;
	const struct tap *taps; // in the order of the node's ports
	size_t tap_count;
};

// In a namespace just made, its devices too.
int host_config_apply(const struct host_config *config);
// Is there anything in which the two files' hosts differ?
bool host_config_differs(const struct host_config *old, const struct host_config *new);
// Only what differs is touched: what was added in the namespace by hand stays.
int host_config_change(const struct host_config *old, const struct host_config *new);
