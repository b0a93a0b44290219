// Circuits, local network gateways and connections as the file describes them. See azure.h.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diagnostics.h"
#include "net/ip.h"

struct azure_circuit_link { // primary or secondary
	struct place place;
	struct prefix peer_prefix, peer_prefix6; // the second: of ipv6PeeringConfig
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
