// Virtual networks as the file describes them: subnets, peerings, gateways. See azure.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diagnostics.h"
#include "cloud/azure/azure_endpoint.h"
#include "net/ip.h"

struct azure_subnet {
	const char *name;
	struct place place;
	struct prefix *address_prefixes;
	size_t address_prefix_count; // 0 is legal: a subnet known only by name
	const char *route_table, *network_security_group;
	struct azure_service_endpoint *service_endpoints;
	size_t service_endpoint_count;
	const char *endpoint_policies; // privateEndpointNetworkPolicies: Disabled (default), Enabled,
	                               // NetworkSecurityGroupEnabled, RouteTableEnabled
};

struct azure_peering {
	const char *remote; // virtual network
	struct place place;
	bool no_virtual_network_access; // allowVirtualNetworkAccess: false (default true)
	bool allow_forwarded_traffic, allow_gateway_transit, use_remote_gateways;
	int64_t delay_ns; // -1: default by region
};

struct azure_gateway {
	const char *name;
	struct place place;
	struct place type_place;
	const char *gateway_type; // Vpn, ExpressRoute
	bool active_active;
	uint32_t asn;                  // 0: 65515
	struct ip *instance_addresses; // [?] defaults by AZ-GW-2
	size_t instance_address_count;
	struct ip *bgp_peering_addresses; // default: the instance addresses
	size_t bgp_peering_address_count;
	struct ip
		*public_addresses; // one an instance; made up from 203.0.113.0/24-like ranges when absent
	size_t public_address_count;
	struct ip *inside_addresses;
	size_t inside_address_count;
	const char *ttl; // transparent (default), decrement
	bool allow_remote_vnet_traffic, leak_er_to_vpn;
	uint32_t *router_ids; // IPv4 as numbers; lowest interface address when absent
	size_t router_id_count;
	bool bgp_off;       // enableBgp: false
	uint32_t mtu_bytes; // ExpressRoute; 0: 1400 (AZ-ER-8)
};

struct azure_vnet {
	const char *name;
	struct place place;
	const char *location;
	struct prefix *address_space;
	size_t address_space_count;
	struct azure_subnet *subnets;
	size_t subnet_count;
	struct azure_peering *peerings;
	size_t peering_count;
	struct azure_gateway *gateways;
	size_t gateway_count;
	struct prefix *summarized_gateway_prefixes; // AZ-PEER-12
	size_t summarized_gateway_prefix_count;
};
