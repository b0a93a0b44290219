// The steps of lowering, a file per subject, in the order azure_lower() takes them.
#pragma once

#include "cloud/azure/azure_int.h"

// Preferences at equal prefix length: AZ-NIC-2, and strong system routes above BGP (AZ-NIC-5).
enum {
	AZURE_PREFER_USER = 10,
	AZURE_PREFER_STRONG = 20,
	AZURE_PREFER_GATEWAY = 30,
	AZURE_PREFER_WEAK = 40,
};

// Mistakes; counts as one more and goes on, so that all are found at once.
void azure_mistake(struct azure_cloud *cloud, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void azure_lint(struct azure_cloud *cloud, struct place place, const char *code, const char *format,
	...) __attribute__((format(printf, 4, 5)));

// Where the value of a member of the model stands; `otherwise` when that is not known.
struct place azure_place(
	const struct azure_cloud *cloud, const void *member, struct place otherwise);
// A mistake about the value has been told, so that nothing follows from it. Later stages doubt what
// an earlier one refused.
bool azure_is_doubtful(const struct azure_cloud *cloud, const void *member);
void azure_doubt(struct azure_cloud *cloud, const void *member);
// What is known of a part of the model is known of its copy.
void azure_keep_marks(
	struct azure_cloud *cloud, const void *part, const void *copy, size_t size_bytes);
// Whether what gateways a network has is not known.
bool azure_gateways_are_doubtful(const struct azure_cloud *cloud, const struct azure_vnet *vnet);

// names.c: numbers for names, and the pointers of everything that refers to something.
void azure_resolve(struct azure_cloud *cloud);
// address.c: addresses the file leaves open (AZ-GW-2, AZ-NIC-20), and wrong ones.
void azure_address_assign(struct azure_cloud *cloud);
// check_ranges.c: address spaces and subnets, on which much else is judged.
void azure_check_ranges(struct azure_cloud *cloud);
// check_joint.c: names that are taken, and what circuits, sites and gateways say of each other.
void azure_check_joint(struct azure_cloud *cloud);
// check.c, limits.c, steering.c: what Azure would refuse, and what it would not thank you for.
void azure_check(struct azure_cloud *cloud);
void azure_limits_check(struct azure_cloud *cloud);
void azure_steering_check(struct azure_cloud *cloud);

// vnet.c
void azure_vnet_lower(struct azure_cloud *cloud);
void azure_vnet_lower_tables(struct azure_cloud *cloud); // last: when all addresses are bound
struct azure_attachment {
	const char *name;
	uint32_t origin;
	const struct ip *addresses;
	size_t count;
};
// The subnet node's port towards a thing in it, and the delivery of its addresses to it.
uint32_t azure_subnet_attach(
	struct azure_cloud *cloud, uint32_t subnet, const struct azure_attachment *what);
bool azure_vnet_contains(const struct azure_vnet *vnet, struct ip address);
struct prefix azure_subnet_prefix_of(const struct azure_subnet *subnet, struct ip address);
uint32_t azure_link(struct azure_cloud *cloud, uint32_t port_a, uint32_t port_b, uint32_t origin);

// peering.c
void azure_peering_lower(struct azure_cloud *cloud);
bool azure_peering_is_transit(
	const struct azure_cloud *cloud, uint32_t vnet, const struct azure_peer *peer);

// row.c: the rows of a subnet that don't come from a gateway, before any loses to another.
enum azure_row_type {
	ROW_VNET_LOCAL,
	ROW_PEERING,
	ROW_GLOBAL_PEERING,
	ROW_INTERFACE_ENDPOINT,
	ROW_SERVICE_ENDPOINT,
	ROW_GATEWAY,
	ROW_INTERNET,
	ROW_NONE,
	ROW_APPLIANCE,
};
struct azure_row {
	struct prefix prefix;
	enum azure_row_type type;
	uint8_t preference;  // AZURE_PREFER_…
	uint32_t peer;       // index in the VNet's peers, of peering rows and a peer's endpoints
	uint8_t yields_from; // of interface endpoints: to covering user routes this long; 0: to none
	struct ip next_hop;  // of appliances
	const char *name;    // the user's route
	uint32_t origin;
};
struct azure_rows {
	struct azure_row *items;
	size_t count, room;
};
void azure_rows_collect(
	const struct azure_cloud *cloud, const struct lowered_subnet *subnet, struct azure_rows *out);
void azure_rows_done(struct azure_rows *rows);
void azure_rows_sort(struct azure_rows *rows); // by prefix, then the preferred first
// The user's row that puts a system row out of use, or NULL (AZ-NIC-2, AZ-NIC-17).
const struct azure_row *azure_row_user_instead(
	const struct azure_rows *rows, const struct azure_row *row);
uint32_t azure_subnet_group(
	const struct azure_cloud *cloud, const struct lowered_subnet *subnet); // or TOPO_NONE
// The subnet as private endpoints in it see it, without its route table.
struct lowered_subnet azure_subnet_without_user(const struct lowered_subnet *subnet);

// udr.c: the effective table of a subnet.
void azure_udr_lower(struct azure_cloud *cloud, uint32_t subnet);

// nsg.c
// Filters of a NIC's port, in order; appended to `out`, which has room.
void azure_nsg_filter(struct azure_cloud *cloud, const struct azure_security_group *nsg,
	uint32_t vnet, bool inbound, struct topo_filter *out);
// The rules with the tag VirtualNetwork widened by what gateways learned.
struct rule *azure_nsg_compile(const struct azure_cloud *cloud, const struct azure_tagged *tagged,
	const struct azure_prefixes *learned, struct arena *arena, size_t *count);
void azure_nsg_check(struct azure_cloud *cloud);

// machine.c, gateway.c, vpngw.c, ergw.c, msee.c
void azure_machine_lower(struct azure_cloud *cloud);
// Of a model with mistakes: appliances and attached machines, for the sake of their mistakes.
void azure_machine_sketch(struct azure_cloud *cloud);
// appliance.c: whether there is more to a machine's system than its NICs.
bool azure_is_appliance(const struct azure_machine *machine);
// The ports of a machine's further interfaces, and what site_appliance_lower() takes.
void azure_appliance_lower_ports(struct azure_cloud *cloud, struct lowered_machine *lowered);
void azure_gateway_lower(struct azure_cloud *cloud);    // instances, ranges, sessions among them
extern const char *const azure_link_words[AZURE_LINKS]; // primary, secondary
void azure_msee_lower(struct azure_cloud *cloud);
void azure_ergw_lower(struct azure_cloud *cloud);
void azure_vpngw_lower(struct azure_cloud *cloud);
// The gateway an IPsec connection leads to, and the instance of it, when its local network gateway
// stands for one of Azure; TOPO_NONE: it leads to a site.
uint32_t azure_far_gateway(
	const struct azure_cloud *cloud, const struct lowered_connection *connection, size_t *instance);
// The connection that comes back from the gateway `far` to `near`; NULL: none.
const struct lowered_connection *azure_reverse_connection(
	const struct azure_cloud *cloud, uint32_t near, uint32_t far, size_t *instance);
