// Virtual machines: a host node with a port for each network interface, behind the filters Azure
// puts on it. One whose interface forwards is a router of its own (AZ-NVA-1).
#include "cloud/azure/lower_int.h"

#include "base/assert.h"
#include "net/rules.h"

#define NIC_FILTERS_MAX 3 // IP forwarding, and a security group of the NIC and of the subnet

static struct rule rule_any(bool v4, uint16_t verdict, uint32_t origin) {
	return (struct rule){v4 ? header_box_all_v4() : header_box_all_v6(), verdict, origin};
}

// AZ-NVA-1: without IP forwarding only the interface's own address is let out, and in.
static struct topo_filter own_address_filter(
	struct azure_cloud *cloud, const struct lowered_nic *nic, bool towards_nic) {
	struct rule *rules = ARENA_ARRAY(cloud->topo->arena, struct rule, nic->address_count + 2);
	size_t count = 0;

	for (size_t i = 0; i < nic->address_count; i++) {
		struct rule *rule = &rules[count++];
		*rule = rule_any(ip_is_v4(nic->addresses[i]), RULE_PERMIT, nic->origin);
		if (towards_nic)
			rule->box.destination_low = rule->box.destination_high = nic->addresses[i];
		else
			rule->box.source_low = rule->box.source_high = nic->addresses[i];
	}
	rules[count++] = rule_any(true, RULE_DENY, nic->origin);
	rules[count++] = rule_any(false, RULE_DENY, nic->origin);
	return (struct topo_filter){.rules = rules, .rule_count = count, .drop = DROP_NOT_FORWARDING};
}

// AZ-NSG-3: outbound the NIC's group first, inbound the subnet's. They stand at the NIC, where
// addresses are private (AZ-NSG-7).
static void set_filters(struct azure_cloud *cloud, const struct lowered_nic *nic) {
	const struct lowered_subnet *subnet = &cloud->subnets[nic->subnet];
	struct topo_filter *in = ARENA_ARRAY(cloud->topo->arena, struct topo_filter, NIC_FILTERS_MAX);
	struct topo_filter *out = ARENA_ARRAY(cloud->topo->arena, struct topo_filter, NIC_FILTERS_MAX);
	size_t in_count = 0;
	size_t out_count = 0;

	if (!nic->nic->enable_ip_forwarding) {
		in[in_count++] = own_address_filter(cloud, nic, false);
		out[out_count++] = own_address_filter(cloud, nic, true);
	}
	const struct azure_security_group *outbound[] = {nic->nsg, subnet->nsg};
	const struct azure_security_group *inbound[] = {subnet->nsg, nic->nsg};
	for (size_t i = 0; i < 2; i++) {
		if (outbound[i])
			azure_nsg_filter(cloud, outbound[i], subnet->vnet, false, &in[in_count++]);
		if (inbound[i])
			azure_nsg_filter(cloud, inbound[i], subnet->vnet, true, &out[out_count++]);
	}
	struct topo_port *port = &cloud->topo->ports[nic->subnet_port];
	port->filters_in = in;
	port->filter_in_count = in_count;
	port->filters_out = out;
	port->filter_out_count = out_count;
}

static const char *nic_name(const struct lowered_nic *nic) {
	return nic->nic->name && *nic->nic->name ? nic->nic->name : "eth0";
}

static size_t nic_networks(
	const struct azure_cloud *cloud, const struct lowered_nic *nic, struct topo_address out[2]) {
	for (size_t i = 0; i < nic->address_count; i++)
		out[i] = (struct topo_address){nic->addresses[i],
			azure_subnet_prefix_of(cloud->subnets[nic->subnet].subnet, nic->addresses[i])};
	return nic->address_count;
}

static void add_nic_port(
	struct azure_cloud *cloud, struct lowered_machine *machine, struct lowered_nic *nic) {
	struct topo_address addresses[2];
	size_t count = nic_networks(cloud, nic, addresses);

	nic->port = topo_port_add(cloud->topo, machine->node, nic_name(nic), nic->origin);
	topo_port_set_addresses(cloud->topo, nic->port, addresses, count);
	struct topo_attachment *attach = &cloud->topo->ports[nic->port].attach;
	*attach = nic->nic->attach;
	attach->is_doubtful = azure_is_doubtful(cloud, &nic->nic->attach.interface) ||
		azure_is_doubtful(cloud, &nic->nic->attach.name_space);
}

static void join_nic(
	struct azure_cloud *cloud, const struct lowered_machine *machine, struct lowered_nic *nic) {
	const char *label = machine->machine->nic_count == 1
		? machine->machine->name
		: arena_printf(cloud->arena, "%s/%s", machine->machine->name, nic_name(nic));
	struct azure_attachment what = {label, nic->origin, nic->addresses, nic->address_count};

	nic->subnet_port = azure_subnet_attach(cloud, nic->subnet, &what);
	azure_link(cloud, nic->port, nic->subnet_port, nic->origin);
	set_filters(cloud, nic);
}

// AZ-NIC-18: only the primary NIC gets the default route, towards the subnet's .1.
static void add_default_routes(struct azure_cloud *cloud, const struct lowered_machine *machine) {
	const struct lowered_nic *nic = &cloud->nics[machine->first_nic];
	const struct azure_subnet *subnet = cloud->subnets[nic->subnet].subnet;

	for (size_t i = 0; i < nic->address_count; i++) {
		struct prefix network = azure_subnet_prefix_of(subnet, nic->addresses[i]);
		bool has_network = subnet->address_prefix_count > 0;
		struct route_hop hop = {
			.port = nic->port,
			.via = has_network ? ip_next(prefix_first(network)) : IP_NONE,
		};
		bool v4 = ip_is_v4(nic->addresses[i]);
		struct topo_route route = {
			.prefix = v4 ? prefix_default_v4() : prefix_default_v6(),
			.hops = &hop,
			.hop_count = 1,
			.distance = UINT8_MAX, // whatever its operating system was told goes first
			.origin = nic->origin,
		};
		topo_route_add(cloud->topo, machine->node, &route);
	}
}

static bool forwards(const struct azure_machine *machine) {
	for (size_t i = 0; i < machine->nic_count; i++) {
		if (machine->nics[i].enable_ip_forwarding)
			return true;
	}
	return false;
}

static void add_node(struct azure_cloud *cloud, struct lowered_machine *lowered) {
	const struct azure_machine *machine = lowered->machine;
	struct topo *topo = cloud->topo;
	uint32_t origin =
		topo_origin_add(topo, machine->place, NULL, "virtualMachine %s", machine->name);

	lowered->node = topo_node_add(topo, machine->name, TOPO_HOST, origin);
	assert(lowered->node != TOPO_NONE); // azure_check_joint() saw to it
	bool is_router = forwards(machine);
	struct topo_node *node = &topo->nodes[lowered->node];
	node->kind_name = "virtualMachine";
	node->answers_ping = true;
	node->sends_unreachable = true;
	node->forwards = is_router;
	node->decrements_ttl = is_router;
	node->sends_time_exceeded = is_router;
	node->sends_too_big = is_router;
	node->can_fail = is_router;
	node->hash_seed = machine->hash_seed;
	// AZ-NVA-6: it is a hop. AZ-X-21: Linux answers from the interface towards the source, others
	// from where the packet came in (AZ-TR-9).
	node->icmp_source = machine->icmp_source && text_equal(machine->icmp_source, "ingress")
		? TOPO_ICMP_INGRESS
		: TOPO_ICMP_EGRESS;
	for (size_t i = 0; i < machine->nic_count; i++)
		add_nic_port(cloud, lowered, &cloud->nics[lowered->first_nic + i]);
	azure_appliance_lower_ports(cloud, lowered);
}

static void lower_machine(struct azure_cloud *cloud, struct lowered_machine *lowered) {
	const struct azure_machine *machine = lowered->machine;
	struct topo *topo = cloud->topo;

	add_node(cloud, lowered);
	for (size_t i = 0; i < machine->nic_count; i++)
		join_nic(cloud, lowered, &cloud->nics[lowered->first_nic + i]);
	struct topo_node *node = &topo->nodes[lowered->node];
	const struct lowered_nic *primary = &cloud->nics[lowered->first_nic];
	for (size_t i = 0; i < primary->address_count; i++)
		*(ip_is_v4(primary->addresses[i]) ? &node->address : &node->address6) =
			primary->addresses[i];
	add_default_routes(cloud, lowered);
	if (lowered->appliance.site)
		site_appliance_lower(&lowered->appliance, topo, cloud->mistakes);
}

void azure_machine_lower(struct azure_cloud *cloud) {
	for (size_t m = 0; m < cloud->model->machine_count; m++)
		lower_machine(cloud, &cloud->machines[m]);
}

static bool is_attached(const struct azure_machine *machine) {
	for (size_t i = 0; i < machine->nic_count; i++) {
		if (machine->nics[i].attach.interface)
			return true;
	}
	return false;
}

// Where they lead to is read, who they start from is not to be had.
static void doubt_tunnels(struct azure_cloud *cloud, const struct azure_machine *machine) {
	for (size_t i = 0; i < machine->interface_count; i++)
		topo_doubt_tunnel(cloud->topo, IP_NONE, machine->interfaces[i].ipsec.remote_address);
}

// A link that leads nowhere stands for the subnet.
static void sketch_machine(struct azure_cloud *cloud, struct lowered_machine *lowered) {
	const struct azure_machine *machine = lowered->machine;

	if (azure_is_doubtful(cloud, &machine->interfaces))
		topo_doubt_tunnel(cloud->topo, IP_NONE, IP_NONE);
	if (!azure_is_appliance(machine) && !is_attached(machine))
		return; // what can be mistaken in it has been looked at
	if (machine->nic_count == 0 || topo_find_node(cloud->topo, machine->name) != TOPO_NONE) {
		doubt_tunnels(cloud, machine);
		return;
	}
	add_node(cloud, lowered);
	for (size_t i = 0; i < machine->nic_count; i++) {
		struct lowered_nic *nic = &cloud->nics[lowered->first_nic + i];
		topo_end_add(cloud->topo, topo_link_add(cloud->topo, NULL, nic->origin), nic->port);
	}
	if (lowered->appliance.site)
		site_appliance_lower(&lowered->appliance, cloud->topo, cloud->mistakes);
}

void azure_machine_sketch(struct azure_cloud *cloud) {
	if (azure_is_doubtful(cloud, &cloud->model->machines))
		topo_doubt_tunnel(cloud->topo, IP_NONE, IP_NONE);
	for (size_t m = 0; m < cloud->model->machine_count; m++)
		sketch_machine(cloud, &cloud->machines[m]);
}
