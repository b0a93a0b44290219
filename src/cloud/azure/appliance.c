// What makes a router of a machine: routes of its operating system, tunnels, BGP with its policies.
// Those are a router's matters and are lowered as a site's are; this file says which interfaces the
// router has: the machine's NICs, the outside of its tunnels, and what the file adds.
#include "cloud/azure/lower_int.h"

#include "base/assert.h"

#define OUTSIDE "internet" // the port with a NIC's public address

bool azure_is_appliance(const struct azure_machine *machine) {
	return machine->interface_count > 0 || machine->static_count > 0 || machine->bgp.given ||
		machine->rpf != NULL;
}

// Its address may be mistaken, or follow from what was.
static void add_nic(
	struct azure_cloud *cloud, const struct lowered_nic *nic, struct site_router *router) {
	const struct topo_port *port = &cloud->topo->ports[nic->port];
	struct site_interface *interface = &router->interfaces[router->interface_count++];

	*interface = (struct site_interface){
		.name = port->name,
		.place = nic->nic->place,
		.addresses =
			topo_copy(cloud->topo, port->addresses, port->address_count * sizeof(*port->addresses)),
		.address_count = port->address_count,
	};
	if (port->address_count == 0 || azure_is_doubtful(cloud, &nic->nic->addresses) ||
		azure_is_doubtful(cloud, &cloud->subnets[nic->subnet].subnet->address_prefixes))
		azure_doubt(cloud, &interface->addresses);
	if (azure_is_doubtful(cloud, &nic->nic->public_address))
		azure_doubt(cloud, &interface->is_internet);
}

// A public address is translated to the NIC's own on the way, which nothing behind it can see, and
// neither route tables nor security groups are asked about what is inside a tunnel. So the outside
// of a tunnel is a port of its own, as on a gateway.
static struct site_interface outside_interface(
	struct azure_cloud *cloud, const struct lowered_nic *nic, size_t index) {
	struct topo_address address = {nic->nic->public_address, prefix_host(nic->nic->public_address)};

	return (struct site_interface){
		.name = index == 0 ? OUTSIDE : arena_printf(cloud->arena, OUTSIDE "%zu", index),
		.place = nic->nic->place,
		.addresses = topo_copy(cloud->topo, &address, sizeof(address)),
		.address_count = 1,
		.is_internet = true,
	};
}

static void add_interfaces(
	struct azure_cloud *cloud, const struct lowered_machine *lowered, struct site_router *router) {
	const struct azure_machine *machine = lowered->machine;
	const struct lowered_nic *nics = &cloud->nics[lowered->first_nic];
	size_t outsides = 0;

	router->interfaces = ARENA_ARRAY(
		cloud->arena, struct site_interface, 2 * machine->nic_count + machine->interface_count);
	for (size_t i = 0; i < machine->nic_count; i++)
		add_nic(cloud, &nics[i], router);
	for (size_t i = 0; i < machine->nic_count; i++) {
		if (!ip_is_none(nics[i].nic->public_address))
			router->interfaces[router->interface_count++] =
				outside_interface(cloud, &nics[i], outsides++);
	}
	for (size_t i = 0; i < machine->interface_count; i++) {
		struct site_interface *interface = &router->interfaces[router->interface_count++];
		*interface = machine->interfaces[i];
		azure_keep_marks(cloud, &machine->interfaces[i], interface, sizeof(*interface));
	}
	if (azure_is_doubtful(cloud, &machine->interfaces) || azure_is_doubtful(cloud, &machine->nics))
		azure_doubt(cloud, &router->interfaces);
}

static void check_interface_name(struct azure_cloud *cloud, const struct site_router *router,
	const struct azure_nva_static *given) {
	struct names *known = names_new();

	for (size_t i = 0; i < router->interface_count; i++)
		names_add(known, router->interfaces[i].name);
	const char *near = names_nearest(known, given->interface);
	if (names_find(known, given->interface) == NAME_NONE)
		azure_mistake(cloud, azure_place(cloud, &given->interface, given->place),
			"%s has no interface \"%s\"%s%s%s", router->name, given->interface,
			near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	names_free(known);
}

static void check_static(struct azure_cloud *cloud, const struct site_router *router,
	const struct azure_nva_static *given) {
	bool has_hop = !ip_is_none(given->next_hop);

	if (given->interface && !azure_is_doubtful(cloud, &router->interfaces))
		check_interface_name(cloud, router, given);
	if (has_hop && !azure_is_doubtful(cloud, &given->prefix) &&
		ip_is_v4(given->next_hop) != prefix_is_v4(given->prefix))
		azure_mistake(cloud, azure_place(cloud, &given->next_hop, given->place),
			"the next hop and the prefix are not of one address family");
}

// AZ-NIC-18: what no interface is next to goes to the primary NIC.
static void add_statics(
	struct azure_cloud *cloud, const struct lowered_machine *lowered, struct site_router *router) {
	const struct azure_machine *machine = lowered->machine;

	router->statics = ARENA_ARRAY(cloud->arena, struct site_static, machine->static_count);
	router->static_count = machine->static_count;
	azure_keep_marks(cloud, &machine->statics, &router->statics, sizeof(router->statics));
	for (size_t i = 0; i < machine->static_count; i++) {
		const struct azure_nva_static *given = &machine->statics[i];
		bool has_hop = !ip_is_none(given->next_hop);
		struct site_static *route = &router->statics[i];
		*route = (struct site_static){.place = given->place,
			.prefix = given->prefix,
			.next_hop = given->next_hop,
			.interface = given->interface,
			.discard = !has_hop && !given->interface};
		azure_keep_marks(cloud, &given->prefix, &route->prefix, sizeof(route->prefix));
		azure_keep_marks(cloud, &given->next_hop, &route->next_hop, sizeof(route->next_hop));
		azure_keep_marks(cloud, &given->interface, &route->interface, sizeof(route->interface));
		check_static(cloud, router, given);
		if (has_hop && !given->interface &&
			site_interface_towards(router, given->next_hop) == router->interface_count)
			route->interface = router->interfaces[0].name;
	}
}

static void check_names(struct azure_cloud *cloud, const struct site_router *router) {
	for (size_t i = 0; i < router->interface_count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (text_equal(router->interfaces[k].name, router->interfaces[i].name))
				azure_mistake(cloud, router->interfaces[i].place,
					"%s already has an interface \"%s\"", router->name, router->interfaces[i].name);
		}
	}
}

void azure_appliance_lower_ports(struct azure_cloud *cloud, struct lowered_machine *lowered) {
	const struct azure_machine *machine = lowered->machine;
	struct site *site = ARENA_NEW(cloud->arena, struct site);
	struct site_router *router = ARENA_NEW(cloud->arena, struct site_router);

	if (!azure_is_appliance(machine))
		return;
	*router = (struct site_router){
		.name = machine->name, .place = machine->place, .bgp = machine->bgp, .rpf = machine->rpf};
	azure_keep_marks(cloud, &machine->bgp, &router->bgp, sizeof(router->bgp));
	add_interfaces(cloud, lowered, router);
	check_names(cloud, router);
	add_statics(cloud, lowered, router);
	*site = (struct site){
		.name = machine->name,
		.place = machine->place,
		.routers = router,
		.router_count = 1,
		.prefix_lists = machine->prefix_lists,
		.prefix_list_count = machine->prefix_list_count,
		.route_maps = machine->route_maps,
		.route_map_count = machine->route_map_count,
	};
	azure_keep_marks(
		cloud, &machine->prefix_lists, &site->prefix_lists, sizeof(site->prefix_lists));
	azure_keep_marks(cloud, &machine->route_maps, &site->route_maps, sizeof(site->route_maps));
	lowered->appliance = (struct site_appliance){site, lowered->node, machine->nic_count};
	site_appliance_lower_ports(&lowered->appliance, cloud->topo, cloud->mistakes);
}
