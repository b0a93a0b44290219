// Azure resources as the file describes them, with Azure's names. A zero value is "not given" and
// means Azure's default; where that is not zero, the comment says so. Strings and arrays belong to
// the arena they were loaded into.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diagnostics.h"
#include "net/ip.h"

struct azure_subnet {
	const char *name;
	struct place place;
	struct prefix *address_prefixes;
	size_t address_prefix_count; // 0 is legal: a subnet known only by name
	const char *route_table, *network_security_group;
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
	bool bgp_off; // enableBgp: false
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

struct azure_circuit_link { // primary or secondary
	struct place place;
	struct prefix peer_prefix;
	bool given;
	struct ip provider_address;  // what NIC rows show as next hop (AZ-NIC-14)
	uint32_t router_id;          // 0: lowest interface address
	int64_t delay_ns, jitter_ns; // CE to MSEE, one way
	uint32_t loss_millionths;
	uint64_t rate_bits_per_s;
	bool down; // the link does not carry from the start
	uint64_t hash_seed;
};

struct azure_circuit {
	const char *name;
	struct place place;
	const char *peering_location;
	uint32_t peer_asn;                  // 0: of the CE that has the interface
	struct azure_circuit_link links[2]; // primary, secondary
	bool bfd_off;
	int64_t bfd_interval_ns;   // 0: 300 ms
	uint32_t bfd_multiplier;   // 0: 3
	const char *strip_private; // leading (default), all, only-if-all-private
	uint32_t hold_s;           // 0: 180
};

struct azure_local_gateway {
	const char *name;
	struct place place;
	struct ip gateway_address;
	struct prefix *address_space;
	size_t address_space_count;
	uint32_t asn;
	struct ip bgp_peering_address;
};

struct azure_connection {
	const char *name;
	struct place place;
	const char *connection_type;     // ExpressRoute, IPsec, Vnet2Vnet
	const char *gateway1, *gateway2; // virtualNetworkGateway1, …2
	const char *local_gateway;       // localNetworkGateway2
	const char *circuit;             // expressRouteCircuit
	uint32_t routing_weight;
	bool enable_bgp;
	const char *shared_key;      // both ends for Vnet2Vnet; the Azure end for IPsec
	struct ip *tunnel_endpoints; // MSEE addresses, primary and secondary
	size_t tunnel_endpoint_count;
	bool connection_down[2];     // the gateway's session with that MSEE is not there
	int64_t delay_ns, jitter_ns; // one way
	uint32_t loss_millionths;
	uint64_t rate_bits_per_s;
	uint32_t path_mtu_bytes; // of what lies under a tunnel
	int64_t lifetime_ns;
	bool null_cipher;
};

struct azure_switches {      // rules marked [?] and platform delays; a zero or false is the default
	const char *none_routes; // documented (4, default), observed (21) (AZ-NIC-6)
	bool default_in_virtual_network_tag;               // AZ-NSG-4
	bool hide_denied_peering_routes;                   // AZ-NIC-21: absent instead of denied
	int64_t programming_delay_ns;                      // gateway routes into NICs; 0: 1 s, -1: none
	uint32_t gateway_msee_hold_s;                      // 0: 60
	int64_t peering_delay_ns, global_peering_delay_ns; // 0: 50 us, 20 ms
};

struct azure_model {
	struct azure_vnet *vnets;
	size_t vnet_count;
	struct azure_machine *machines;
	size_t machine_count;
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
