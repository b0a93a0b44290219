// Virtual machines as the file describes them, appliances among them. See azure.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diagnostics.h"
#include "net/ip.h"
#include "topo/link.h"
#include "topo/site.h"

struct azure_nic {
	const char *name; // "" for the machine's only one
	struct place place;
	const char *subnet;   // "vnet/subnet"
	struct ip *addresses; // privateIPAddress, one a family; default: first free from offset 4
	size_t address_count;
	bool enable_ip_forwarding;
	const char *network_security_group;
	struct ip public_address; // that tunnels of its operating system start from; IP_NONE: none
	struct topo_attachment attach;
};

struct azure_nva_static {
	struct place place;
	struct prefix prefix;
	struct ip next_hop;    // IP_NONE without an interface: discard
	const char *interface; // a NIC, a tunnel; default: the one towards the next hop
};

struct azure_machine {
	const char *name;
	struct place place;
	struct azure_nic *nics; // the first is the primary; `own` where the machine has only that
	size_t nic_count;
	struct azure_nic own;             // the NIC whose properties stand among the machine's
	struct azure_nva_static *statics; // routes of its operating system
	size_t static_count;
	struct site_interface *interfaces; // tunnels and loopbacks, besides the NICs
	size_t interface_count;
	struct site_bgp bgp; // announces its networks always
	struct site_prefix_list *prefix_lists;
	size_t prefix_list_count;
	struct site_route_map *route_maps;
	size_t route_map_count;
	const char *icmp_source; // egress for machines that forward (AZ-X-21)
	const char *rpf;         // none (default), strict
	uint64_t hash_seed;
};
