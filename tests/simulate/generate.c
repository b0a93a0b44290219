#include "generate.h"

#include <stdio.h>

#include "generate_int.h"

unsigned draw(struct generator *generator, unsigned bound) {
	return (unsigned)random_below(&generator->random, bound);
}

bool chance(struct generator *generator, unsigned percent) {
	return draw(generator, 100) < percent;
}

bool take_nodes(struct generator *generator, unsigned count) {
	if (generator->node_count + count > GENERATE_NODES_MAX)
		return false;
	generator->node_count += count;
	return true;
}

// Somewhere a route may lead to: a network of the file, a part of one, or none of them.
static void add_some_prefix(struct generator *generator, struct text *out) {
	unsigned kind = draw(generator, 6);
	if (kind == 0)
		text_add(out, "0.0.0.0/0");
	else if (kind == 1)
		text_printf(out, "10.%u.0.0/16", 1 + draw(generator, generator->hub_count));
	else if (kind == 2)
		text_printf(out, "10.%u.0.0/16", SPOKE_NUMBER(draw(generator, SPOKES_MAX)));
	else if (kind == 3)
		text_printf(
			out, "10.%u.0.0/%u", SITE_NUMBER(draw(generator, SITES_MAX)), 16 + draw(generator, 9));
	else if (kind == 4)
		text_printf(out, "10.%u.0.0/25", 1 + draw(generator, 13));
	else
		text_add(out, "10.0.0.0/8");
}

static void add_route(struct generator *generator, unsigned number, bool has_vpn) {
	struct text *out = &generator->tables;
	static const char *const types[] = {"None", "Internet", "VnetLocal", "VirtualNetworkGateway"};
	unsigned type = draw(generator, has_vpn ? 4 : 3);
	text_printf(out, "      route%u: {addressPrefix: ", number);
	add_some_prefix(generator, out);
	if (chance(generator, 60)) {
		unsigned hub = draw(generator, generator->hub_count);
		// Usually the appliance, now and then an address that nobody has.
		text_printf(out, ", nextHopType: VirtualAppliance, nextHopIpAddress: 10.%u.1.%u}\n",
			1 + hub, chance(generator, 80) ? 4 : 77);
		return;
	}
	text_printf(out, ", nextHopType: %s}\n", types[type]);
}

// A route to the gateway is possible only where the gateway is a VPN gateway and no other.
static bool is_vpn_only(const struct hub *hub) {
	return hub->has_vpn && !hub->has_er;
}

static bool add_route_table(struct generator *generator, bool has_vpn) {
	if (!chance(generator, 35))
		return false;
	struct text *out = &generator->tables;
	text_printf(out, "  table%u:\n", generator->table_count);
	if (chance(generator, 25))
		text_add(out, "    disableBgpRoutePropagation: true\n");
	text_add(out, "    routes:\n");
	// One route per table: two could draw the same prefix, which is a mistake of the file.
	add_route(generator, 0, has_vpn);
	generator->table_count++;
	return true;
}

static void add_rule_side(struct generator *generator, const char *key) {
	static const char *const tags[] = {"\"*\"", "VirtualNetwork", "Internet", "AzureLoadBalancer"};
	struct text *out = &generator->groups;
	text_printf(out, ", %s: ", key);
	unsigned kind = draw(generator, 7);
	if (kind < 4)
		text_add(out, tags[kind]);
	else if (kind == 4)
		text_printf(out, "10.%u.0.0/16", SITE_NUMBER(draw(generator, SITES_MAX)));
	else if (kind == 5)
		text_printf(out, "10.%u.0.0/24", 1 + draw(generator, 13));
	else
		text_printf(out, "10.%u.0.4/32", 1 + draw(generator, 13));
}

static void add_rule(struct generator *generator, unsigned number) {
	static const char *const protocols[] = {"\"*\"", "Tcp", "Udp", "Icmp"};
	struct text *out = &generator->groups;
	const char *protocol = protocols[draw(generator, 4)];
	text_printf(out, "      rule%u: {priority: %u, direction: %s, access: %s, protocol: %s", number,
		100 + number * 10, chance(generator, 50) ? "Inbound" : "Outbound",
		chance(generator, 50) ? "Allow" : "Deny", protocol);
	add_rule_side(generator, "sourceAddressPrefix");
	add_rule_side(generator, "destinationAddressPrefix");
	if ((protocol[0] == 'T' || protocol[0] == 'U') && chance(generator, 60)) {
		unsigned low = draw(generator, 1000);
		text_printf(out, ", destinationPortRange: \"%u-%u\"", low, low + draw(generator, 40000));
	}
	text_add(out, "}\n");
}

static bool add_security_group(struct generator *generator) {
	if (!chance(generator, 35))
		return false;
	struct text *out = &generator->groups;
	text_printf(out, "  group%u:\n    securityRules:\n", generator->group_count++);
	unsigned count = 1 + draw(generator, 4);
	for (unsigned i = 0; i < count; i++)
		add_rule(generator, i);
	return true;
}

struct place_plan {
	unsigned network, third; // 10.network.third.0/24
	const char *name;        // of the subnet, or of the machine in it
	const char *subnet;      // of a machine: "network/subnet"
	bool has_vpn;            // of a subnet: routes may lead to the gateway
	bool forwards;           // of a machine
};

static void add_subnet(
	struct generator *generator, struct text *out, const struct place_plan *plan) {
	text_printf(
		out, "      %s: {addressPrefixes: [10.%u.%u.0/24", plan->name, plan->network, plan->third);
	if (generator->is_dual)
		text_printf(out, ", \"fd00:%u:0:%u::/64\"", plan->network, plan->third);
	text_add_char(out, ']');
	if (add_route_table(generator, plan->has_vpn))
		text_printf(out, ", routeTable: table%u", generator->table_count - 1);
	if (add_security_group(generator))
		text_printf(out, ", networkSecurityGroup: group%u", generator->group_count - 1);
	text_add(out, "}\n");
}

static void add_machine(struct generator *generator, const struct place_plan *plan) {
	struct text *out = &generator->machines;
	text_printf(out, "  %s: {subnet: %s, privateIPAddress: [10.%u.%u.4", plan->name, plan->subnet,
		plan->network, plan->third);
	if (generator->is_dual)
		text_printf(out, ", \"fd00:%u:0:%u::4\"", plan->network, plan->third);
	text_add_char(out, ']');
	if (plan->forwards)
		text_add(out, ", enableIPForwarding: true");
	if (!plan->forwards && add_security_group(generator))
		text_printf(out, ", networkSecurityGroup: group%u", generator->group_count - 1);
	text_add(out, "}\n");
}

static void add_network_begin(
	struct generator *generator, struct text *out, const char *name, unsigned network) {
	text_printf(out, "  %s:\n    location: region%u\n    addressSpace: [10.%u.0.0/16", name,
		1 + draw(generator, 2), network);
	if (generator->is_dual)
		text_printf(out, ", \"fd00:%u::/32\"", network);
	text_add(out, "]\n");
}

static void add_gateways(struct generator *generator, struct text *out, unsigned h) {
	const struct hub *hub = &generator->hubs[h];
	unsigned n = h + 1;
	if (!hub->has_vpn && !hub->has_er)
		return;
	text_add(out, "    gateways:\n");
	if (hub->has_vpn) {
		text_printf(out, "      hub%u-vpn: {gatewayType: Vpn, ", n);
		if (hub->is_active_active)
			text_printf(
				out, "activeActive: true, instanceAddress: [10.%u.255.40, 10.%u.255.41], ", n, n);
		else
			text_printf(out, "instanceAddress: 10.%u.255.40, ", n);
		if (chance(generator, 40) && !hub->is_active_active)
			text_printf(out, "ttl: decrement, insideAddress: 10.%u.255.40, ", n);
		text_printf(out, "bgpSettings: {asn: %u}}\n", hub->vpn_asn);
	}
	if (hub->has_er)
		text_printf(out,
			"      hub%u-er: {gatewayType: ExpressRoute, allowRemoteVnetTraffic: %s}\n", n,
			chance(generator, 60) ? "true" : "false");
}

static const char *yes_or_no(struct generator *generator, unsigned percent) {
	return chance(generator, percent) ? "true" : "false";
}

static void add_peering(
	struct generator *generator, struct text *out, const char *remote, const char *more) {
	text_printf(out, "      %s: {allowForwardedTraffic: %s, allowVirtualNetworkAccess: %s%s}\n",
		remote, yes_or_no(generator, 50), yes_or_no(generator, 90), more);
}

static void add_hub(struct generator *generator, struct text *out, unsigned h) {
	const struct hub *hub = &generator->hubs[h];
	char name[16], subnet[32];
	snprintf(name, sizeof(name), "hub%u", h + 1);
	add_network_begin(generator, out, name, h + 1);
	bool has_gateway = hub->has_vpn || hub->has_er;
	text_add(out, "    subnets:\n");
	struct place_plan work = {.network = h + 1, .name = "work", .has_vpn = is_vpn_only(hub)};
	struct place_plan nva = {
		.network = h + 1, .third = 1, .name = "nva", .has_vpn = is_vpn_only(hub), .forwards = true};
	add_subnet(generator, out, &work);
	if (hub->has_nva)
		add_subnet(generator, out, &nva);
	if (has_gateway)
		text_printf(out, "      GatewaySubnet: 10.%u.255.0/26\n", h + 1);
	bool has_peering = generator->hub_count > 1;
	for (unsigned s = 0; s < generator->spoke_count; s++)
		has_peering = has_peering || generator->spoke_hub[s] == h;
	if (has_peering)
		text_add(out, "    peerings:\n");
	for (unsigned s = 0; s < generator->spoke_count; s++) {
		char spoke[16];
		if (generator->spoke_hub[s] != h)
			continue;
		snprintf(spoke, sizeof(spoke), "spoke%u", s);
		add_peering(generator, out, spoke, has_gateway ? ", allowGatewayTransit: true" : "");
	}
	if (generator->hub_count > 1)
		add_peering(generator, out, h == 0 ? "hub2" : "hub1", "");
	add_gateways(generator, out, h);
	snprintf(subnet, sizeof(subnet), "hub%u/work", h + 1);
	char machine[32];
	snprintf(machine, sizeof(machine), "hub%u-vm", h + 1);
	work.name = machine;
	work.subnet = subnet;
	add_machine(generator, &work);
	if (hub->has_nva) {
		snprintf(subnet, sizeof(subnet), "hub%u/nva", h + 1);
		snprintf(machine, sizeof(machine), "hub%u-nva", h + 1);
		nva.name = machine;
		nva.subnet = subnet;
		add_machine(generator, &nva);
	}
}

static void add_spoke(struct generator *generator, struct text *out, unsigned s) {
	const struct hub *hub = &generator->hubs[generator->spoke_hub[s]];
	char name[16], machine[32], subnet[32];
	bool has_gateway = hub->has_vpn || hub->has_er;
	snprintf(name, sizeof(name), "spoke%u", s);
	add_network_begin(generator, out, name, SPOKE_NUMBER(s));
	text_add(out, "    subnets:\n");
	bool uses_gateway = has_gateway && chance(generator, 80);
	struct place_plan work = {
		.network = SPOKE_NUMBER(s), .name = "work", .has_vpn = uses_gateway && is_vpn_only(hub)};
	add_subnet(generator, out, &work);
	text_add(out, "    peerings:\n");
	char remote[16];
	snprintf(remote, sizeof(remote), "hub%u", generator->spoke_hub[s] + 1);
	add_peering(generator, out, remote, uses_gateway ? ", useRemoteGateways: true" : "");
	snprintf(machine, sizeof(machine), "spoke%u-vm", s);
	snprintf(subnet, sizeof(subnet), "spoke%u/work", s);
	work.name = machine;
	work.subnet = subnet;
	add_machine(generator, &work);
}

static void plan_hub(struct generator *generator, unsigned h) {
	struct hub *hub = &generator->hubs[h];
	take_nodes(generator, 2); // a subnet and a machine
	if (chance(generator, 70) && take_nodes(generator, 3)) {
		hub->has_vpn = true;
		hub->is_active_active = chance(generator, 40);
	}
	if (chance(generator, 60) && take_nodes(generator, hub->has_vpn ? 2 : 3))
		hub->has_er = true;
	hub->has_nva = chance(generator, 50) && take_nodes(generator, 2);
	hub->vpn_asn = h > 0 && !hub->has_er ? 65510 : 65515;
}

static void plan(struct generator *generator) {
	generator->is_dual = chance(generator, 30);
	generator->hub_count = 1 + draw(generator, HUBS_MAX);
	for (unsigned h = 0; h < generator->hub_count; h++)
		plan_hub(generator, h);
	unsigned spokes = draw(generator, SPOKES_MAX + 1);
	while (generator->spoke_count < spokes && take_nodes(generator, 2))
		generator->spoke_hub[generator->spoke_count++] = draw(generator, generator->hub_count);
	for (unsigned h = 0; h < generator->hub_count; h++)
		generator->has_circuit = generator->has_circuit || generator->hubs[h].has_er;
	generator->has_circuit = generator->has_circuit && take_nodes(generator, 2);
}

static void add_circuit(struct generator *generator, struct text *out) {
	if (!generator->has_circuit)
		return;
	text_add(out,
		"expressRouteCircuits:\n  er1:\n    peerings:\n      AzurePrivatePeering: {"
		"primaryPeerAddressPrefix: 192.168.1.0/30, "
		"secondaryPeerAddressPrefix: 192.168.1.4/30}\n");
	text_printf(out, "    links: {primary: {delay: %uus}, secondary: {delay: %uus}}\n",
		100 + draw(generator, 5000), 100 + draw(generator, 5000));
	if (chance(generator, 20))
		text_add(out, "    bfd: false\n");
	for (unsigned h = 0; h < generator->hub_count; h++) {
		if (!generator->hubs[h].has_er)
			continue;
		text_printf(&generator->connections,
			"  hub%u-er1: {connectionType: ExpressRoute, virtualNetworkGateway1: hub%u-er, "
			"expressRouteCircuit: er1, routingWeight: %u, delay: %uus}\n",
			h + 1, h + 1, draw(generator, 3) * 10, 100 + draw(generator, 20000));
	}
}

static void add_network_to_network(struct generator *generator) {
	const struct hub *hubs = generator->hubs;
	if (!hubs[0].has_vpn || !hubs[1].has_vpn || !chance(generator, 50))
		return;
	bool has_bgp = hubs[0].vpn_asn != hubs[1].vpn_asn;
	text_printf(&generator->connections,
		"  hub1-hub2: {connectionType: Vnet2Vnet, virtualNetworkGateway1: hub1-vpn, "
		"virtualNetworkGateway2: hub2-vpn, enableBgp: %s, sharedKey: between, delay: %uus}\n",
		has_bgp ? "true" : "false", 100 + draw(generator, 20000));
}

static void add_section(struct text *out, const char *name, struct text *section) {
	if (section->length > 0)
		text_printf(out, "%s:\n%s", name, text_chars(section));
	text_done(section);
}

void generate_network(uint64_t seed, struct text *out) {
	struct generator generator = {0};
	random_init(&generator.random, seed, "simulate", "network");
	plan(&generator);
	text_printf(out, "seed: %llu\nvirtualNetworks:\n", (unsigned long long)(seed % 1000000 + 1));
	for (unsigned h = 0; h < generator.hub_count; h++)
		add_hub(&generator, out, h);
	for (unsigned s = 0; s < generator.spoke_count; s++)
		add_spoke(&generator, out, s);
	add_circuit(&generator, out);
	add_network_to_network(&generator);
	generate_sites(&generator, out);
	add_section(out, "virtualMachines", &generator.machines);
	add_section(out, "routeTables", &generator.tables);
	add_section(out, "networkSecurityGroups", &generator.groups);
	add_section(out, "localNetworkGateways", &generator.locals);
	add_section(out, "connections", &generator.connections);
}
