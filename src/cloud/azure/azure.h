// Azure resources as the file describes them, with Azure's names. A zero value is "not given" and
// means Azure's default; where that is not zero, the comment says so. Strings and arrays belong to
// the arena they were loaded into.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud/azure/azure_circuit.h"
#include "cloud/azure/azure_endpoint.h"
#include "cloud/azure/azure_machine.h"
#include "cloud/azure/azure_rules.h"
#include "cloud/azure/azure_vnet.h"

struct azure_switches {      // rules marked [?] and platform delays; a zero or false is the default
	const char *none_routes; // documented (4, default), observed (21) (AZ-NIC-6)
	bool default_in_virtual_network_tag;               // AZ-NSG-4
	bool hide_denied_peering_routes;                   // AZ-NIC-21: absent instead of denied
	int64_t programming_delay_ns;                      // gateway routes into NICs; 0: 1 s, -1: none
	uint32_t gateway_msee_hold_s;                      // 0: 60
	int64_t standby_takeover_ns;                       // AZ-VPN-21; 0: 60 s, -1: at once
	int64_t peering_delay_ns, global_peering_delay_ns; // 0: 50 us, 20 ms
};

struct azure_model {
	struct azure_vnet *vnets;
	size_t vnet_count;
	struct azure_machine *machines;
	size_t machine_count;
	struct azure_private_endpoint *endpoints;
	size_t endpoint_count;
	struct azure_route_table *route_tables;
	size_t route_table_count;
	struct azure_security_group *security_groups;
	size_t security_group_count;
	struct azure_circuit *circuits;
	size_t circuit_count;
	struct azure_local_gateway *local_gateways;
	size_t local_gateway_count;
	struct azure_connection *connections;
	size_t connection_count;
	struct azure_switches switches;
};
