// Virtual machines as the file describes them, appliances among them. See azure.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diagnostics.h"
#include "net/ip.h"

struct azure_nva_neighbor { // BGP of an NVA towards routers or gateways it can reach
	struct place place;
	struct ip address;
	uint32_t remote_asn;
};

struct azure_nic {
	const char *name; // "" for the machine's only one
	struct place place;
	const char *subnet;   // "vnet/subnet"
	struct ip *addresses; // privateIPAddress, one a family; default: first free from offset 4
	size_t address_count;
	bool enable_ip_forwarding;
	const char *network_security_group;
};

struct azure_nva_static {
	struct place place;
	struct prefix prefix;
	struct ip next_hop; // IP_NONE: discard
};

struct azure_machine {
	const char *name;
	struct place place;
	struct azure_nic *nics; // the first is the primary
	size_t nic_count;
	struct azure_nva_static *statics; // routes of its operating system
	size_t static_count;
	uint32_t asn; // 0: no BGP
	struct azure_nva_neighbor *neighbors;
	size_t neighbor_count;
	struct prefix *networks; // announced by BGP
	size_t network_count;
	const char *icmp_source; // egress for machines that forward (AZ-X-21)
	uint64_t hash_seed;
};
