// Route tables and network security groups as the file describes them. See azure.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diagnostics.h"
#include "net/ip.h"

struct azure_route {
	const char *name;
	struct place place;
	struct prefix address_prefix;
	const char *next_hop_type; // VirtualAppliance, VnetLocal, VirtualNetworkGateway, Internet, None
	struct ip next_hop;
};

struct azure_route_table {
	const char *name;
	struct place place;
	bool disable_bgp_route_propagation;
	struct azure_route *routes;
	size_t route_count;
};

struct azure_security_rule {
	const char *name;
	struct place place;
	uint32_t priority;
	const char *direction;                // Inbound, Outbound
	const char *access;                   // Allow, Deny
	const char *protocol;                 // Tcp, Udp, Icmp, Esp, *
	const char **sources, **destinations; // prefixes, tags or *; 0: *
	size_t source_count, destination_count;
	const char **source_ports, **destination_ports; // "80", "80-90", "*"; 0: *
	size_t source_port_count, destination_port_count;
};

struct azure_security_group {
	const char *name;
	struct place place;
	struct azure_security_rule *rules;
	size_t rule_count;
};
