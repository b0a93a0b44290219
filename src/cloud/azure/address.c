// Addresses: those the file gives are checked, those it leaves open are filled in (AZ-GW-2, first
// free from offset 4 for machines: AZ-NIC-20).
#include "cloud/azure/endpoint_int.h"
#include "cloud/azure/lower_int.h"

#include <stdio.h>

#define RESERVED_LOW 4           // .0 network, .1 gateway, .2 and .3 name service (AZ-NIC-20)
#define PUBLIC_FIRST 0xcb007101u // 203.0.113.1 on (RFC 5737)
#define PUBLIC_SMALL 254
#define PUBLIC_LARGE 0xc6120001u // then 198.18.0.1 on (RFC 2544)

// AZ-GW-2: offsets from the GatewaySubnet's base, by which gateways share it.
static const struct {
	bool has_er, has_vpn;
	uint64_t er[AZURE_INSTANCES], vpn[AZURE_INSTANCES], endpoint;
} offsets[] = {
	{true, false, {12, 13}, {0, 0}, 4},
	{true, true, {12, 13}, {14, 15}, 4},
	{false, true, {0, 0}, {4, 5}, 0},
};
#define ENDPOINT_LOW_CIRCUITS 4 // offsets 4 to 11; the instances follow
#define ENDPOINT_HIGH 16

static size_t offsets_of(const struct lowered_vnet *vnet) {
	if (vnet->er == TOPO_NONE)
		return 2;
	return vnet->vpn == TOPO_NONE ? 0 : 1;
}

struct prefix azure_subnet_prefix_of(const struct azure_subnet *subnet, struct ip address) {
	for (size_t i = 0; i < subnet->address_prefix_count; i++) {
		if (prefix_contains(subnet->address_prefixes[i], address))
			return subnet->address_prefixes[i];
	}
	return prefix_host(address);
}

bool azure_vnet_contains(const struct azure_vnet *vnet, struct ip address) {
	for (size_t i = 0; i < vnet->address_space_count; i++) {
		if (prefix_contains(vnet->address_space[i], address))
			return true;
	}
	return false;
}

// AZ-NIC-20. An IPv4 prefix also loses its last address, the broadcast.
static bool is_reserved(struct prefix prefix, struct ip address) {
	struct ip base = prefix_first(prefix);

	if (ip_compare(address, ip_plus(base, RESERVED_LOW)) < 0)
		return true;
	return prefix_is_v4(prefix) && ip_equal(address, prefix_last(prefix));
}

static const char *used_key(
	struct azure_cloud *cloud, uint32_t vnet, struct ip address, char out[IP_TEXT_BYTES + 16]) {
	char text[IP_TEXT_BYTES];

	(void)cloud;
	snprintf(out, IP_TEXT_BYTES + 16, "%u %s", vnet, ip_format(address, text));
	return out;
}

static bool take(struct azure_cloud *cloud, uint32_t vnet, struct ip address) {
	char key[IP_TEXT_BYTES + 16];

	if (names_find(cloud->used_addresses, used_key(cloud, vnet, address, key)) != NAME_NONE)
		return false;
	names_add(cloud->used_addresses, key);
	return true;
}

// An address that the file gives, or that follows from a rule: inside its subnet, not reserved,
// nobody else's.
static void check_given(struct azure_cloud *cloud, uint32_t number, struct ip address,
	struct place place, const char *whose) {
	const struct lowered_subnet *subnet = &cloud->subnets[number];
	const struct azure_vnet *vnet = cloud->vnets[subnet->vnet].vnet;
	char text[IP_TEXT_BYTES], range[PREFIX_TEXT_BYTES];
	bool is_doubtful = azure_is_doubtful(cloud, &subnet->subnet->address_prefixes) ||
		azure_is_doubtful(cloud, &vnet->address_space);

	ip_format(address, text);
	struct prefix prefix = azure_subnet_prefix_of(subnet->subnet, address);
	bool is_inside =
		prefix_contains(prefix, address) && !prefix_equal(prefix, prefix_host(address));
	if (is_doubtful) {
		// Nothing follows from a range that is mistaken itself.
	} else if (subnet->subnet->address_prefix_count > 0 && !is_inside) {
		azure_mistake(cloud, place, "%s of %s is outside subnet %s/%s (%s)", text, whose,
			vnet->name, subnet->subnet->name,
			prefix_format(subnet->subnet->address_prefixes[0], range));
	} else if (is_inside && is_reserved(prefix, address)) {
		azure_mistake(cloud, place,
			"%s of %s is one of the five addresses Azure reserves in %s (AZ-NIC-20)", text, whose,
			prefix_format(prefix, range));
	} else if (subnet->subnet->address_prefix_count == 0 && !azure_vnet_contains(vnet, address)) {
		azure_mistake(
			cloud, place, "%s of %s is outside the address space of %s", text, whose, vnet->name);
	}
	if (!take(cloud, subnet->vnet, address))
		azure_mistake(cloud, place, "%s of %s is in use already in %s", text, whose, vnet->name);
}

// The prefix of the GatewaySubnet that addresses are counted from: the first IPv4 one, else the
// first.
static bool gateway_prefix(const struct azure_cloud *cloud, uint32_t vnet, struct prefix *out) {
	uint32_t number = cloud->vnets[vnet].gateway_subnet;

	if (number == TOPO_NONE)
		return false;
	const struct azure_subnet *subnet = cloud->subnets[number].subnet;
	for (size_t i = 0; i < subnet->address_prefix_count; i++) {
		if (!prefix_is_v4(subnet->address_prefixes[i]))
			continue;
		*out = subnet->address_prefixes[i];
		return true;
	}
	if (subnet->address_prefix_count > 0)
		*out = subnet->address_prefixes[0];
	return subnet->address_prefix_count > 0;
}

// The IPv6 prefix of a GatewaySubnet that has one of each family.
static bool gateway_prefix6(const struct azure_cloud *cloud, uint32_t vnet, struct prefix *out) {
	uint32_t number = cloud->vnets[vnet].gateway_subnet;
	bool has_v4 = false;
	bool has_v6 = false;

	for (size_t i = 0; i < cloud->subnets[number].subnet->address_prefix_count; i++) {
		struct prefix prefix = cloud->subnets[number].subnet->address_prefixes[i];
		has_v4 = has_v4 || prefix_is_v4(prefix);
		if (has_v6 || prefix_is_v4(prefix))
			continue;
		has_v6 = true;
		*out = prefix;
	}
	return has_v4 && has_v6;
}

static const void *gateway_subnet_prefixes(const struct azure_cloud *cloud, uint32_t vnet) {
	return &cloud->subnets[cloud->vnets[vnet].gateway_subnet].subnet->address_prefixes;
}

struct gateway_address {
	struct ip address;
	struct place place; // of what has it
	const char *whose;
};

// An address that follows from a rule (AZ-GW-2) is nobody's to change: the subnet is too small.
static bool is_too_small(
	struct azure_cloud *cloud, uint32_t vnet, struct prefix prefix, struct ip address) {
	const struct azure_subnet *subnet = cloud->subnets[cloud->vnets[vnet].gateway_subnet].subnet;
	char text[PREFIX_TEXT_BYTES];

	if (prefix_contains(prefix, address) && !is_reserved(prefix, address))
		return false;
	if (!azure_is_doubtful(cloud, &subnet->address_prefixes))
		azure_mistake(cloud, azure_place(cloud, &subnet->address_prefixes, subnet->place),
			"the GatewaySubnet of %s, %s, is too small for its gateways; Azure asks for a /%d",
			cloud->vnets[vnet].vnet->name, prefix_format(prefix, text),
			prefix_is_v4(prefix) ? 27 : 64);
	return true;
}

// An address of a gateway or an MSEE: given at `member`, NULL: AZ-GW-2 says so.
static void check_gateway_address(struct azure_cloud *cloud, uint32_t vnet,
	const struct gateway_address *what, const struct ip *member) {
	struct prefix prefix;
	bool has_prefix = ip_is_v4(what->address)
		? gateway_prefix(cloud, vnet, &prefix)
		: gateway_prefix6(cloud, vnet, &prefix) || gateway_prefix(cloud, vnet, &prefix);

	if (member || !has_prefix || !is_too_small(cloud, vnet, prefix, what->address))
		check_given(cloud, cloud->vnets[vnet].gateway_subnet, what->address,
			member ? azure_place(cloud, member, what->place) : what->place, what->whose);
}

static struct ip made_up_public(struct azure_cloud *cloud) {
	uint32_t n = cloud->made_up_addresses++;

	return ip_of_v4(n < PUBLIC_SMALL ? PUBLIC_FIRST + n : PUBLIC_LARGE + n - PUBLIC_SMALL);
}

static struct ip instance_address(
	struct azure_cloud *cloud, const struct lowered_gateway *lowered, size_t i) {
	const struct lowered_vnet *vnet = &cloud->vnets[lowered->vnet];
	const struct azure_gateway *gateway = lowered->gateway;
	struct prefix prefix;

	if (i < gateway->instance_address_count)
		return gateway->instance_addresses[i];
	if (azure_is_doubtful(cloud, &gateway->instance_addresses))
		return IP_NONE;
	if (!gateway_prefix(cloud, lowered->vnet, &prefix)) {
		if (azure_is_doubtful(cloud, gateway_subnet_prefixes(cloud, lowered->vnet)))
			return IP_NONE;
		azure_mistake(cloud, gateway->place,
			"%s needs instanceAddress, since the GatewaySubnet of %s has no prefix", gateway->name,
			vnet->vnet->name);
		return IP_NONE;
	}
	size_t row = offsets_of(vnet);
	// AZ-VPN-3: a gateway of one instance that has the subnet to itself takes the last usable one.
	if (!lowered->is_er && vnet->er == TOPO_NONE && lowered->instance_count == 1)
		return ip_previous(prefix_last(prefix));
	uint64_t offset = lowered->is_er ? offsets[row].er[i] : offsets[row].vpn[i];
	return ip_plus(prefix_first(prefix), offset);
}

static struct ip nth_or(const struct ip *list, size_t count, size_t i, struct ip otherwise) {
	return i < count ? list[i] : otherwise;
}

// BGP speaks from the instance's address unless the file gives another (AZ-VPN-3).
static void assign_instance(struct azure_cloud *cloud, struct lowered_gateway *lowered, size_t i) {
	const struct azure_gateway *gateway = lowered->gateway;
	struct lowered_instance *instance = &lowered->instances[i];
	uint32_t subnet = cloud->vnets[lowered->vnet].gateway_subnet;

	instance->name = lowered->instance_count == 1
		? gateway->name
		: arena_printf(cloud->arena, "%s-in%zu", gateway->name, i);
	instance->address = instance_address(cloud, lowered, i);
	instance->bgp_address = nth_or(
		gateway->bgp_peering_addresses, gateway->bgp_peering_address_count, i, instance->address);
	instance->inside_address =
		nth_or(gateway->inside_addresses, gateway->inside_address_count, i, instance->address);
	instance->twin_port = TOPO_NONE;
	if (i < gateway->public_address_count)
		instance->public_address = gateway->public_addresses[i];
	else if (!lowered->is_er)
		instance->public_address = made_up_public(cloud);
	if (ip_is_none(instance->address))
		return;
	struct prefix prefix6;
	if (lowered->is_er && gateway_prefix6(cloud, lowered->vnet, &prefix6)) {
		size_t row = offsets_of(&cloud->vnets[lowered->vnet]);
		instance->address6 = ip_plus(prefix_first(prefix6), offsets[row].er[i]);
		check_gateway_address(cloud, lowered->vnet,
			&(struct gateway_address){instance->address6, gateway->place, instance->name}, NULL);
	}
	check_gateway_address(cloud, lowered->vnet,
		&(struct gateway_address){instance->address, gateway->place, instance->name},
		i < gateway->instance_address_count ? &gateway->instance_addresses[i] : NULL);
	bool is_apipa = ip_is_link_local(instance->bgp_address); // AZ-VPN-4
	if (!is_apipa && !ip_equal(instance->bgp_address, instance->address))
		check_given(cloud, subnet, instance->bgp_address,
			azure_place(cloud, &gateway->bgp_peering_addresses[i], gateway->place), instance->name);
	if (!ip_equal(instance->inside_address, instance->address) &&
		!ip_equal(instance->inside_address, instance->bgp_address))
		check_given(cloud, subnet, instance->inside_address,
			azure_place(cloud, &gateway->inside_addresses[i], gateway->place), instance->name);
}

static void report_no_subnet(
	struct azure_cloud *cloud, const struct azure_vnet *vnet, const struct azure_gateway *gateway) {
	struct names *known = names_new();

	for (size_t i = 0; i < vnet->subnet_count; i++)
		names_add(known, vnet->subnets[i].name);
	const char *near = names_nearest(known, "GatewaySubnet");
	if (!azure_is_doubtful(cloud, &vnet->subnets))
		azure_mistake(cloud, gateway->place,
			"%s has no subnet named GatewaySubnet, which the gateway %s needs%s%s%s", vnet->name,
			gateway->name, near ? "; there is \"" : "", near ? near : "", near ? "\"" : "");
	names_free(known);
}

static void assign_gateway(struct azure_cloud *cloud, struct lowered_gateway *lowered) {
	const struct azure_vnet *vnet = cloud->vnets[lowered->vnet].vnet;

	// An active-standby gateway is modelled by its active instance.
	lowered->instance_count = lowered->is_er || lowered->gateway->active_active ? 2 : 1;
	if (cloud->vnets[lowered->vnet].gateway_subnet == TOPO_NONE) { // AZ-GW-1
		report_no_subnet(cloud, vnet, lowered->gateway);
		return;
	}
	if (azure_gateways_are_doubtful(cloud, vnet) ||
		azure_is_doubtful(cloud, &lowered->gateway->active_active))
		return; // what stands where in the subnet depends on them
	for (size_t i = 0; i < lowered->instance_count; i++)
		assign_instance(cloud, lowered, i);
}

static bool has_ipv6(const struct azure_circuit *circuit) {
	for (size_t i = 0; i < AZURE_LINKS; i++) {
		const struct azure_circuit_link *link = &circuit->links[i];
		if (!ip_is_none(link->peer_prefix6.base) ||
			(link->given && !ip_is_none(link->peer_prefix.base) &&
				!prefix_is_v4(link->peer_prefix)))
			return true;
	}
	return false;
}

// The same of IPv6, where the circuit and the GatewaySubnet both have it besides.
static void assign_endpoints6(
	struct azure_cloud *cloud, struct lowered_connection *lowered, uint64_t offset) {
	const struct lowered_gateway *gateway = &cloud->gateways[lowered->gateway1];
	const struct azure_circuit *circuit = cloud->circuits[lowered->circuit].circuit;
	const struct azure_vnet *vnet = cloud->vnets[gateway->vnet].vnet;
	struct prefix prefix;

	if (!has_ipv6(circuit))
		return;
	if (!gateway_prefix6(cloud, gateway->vnet, &prefix)) {
		bool wants = false;
		for (size_t i = 0; i < vnet->address_space_count; i++)
			wants = wants || !prefix_is_v4(vnet->address_space[i]);
		if (wants && ip_is_v4(lowered->endpoints[0]))
			azure_lint(cloud, lowered->connection->place, "gateway-without-ipv6",
				"circuit %s carries IPv6, but not to %s: its GatewaySubnet has no IPv6 prefix",
				circuit->name, vnet->name);
		return;
	}
	for (size_t i = 0; i < AZURE_LINKS; i++) {
		lowered->endpoints6[i] = ip_plus(prefix_first(prefix), offset + i);
		check_gateway_address(cloud, gateway->vnet,
			&(struct gateway_address){
				lowered->endpoints6[i], lowered->connection->place, lowered->connection->name},
			NULL);
	}
}

// MSEE tunnel endpoints of the k-th connection of a gateway.
static void assign_endpoints(struct azure_cloud *cloud, struct lowered_connection *lowered) {
	const struct azure_connection *connection = lowered->connection;

	if (lowered->circuit == TOPO_NONE || lowered->gateway1 == TOPO_NONE)
		return;
	struct lowered_gateway *gateway = &cloud->gateways[lowered->gateway1];
	struct lowered_vnet *vnet = &cloud->vnets[gateway->vnet];
	if (!gateway->is_er || vnet->gateway_subnet == TOPO_NONE ||
		azure_is_doubtful(cloud, &connection->tunnel_endpoints) ||
		azure_gateways_are_doubtful(cloud, vnet->vnet))
		return;
	size_t k = gateway->connection_count++;
	uint64_t offset = k < ENDPOINT_LOW_CIRCUITS
		? offsets[offsets_of(vnet)].endpoint + AZURE_LINKS * k
		: ENDPOINT_HIGH + AZURE_LINKS * (k - ENDPOINT_LOW_CIRCUITS);
	struct prefix prefix;
	bool has_prefix = gateway_prefix(cloud, gateway->vnet, &prefix);
	for (size_t i = 0; i < AZURE_LINKS; i++) {
		if (i < connection->tunnel_endpoint_count)
			lowered->endpoints[i] = connection->tunnel_endpoints[i];
		else if (has_prefix)
			lowered->endpoints[i] = ip_plus(prefix_first(prefix), offset + i);
		else {
			if (azure_is_doubtful(cloud, gateway_subnet_prefixes(cloud, gateway->vnet)))
				return;
			azure_mistake(cloud, connection->place,
				"%s needs tunnelEndpoints, since the GatewaySubnet of %s has no prefix",
				connection->name, vnet->vnet->name);
			return;
		}
		check_gateway_address(cloud, gateway->vnet,
			&(struct gateway_address){lowered->endpoints[i], connection->place, connection->name},
			i < connection->tunnel_endpoint_count ? &connection->tunnel_endpoints[i] : NULL);
	}
	assign_endpoints6(cloud, lowered, offset);
}

// The first address of the prefix that nobody has, from the subnet's cursor on.
static struct ip first_free(
	struct azure_cloud *cloud, struct lowered_subnet *subnet, struct prefix prefix) {
	struct ip base = prefix_first(prefix);

	for (;; subnet->next_offset++) { // bounded by the prefix
		struct ip address = ip_plus(base, subnet->next_offset);
		if (!prefix_contains(prefix, address) || is_reserved(prefix, address))
			return IP_NONE;
		if (take(cloud, subnet->vnet, address))
			return address;
	}
}

static void assign_nic(struct azure_cloud *cloud, struct lowered_nic *nic) {
	struct lowered_subnet *subnet = &cloud->subnets[nic->subnet];
	const char *machine = cloud->model->machines[nic->machine].name;

	bool has_v4 = false;
	bool has_v6 = false;
	for (size_t i = 0; i < nic->address_count; i++)
		*(ip_is_v4(nic->addresses[i]) ? &has_v4 : &has_v6) = true;
	for (size_t i = 0; i < subnet->subnet->address_prefix_count; i++) {
		struct prefix prefix = subnet->subnet->address_prefixes[i];
		bool *has = prefix_is_v4(prefix) ? &has_v4 : &has_v6;
		if (*has || nic->address_count == 2)
			continue;
		struct ip address = first_free(cloud, subnet, prefix);
		if (ip_is_none(address))
			continue;
		*has = true;
		nic->addresses[nic->address_count++] = address;
	}
	if (nic->address_count == 0 && !azure_is_doubtful(cloud, &nic->nic->addresses) &&
		!azure_is_doubtful(cloud, &subnet->subnet->address_prefixes))
		azure_mistake(cloud, azure_place(cloud, &nic->nic->subnet, nic->nic->place),
			subnet->subnet->address_prefix_count > 0
				? "subnet %s has no address left for %s"
				: "subnet %s has no address prefix, so %s needs a privateIPAddress",
			nic->nic->subnet, machine);
}

static void take_given(struct azure_cloud *cloud, struct lowered_nic *nic) {
	const char *machine = cloud->model->machines[nic->machine].name;

	if (nic->nic->address_count > 2)
		azure_mistake(cloud, azure_place(cloud, &nic->nic->addresses, nic->nic->place),
			"%s has %zu private addresses; one of each family is supported", machine,
			nic->nic->address_count);
	for (size_t i = 0; i < nic->nic->address_count && i < 2; i++) {
		nic->addresses[nic->address_count++] = nic->nic->addresses[i];
		check_given(cloud, nic->subnet, nic->nic->addresses[i],
			azure_place(cloud, &nic->nic->addresses[i], nic->nic->place), machine);
	}
}

// One address a private endpoint where the file gives none, IPv4 where the subnet has it.
static void assign_endpoint(struct azure_cloud *cloud, struct lowered_endpoint *lowered) {
	const struct azure_private_endpoint *endpoint = lowered->endpoint;
	struct lowered_subnet *subnet = &cloud->subnets[lowered->subnet];

	for (size_t i = 0; i < subnet->subnet->address_prefix_count; i++) {
		struct ip address = lowered->address_count > 0
			? IP_NONE
			: first_free(cloud, subnet, subnet->subnet->address_prefixes[i]);
		if (!ip_is_none(address))
			lowered->addresses[lowered->address_count++] = address;
	}
	if (lowered->address_count == 0 && !azure_is_doubtful(cloud, &endpoint->addresses) &&
		!azure_is_doubtful(cloud, &subnet->subnet->address_prefixes))
		azure_mistake(cloud, azure_place(cloud, &endpoint->subnet, endpoint->place),
			"subnet %s has no address for %s", endpoint->subnet, endpoint->name);
}

static void take_given_endpoint(struct azure_cloud *cloud, struct lowered_endpoint *lowered) {
	const struct azure_private_endpoint *endpoint = lowered->endpoint;

	lowered->addresses = ARENA_ARRAY(cloud->arena, struct ip, endpoint->address_count + 1);
	for (size_t i = 0; i < endpoint->address_count; i++) {
		lowered->addresses[lowered->address_count++] = endpoint->addresses[i];
		check_given(cloud, lowered->subnet, endpoint->addresses[i],
			azure_place(cloud, &endpoint->addresses[i], endpoint->place), endpoint->name);
	}
}

void azure_address_assign(struct azure_cloud *cloud) {
	cloud->used_addresses = names_new();
	for (size_t g = 0; g < cloud->gateway_count; g++)
		assign_gateway(cloud, &cloud->gateways[g]);
	for (size_t c = 0; c < cloud->model->connection_count; c++)
		assign_endpoints(cloud, &cloud->connections[c]);
	for (size_t n = 0; n < cloud->nic_count; n++) {
		if (cloud->nics[n].subnet != TOPO_NONE)
			take_given(cloud, &cloud->nics[n]);
	}
	for (size_t e = 0; e < cloud->model->endpoint_count; e++) {
		if (cloud->endpoints[e].subnet != TOPO_NONE)
			take_given_endpoint(cloud, &cloud->endpoints[e]);
	}
	for (size_t n = 0; n < cloud->nic_count; n++) {
		if (cloud->nics[n].subnet != TOPO_NONE)
			assign_nic(cloud, &cloud->nics[n]);
	}
	for (size_t e = 0; e < cloud->model->endpoint_count; e++) {
		if (cloud->endpoints[e].subnet != TOPO_NONE)
			assign_endpoint(cloud, &cloud->endpoints[e]);
	}
}
