// User-defined routes to appliances that load and work, but not the way people think. Azure takes
// each of them and says nothing: it does not track whether an appliance is there (AZ-NVA-4).
#include "cloud/azure/lower_int.h"

#include "base/text.h"

static const struct lowered_nic *nic_at(
	const struct azure_cloud *cloud, uint32_t vnet, struct ip address) {
	for (size_t n = 0; n < cloud->nic_count; n++) {
		const struct lowered_nic *nic = &cloud->nics[n];
		if (cloud->subnets[nic->subnet].vnet != vnet)
			continue;
		for (size_t i = 0; i < nic->address_count; i++) {
			if (ip_equal(nic->addresses[i], address))
				return nic;
		}
	}
	return NULL;
}

// The network an appliance is in as a subnet of `vnet` reaches it: its own, or one peered with it
// directly (AZ-NIC-10). TOPO_NONE: none.
static uint32_t network_of(const struct azure_cloud *cloud, uint32_t vnet, struct ip address) {
	const struct lowered_vnet *lowered = &cloud->vnets[vnet];

	if (azure_vnet_contains(lowered->vnet, address))
		return vnet;
	for (size_t p = 0; p < lowered->peer_count; p++) {
		if (azure_vnet_contains(cloud->vnets[lowered->peers[p].vnet].vnet, address))
			return lowered->peers[p].vnet;
	}
	return TOPO_NONE;
}

static void check_route(struct azure_cloud *cloud, const struct lowered_subnet *subnet,
	const struct azure_route *route) {
	const char *vnet = cloud->vnets[subnet->vnet].vnet->name;
	uint32_t home = network_of(cloud, subnet->vnet, route->next_hop);
	char address[IP_TEXT_BYTES];

	ip_format(route->next_hop, address);
	if (home == TOPO_NONE) {
		azure_lint(cloud, route->place, "next-hop-out-of-reach",
			"route %s: next hop %s is neither in %s nor in a network peered with it directly: what "
			"takes this route is lost (AZ-NIC-10)",
			route->name, address, vnet);
		return;
	}
	const struct lowered_nic *nic = nic_at(cloud, home, route->next_hop);
	if (nic == NULL) {
		azure_lint(cloud, route->place, "no-appliance",
			"route %s: no machine in %s has the next hop %s: what takes this route is lost "
			"(AZ-NVA-4)",
			route->name, cloud->vnets[home].vnet->name, address);
		return;
	}
	const char *machine = cloud->machines[nic->machine].machine->name;
	if (!nic->nic->enable_ip_forwarding)
		azure_lint(cloud, route->place, "appliance-not-forwarding",
			"route %s: %s (%s) has no enableIPForwarding: what takes this route is lost (AZ-NVA-1)",
			route->name, machine, address);
	else if (&cloud->subnets[nic->subnet] == subnet)
		azure_lint(cloud, route->place, "steers-appliance-to-itself",
			"route %s counts in %s/%s too, where %s itself is: what the appliance sends there comes "
			"back to it",
			route->name, vnet, subnet->subnet->name, machine);
}

void azure_steering_check(struct azure_cloud *cloud) {
	for (size_t s = 0; s < cloud->subnet_count; s++) {
		const struct lowered_subnet *subnet = &cloud->subnets[s];
		const struct azure_route_table *table = subnet->route_table;
		for (size_t r = 0; table != NULL && r < table->route_count; r++) {
			const struct azure_route *route = &table->routes[r];
			if (text_equal(route->next_hop_type, "VirtualAppliance") &&
				!ip_is_none(route->next_hop))
				check_route(cloud, subnet, route);
		}
	}
}
