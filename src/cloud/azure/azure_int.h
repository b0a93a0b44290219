// What lowering makes of the model and keeps: who is who, and which node, port or table each thing
// became. The controller and the answers in Azure's words work from it.
#pragma once

#include "base/memory.h"
#include "base/names.h"
#include "base/text.h"
#include "cloud/azure/azure.h"
#include "cloud/cloud.h"
#include "topo/topo.h"
#include "topo/topo_build.h"
#include "world/world.h"

#define AZURE_ASN 65515      // AZ-VPN-1
#define AZURE_MSEE_ASN 12076 // AZ-ER-1
#define AZURE_INSTANCES 2
#define AZURE_LINKS 2 // of a circuit: primary, secondary

struct azure_prefixes {
	struct prefix *items;
	size_t count, room;
};

struct azure_peer { // a peering both of whose halves are there (AZ-PEER-2)
	uint32_t vnet;  // the remote one
	const struct azure_peering *ours, *theirs;
	bool is_global;
	int64_t delay_ns;
	uint32_t origin;
	struct topo_filter filter, transit_filter; // on ports of ours towards theirs
};

struct azure_bound { // an address of a subnet and the subnet's port it is behind
	struct ip address;
	uint32_t port;
};

struct lowered_subnet {
	const struct azure_subnet *subnet;
	const struct azure_route_table *route_table; // NULL: none
	const struct azure_security_group *nsg;      // NULL: none
	uint32_t vnet, node, delivery, effective, origin;
	// The table of private endpoints or TOPO_NONE; the origin of its first service endpoint.
	uint32_t without_user, first_service;
	uint32_t gateway_port;      // the port in slot 0
	uint32_t own_port, own_end; // on the VNet's segment
	uint32_t *peer_ports;       // by index of the VNet's peers
	bool is_gateway_subnet;
	uint64_t next_offset; // for addresses that the file leaves open
	struct azure_bound *items;
	size_t count, room;
};

struct lowered_vnet {
	const struct azure_vnet *vnet;
	struct azure_peer *peers;
	size_t peer_count;
	uint32_t first_subnet;
	uint32_t gateway_vnet;    // whose gateways its routes come from: itself, a hub, or TOPO_NONE
	uint32_t gateway_peer;    // index of that hub in `peers`, TOPO_NONE
	uint32_t gateway_subnet;  // number of its GatewaySubnet, TOPO_NONE
	uint32_t er, vpn;         // its own gateways, TOPO_NONE
	bool is_transit_doubtful; // whose gateways it uses: a mistake about that has been told
	uint32_t segment, group;  // link; shared layer of its own gateways' routes, TOPO_NONE
	uint32_t origin, *range_origins;
};

struct lowered_instance {
	const char *name;
	struct ip address, bgp_address, public_address, inside_address;
	struct ip address6; // of both families' GatewaySubnet and ExpressRoute, else IP_NONE
	uint32_t node, vnet_port, subnet_port, twin_port, internet_port;
};

struct lowered_gateway {
	const struct azure_gateway *gateway;
	uint32_t vnet, asn, origin, learned_origin;
	bool is_er;
	bool is_doubtful; // its type was mistaken: neither of the two
	struct lowered_instance instances[AZURE_INSTANCES];
	size_t instance_count;
	size_t connection_count; // ExpressRoute connections so far, for AZ-GW-2's offsets
};

struct lowered_circuit {
	const struct azure_circuit *circuit;
	uint32_t msee[AZURE_LINKS];
	uint32_t origin;
};

struct lowered_connection {
	const struct azure_connection *connection;
	uint32_t gateway1, gateway2, local_gateway, circuit; // TOPO_NONE when not of that kind
	uint32_t pair; // IPsec between two Azure gateways: the other direction's connection
	struct ip endpoints[AZURE_LINKS], endpoints6[AZURE_LINKS]; // the second: see address6
	uint32_t origin;
};

struct lowered_nic {
	const struct azure_nic *nic;
	const struct azure_security_group *nsg;
	uint32_t machine, subnet, port, subnet_port, origin; // port: the machine's own
	struct ip addresses[2];
	size_t address_count;
};

struct lowered_machine {
	const struct azure_machine *machine;
	uint32_t node, first_nic;
	struct site_appliance
		appliance; // its system's interfaces, routes and BGP; no site: it has none
};

struct azure_controller;

struct azure_cloud {
	struct cloud cloud; // first: the seam sees only this
	const struct azure_model *model;
	struct arena *arena;
	struct topo *topo; // while lowering
	struct diagnostics *mistakes;
	struct names *vnet_names, *subnet_names, *machine_names, *route_table_names, *nsg_names;
	struct names *circuit_names, *local_gateway_names, *gateway_names, *connection_names;
	struct names *used_addresses;
	uint32_t made_up_addresses; // public ones handed out
	struct lowered_vnet *vnets;
	struct lowered_subnet *subnets;
	struct lowered_gateway *gateways;
	struct lowered_circuit *circuits;
	struct lowered_connection *connections;
	struct lowered_machine *machines;
	struct lowered_nic *nics;
	struct lowered_endpoint *endpoints; // endpoint_int.h
	size_t subnet_count, gateway_count, nic_count;
	struct {
		struct azure_tagged *items; // tag_int.h
		size_t count, room;
	} tagged;
	uint32_t none_origin, internet_origin;
	uint32_t *route_origins; // of each route table's first route; the others follow
	uint32_t *nsg_origins; // of each group's first rule; the others, then the default rules, follow
	struct {               // one a world it takes part in
		struct azure_controller **items;
		size_t count, room;
	} controllers;
};
