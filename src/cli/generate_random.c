// Random networks: virtual networks around a hub with security groups, user routes, an appliance
// and both families; a site whose routers form a random graph with parallel links (equal routes)
// and perhaps an IPsec tunnel; and perhaps a VPN between the two.

#include "base/random.h"
#include "cli/generate.h"

#define NETWORKS_MAX 4
#define ROUTERS_MAX 6

struct drawing {
	struct random random;
	struct text *out;
	uint32_t left; // nodes that may still be added
	uint32_t networks, routers, hosts;
	bool has_v6, has_appliance, has_vpn, has_tunnel, has_user_routes;
};

static uint32_t draw(struct drawing *drawing, uint32_t bound) {
	return (uint32_t)random_below(&drawing->random, bound);
}

static bool toss(struct drawing *drawing) {
	return draw(drawing, 2) == 0;
}

// How many of a thing that takes `nodes` nodes each: 1 to `most`, as room is left.
static uint32_t draw_count(struct drawing *drawing, uint32_t most, uint32_t nodes) {
	uint32_t room = drawing->left / nodes;
	uint32_t count = 1 + draw(drawing, most);

	if (count > room)
		count = room;
	drawing->left -= count * nodes;
	return count;
}

static void add_rule(struct drawing *drawing, uint32_t number) {
	static const char *const protocols[] = {"Tcp", "Udp", "Icmp", "\"*\""};
	static const char *const ports[] = {"\"*\"", "443", "22-80", "33434-33500"};
	uint32_t protocol = draw(drawing, 4);

	text_printf(drawing->out,
		"      rule%u: {priority: %u, direction: %s, access: %s, protocol: %s,\n"
		"        sourceAddressPrefix: \"*\", destinationAddressPrefix: %s,\n"
		"        sourcePortRange: \"*\", destinationPortRange: %s}\n",
		number, 100 + 10 * number, toss(drawing) ? "Inbound" : "Outbound",
		draw(drawing, 3) == 0 ? "Deny" : "Allow", protocols[protocol],
		toss(drawing) ? "\"*\"" : "VirtualNetwork",
		protocol == 2 ? "\"*\"" : ports[draw(drawing, 4)]);
}

static void add_security(struct drawing *drawing) {
	text_add(drawing->out, "networkSecurityGroups:\n  some:\n    securityRules:\n");
	uint32_t rules = 1 + draw(drawing, 4);
	for (uint32_t i = 0; i < rules; i++)
		add_rule(drawing, i);
}

static void add_user_routes(struct drawing *drawing) {
	static const char *const plain[] = {"None", "Internet", "VnetLocal"};

	text_printf(drawing->out,
		"routeTables:\n  user:\n    disableBgpRoutePropagation: %s\n    routes:\n",
		toss(drawing) ? "true" : "false");
	if (drawing->has_appliance)
		text_add(drawing->out,
			"      through: {addressPrefix: 10.0.0.0/8, nextHopType: VirtualAppliance, "
			"nextHopIpAddress: 10.0.0.10}\n");
	text_printf(drawing->out, "      other: {addressPrefix: 10.%u.0.0/25, nextHopType: %s}\n",
		draw(drawing, NETWORKS_MAX), plain[draw(drawing, 3)]);
}

static void add_peerings(const struct drawing *drawing, uint32_t number) {
	struct text *out = drawing->out;

	if (drawing->networks == 1)
		return;
	text_add(out, "    peerings:\n");
	if (number != 0) {
		text_printf(out, "      net0: {allowForwardedTraffic: true%s}\n",
			drawing->has_vpn ? ", useRemoteGateways: true" : "");
		return;
	}
	for (uint32_t i = 1; i < drawing->networks; i++)
		text_printf(out, "      net%u: {allowForwardedTraffic: true, allowGatewayTransit: %s}\n", i,
			drawing->has_vpn ? "true" : "false");
}

static void add_network(struct drawing *drawing, uint32_t number) {
	struct text *out = drawing->out;
	bool is_v6 = drawing->has_v6;

	text_printf(out, "  net%u:\n    location: region%u\n    addressSpace: [10.%u.0.0/16%s", number,
		number % 2, number, is_v6 ? ", " : "");
	if (is_v6)
		text_printf(out, "\"fd00:%x::/48\"", number + 1);
	text_printf(out, "]\n    subnets:\n      work:\n        addressPrefixes: [10.%u.0.0/24%s",
		number, is_v6 ? ", " : "");
	if (is_v6)
		text_printf(out, "\"fd00:%x::/64\"", number + 1);
	text_add(out, "]\n");
	if (toss(drawing))
		text_add(out, "        networkSecurityGroup: some\n");
	if (number != 0 && drawing->has_user_routes && toss(drawing))
		text_add(out, "        routeTable: user\n");
	if (number == 0 && drawing->has_vpn)
		text_add(out, "      GatewaySubnet: 10.0.255.0/24\n");
	add_peerings(drawing, number);
	if (number == 0 && drawing->has_vpn)
		text_printf(out,
			"    gateways:\n      vpn: {gatewayType: Vpn, publicIPAddress: 198.19.0.1, ttl: %s, "
			"instanceAddress: 10.0.255.4, insideAddress: 10.0.255.4}\n",
			toss(drawing) ? "decrement" : "transparent");
}

static void add_machines(struct drawing *drawing) {
	struct text *out = drawing->out;

	text_add(out, "virtualMachines:\n");
	for (uint32_t i = 0; i < drawing->networks; i++) {
		text_printf(out, "  vm%u: {subnet: net%u/work, privateIPAddress: [10.%u.0.4", i, i, i);
		if (drawing->has_v6)
			text_printf(out, ", \"fd00:%x::4\"", i + 1);
		text_add(out, "]}\n");
	}
	if (drawing->has_appliance)
		text_add(out,
			"  appliance: {subnet: net0/work, privateIPAddress: 10.0.0.10, "
			"enableIPForwarding: true}\n");
}

static void add_vpn(const struct drawing *drawing) {
	if (!drawing->has_vpn)
		return;
	text_add(drawing->out,
		"localNetworkGateways:\n  site:\n    gatewayIpAddress: 198.18.0.1\n"
		"    bgpSettings: {asn: 64600, bgpPeeringAddress: 192.168.255.1}\n"
		"connections:\n  vpn-site: {connectionType: IPsec, virtualNetworkGateway1: vpn, "
		"localNetworkGateway2: site, enableBgp: true, sharedKey: random, delay: 3ms}\n");
}

// Links of the site's graph: a tree, then some more, parallel ones among them.
struct graph {
	uint32_t ends[2 * ROUTERS_MAX][2];
	uint32_t count;
};

static void draw_graph(struct drawing *drawing, struct graph *out) {
	out->count = 0;
	for (uint32_t i = 1; i < drawing->routers; i++) {
		out->ends[out->count][0] = draw(drawing, i);
		out->ends[out->count++][1] = i;
	}
	uint32_t more = drawing->routers > 1 ? draw(drawing, drawing->routers) : 0;
	for (uint32_t i = 0; i < more; i++) {
		uint32_t a = draw(drawing, drawing->routers);
		uint32_t b = draw(drawing, drawing->routers - 1);
		out->ends[out->count][0] = a;
		out->ends[out->count++][1] = b >= a ? b + 1 : b;
	}
}

// Interfaces of router `number` on the graph's links, each a /31 of 192.168.0.0/24.
static void add_interfaces(
	const struct drawing *drawing, const struct graph *graph, uint32_t number) {
	struct text *out = drawing->out;

	for (uint32_t l = 0; l < graph->count; l++) {
		for (uint32_t side = 0; side < 2; side++) {
			if (graph->ends[l][side] != number)
				continue;
			text_printf(out, "          link%u: {address: [192.168.0.%u/31", l, 2 * l + side);
			if (drawing->has_v6)
				text_printf(out, ", \"fd01::%x/127\"", 2 * l + side);
			text_printf(out, "], segment: link%u}\n", l);
		}
	}
	if (number >= drawing->hosts)
		return;
	text_printf(out, "          lan: {address: [172.20.%u.1/24", number);
	if (drawing->has_v6)
		text_printf(out, ", \"fd02:0:0:%x::1/64\"", number);
	text_printf(out, "], segment: lan%u}\n", number);
}

static void add_tunnel_interfaces(const struct drawing *drawing, uint32_t number) {
	struct text *out = drawing->out;
	bool is_end = drawing->has_tunnel && (number == 0 || number == drawing->routers - 1);
	bool is_vpn_end = drawing->has_vpn && number == 0;

	if (is_end || is_vpn_end)
		text_printf(
			out, "          internet: {address: 198.18.0.%u/32, internet: true}\n", number + 1);
	if (is_end)
		text_printf(out,
			"          tunnel: {address: 192.168.254.%u/31, ipsec: {remoteAddress: "
			"198.18.0.%u, sharedKey: random}}\n",
			number == 0 ? 0U : 1U, number == 0 ? drawing->routers : 1U);
	if (is_vpn_end)
		text_add(out,
			"          azure: {address: 192.168.255.1/32, ipsec: {connection: vpn-site, "
			"sharedKey: random}}\n");
}

static void add_border(const struct drawing *drawing) {
	struct text *out = drawing->out;

	text_add(out,
		"        staticRoutes:\n          - {prefix: 10.0.255.4/32, interface: azure}\n"
		"        bgp:\n          asn: 64600\n          networks: [");
	for (uint32_t i = 0; i < drawing->hosts; i++)
		text_printf(out, "%s172.20.%u.0/24", i != 0 ? ", " : "", i);
	text_add(out,
		"]\n          neighbors:\n            10.0.255.4: {remoteAsn: 65515}\n"
		"        igp: {redistribute: [bgp]}\n");
}

static void add_site(struct drawing *drawing) {
	struct text *out = drawing->out;
	struct graph graph;

	draw_graph(drawing, &graph);
	text_add(out, "sites:\n  site:\n    segments:\n");
	for (uint32_t l = 0; l < graph.count; l++)
		text_printf(out, "      link%u: {delay: %uus}\n", l, 10 + draw(drawing, 2000));
	text_add(out, "      lan0: {delay: 10us}\n    hosts:\n");
	for (uint32_t i = 0; i < drawing->hosts; i++) {
		text_printf(out, "      host%u: {segment: lan%u, address: [172.20.%u.10/24", i, i, i);
		if (drawing->has_v6)
			text_printf(out, ", \"fd02:0:0:%x::10/64\"", i);
		text_printf(out, "], gateway: 172.20.%u.1", i);
		if (drawing->has_v6)
			text_printf(out, ", gateway6: \"fd02:0:0:%x::1\"", i);
		text_add(out, "}\n");
	}
	text_add(out, "    routers:\n");
	for (uint32_t i = 0; i < drawing->routers; i++) {
		text_printf(out, "      router%u:\n        icmpSource: %s\n        interfaces:\n", i,
			toss(drawing) ? "ingress" : "egress");
		add_interfaces(drawing, &graph, i);
		add_tunnel_interfaces(drawing, i);
		if (drawing->has_vpn && i == 0)
			add_border(drawing);
	}
}

void generate_random(uint64_t seed, uint32_t nodes, struct text *out) {
	struct drawing drawing = {.out = out, .left = nodes < 3 ? 3 : nodes};

	random_init(&drawing.random, seed, "generate", "random");
	text_printf(out, "# A random network, seed %llu.\nseed: %llu\n", (unsigned long long)seed,
		(unsigned long long)seed);
	drawing.has_v6 = toss(&drawing);
	drawing.networks = draw_count(&drawing, NETWORKS_MAX, 2);
	drawing.has_appliance = drawing.left > 0 && toss(&drawing);
	drawing.left -= drawing.has_appliance;
	drawing.has_user_routes = toss(&drawing);
	drawing.hosts = drawing.left >= 2 ? draw_count(&drawing, 3, 2) : 0;
	drawing.routers = drawing.hosts;
	if (drawing.hosts != 0 && drawing.left != 0)
		drawing.routers += draw_count(&drawing, ROUTERS_MAX - drawing.hosts, 1);
	drawing.has_vpn = drawing.hosts != 0 && drawing.left >= 2 && toss(&drawing);
	drawing.has_tunnel = drawing.routers > 1 && toss(&drawing);
	add_security(&drawing);
	if (drawing.has_user_routes)
		add_user_routes(&drawing);
	text_add(out, "virtualNetworks:\n");
	for (uint32_t i = 0; i < drawing.networks; i++)
		add_network(&drawing, i);
	add_machines(&drawing);
	add_vpn(&drawing);
	if (drawing.hosts != 0)
		add_site(&drawing);
}
