#include "cli/generate.h"

#include "base/random.h"
#include "cli/print.h"
#include "cli/verb.h"

// The address plan. Hubs are 10.<hub>.0.0/23, spokes /24s from 10.100.0.0 up, prefixes of sites
// /28s from 10.140.0.0 up, sixteen addresses of 192.168.0.0/16 a site for transfer links.
#define SPOKES_AT (UINT32_C(10) << 24 | 100 << 16)
#define PREFIXES_AT (UINT32_C(10) << 24 | 140 << 16)
#define TRANSFER_AT (UINT32_C(192) << 24 | 168 << 16)
#define SITE_ASN 64600

struct generating {
	const struct generate_size *size;
	struct random random;
	struct text *out;
};

static void add_ip(struct text *out, uint32_t address) {
	char text[IP_TEXT_BYTES];

	text_add(out, ip_format(ip_of_v4(address), text));
}

// A line of the form `<before><address><after>`.
static void add_line(struct text *out, const char *before, uint32_t address, const char *after) {
	text_add(out, before);
	add_ip(out, address);
	text_printf(out, "%s\n", after);
}

static uint32_t hub_address(uint32_t hub) {
	return UINT32_C(10) << 24 | hub << 16;
}

static uint32_t spoke_address(uint32_t spoke) {
	return SPOKES_AT + spoke * 256;
}

static uint32_t prefix_address(
	const struct generating *generating, uint32_t site, uint32_t number) {
	return PREFIXES_AT + (site * generating->size->prefixes + number) * 16;
}

static uint32_t transfer_address(uint32_t site, uint32_t offset) {
	return TRANSFER_AT + site * 16 + offset;
}

// The two hubs a site is joined to; the same one when there is only one.
static uint32_t hub_of_site(const struct generating *generating, uint32_t site, uint32_t side) {
	return (site + side) % generating->size->hubs;
}

static void add_hub(const struct generating *generating, uint32_t hub) {
	struct text *out = generating->out;
	uint32_t base = hub_address(hub);

	text_printf(out, "  hub%u:\n    location: region%u\n", hub, hub % 4);
	add_line(out, "    addressSpace: [", base, "/23]");
	add_line(out, "    subnets:\n      workload: ", base, "/24");
	add_line(out, "      GatewaySubnet: ", base + 256, "/24");
	if (generating->size->spokes > hub)
		text_add(out, "    peerings:\n");
	for (uint32_t s = hub; s < generating->size->spokes; s += generating->size->hubs)
		text_printf(out, "      spoke%u: {allowGatewayTransit: true}\n", s);
	if (generating->size->sites == 0)
		return;
	text_printf(out, "    gateways:\n      hub%u-vpn:\n        gatewayType: Vpn\n", hub);
	add_line(out, "        instanceAddress: ", base + 256 + 14, "");
	text_printf(out, "        publicIPAddress: 198.19.%u.1\n", hub);
	text_printf(out,
		"      hub%u-er:\n        gatewayType: ExpressRoute\n        allowRemoteVnetTraffic: true\n",
		hub);
	add_line(out, "        instanceAddress: [", base + 256 + 12, ",");
	add_line(out, "          ", base + 256 + 13, "]");
}

static void add_networks(const struct generating *generating) {
	struct text *out = generating->out;

	text_add(out, "virtualNetworks:\n");
	for (uint32_t hub = 0; hub < generating->size->hubs; hub++)
		add_hub(generating, hub);
	for (uint32_t s = 0; s < generating->size->spokes; s++) {
		text_printf(out, "  spoke%u:\n    location: region%u\n", s, s % generating->size->hubs % 4);
		add_line(out, "    addressSpace: [", spoke_address(s), "/24]");
		add_line(out, "    subnets: {workload: ", spoke_address(s), "/24}");
		text_printf(out, "    peerings: {hub%u: {%s}}\n", s % generating->size->hubs,
			generating->size->sites != 0 ? "useRemoteGateways: true" : "");
	}
	text_add(out, "virtualMachines:\n");
	for (uint32_t hub = 0; hub < generating->size->hubs; hub++) {
		text_printf(out, "  hub%u-vm: {subnet: hub%u/workload, privateIPAddress: ", hub, hub);
		add_line(out, "", hub_address(hub) + 4, "}");
	}
	for (uint32_t s = 0; s < generating->size->spokes; s++) {
		text_printf(out, "  spoke%u-vm: {subnet: spoke%u/workload, privateIPAddress: ", s, s);
		add_line(out, "", spoke_address(s) + 4, "}");
	}
}

// Delays are drawn, so that two seeds give two networks of the same shape.
static unsigned draw_us(struct generating *generating) {
	return 200 + (unsigned)random_below(&generating->random, 5000);
}

static void add_circuits(struct generating *generating) {
	struct text *out = generating->out;

	if (generating->size->sites == 0)
		return;
	text_add(out, "expressRouteCircuits:\n");
	for (uint32_t site = 0; site < generating->size->sites; site++) {
		text_printf(out,
			"  er%u:\n    peerings:\n      AzurePrivatePeering:\n        peerASN: %u\n", site,
			SITE_ASN + site);
		add_line(out, "        primaryPeerAddressPrefix: ", transfer_address(site, 0), "/30");
		add_line(out, "        secondaryPeerAddressPrefix: ", transfer_address(site, 4), "/30");
		text_printf(out, "    links: {primary: {delay: %uus}, secondary: {delay: %uus}}\n",
			draw_us(generating), draw_us(generating));
	}
	text_add(out, "localNetworkGateways:\n");
	for (uint32_t site = 0; site < generating->size->sites; site++) {
		for (uint32_t side = 0; side < 2; side++) {
			text_printf(out, "  site%u-%u:\n    gatewayIpAddress: 198.18.%u.%u\n", site, side + 1,
				site, side + 1);
			text_printf(out, "    bgpSettings: {asn: %u, bgpPeeringAddress: ", SITE_ASN + site);
			add_line(out, "", transfer_address(site, 12 + side), "}");
		}
	}
}

static void add_connections(struct generating *generating) {
	struct text *out = generating->out;
	const struct generate_size *size = generating->size;

	if (size->sites == 0)
		return;
	text_add(out, "connections:\n");
	for (uint32_t site = 0; site < size->sites; site++) {
		for (uint32_t side = 0; side < 2; side++) {
			uint32_t hub = hub_of_site(generating, site, side);
			// Each circuit takes two addresses of the GatewaySubnet, from offset 32 up.
			uint32_t endpoint = hub_address(hub) + 256 + 32 + 2 * site;
			text_printf(out,
				"  vpn%u-%u: {connectionType: IPsec, virtualNetworkGateway1: hub%u-vpn, "
				"localNetworkGateway2: site%u-%u, enableBgp: true, sharedKey: key%u-%u, "
				"delay: %uus}\n",
				site, side + 1, hub, site, side + 1, site, side + 1, draw_us(generating));
			if (side == 1 && size->hubs == 1)
				continue;
			text_printf(out,
				"  er%u-%u: {connectionType: ExpressRoute, virtualNetworkGateway1: hub%u-er, "
				"expressRouteCircuit: er%u, delay: %uus, tunnelEndpoints: [",
				site, side + 1, hub, site, draw_us(generating));
			add_ip(out, endpoint);
			add_line(out, ", ", endpoint + 1, "]}");
		}
	}
}

static void add_prefixes(const struct generating *generating, uint32_t site) {
	struct text *out = generating->out;

	for (uint32_t p = 0; p < generating->size->prefixes; p++) {
		text_add(out, p == 0 ? "[" : ", ");
		add_ip(out, prefix_address(generating, site, p));
		text_add(out, "/28");
	}
	text_add(out, "]\n");
}

static void add_edge(const struct generating *generating, uint32_t site, uint32_t side) {
	struct text *out = generating->out;
	uint32_t hub = hub_of_site(generating, site, side);
	uint32_t neighbor = hub_address(hub) + 256 + 14;

	text_printf(out, "      site%u-ce%u:\n        interfaces:\n", site, side + 1);
	text_add(out, "          lan: {address: ");
	add_ip(out, transfer_address(site, 8 + 2 * side));
	text_printf(out, "/31, segment: to-ce%u}\n          circuit: {address: ", side + 1);
	add_ip(out, transfer_address(site, 1 + 4 * side));
	text_printf(out, "/30, circuit: er%u/%s}\n", site, side == 0 ? "primary" : "secondary");
	text_printf(
		out, "          internet: {address: 198.18.%u.%u/32, internet: true}\n", site, side + 1);
	text_add(out, "          tunnel: {address: ");
	add_ip(out, transfer_address(site, 12 + side));
	text_printf(out, "/32, ipsec: {connection: vpn%u-%u, sharedKey: key%u-%u}}\n", site, side + 1,
		site, side + 1);
	text_add(out, "        staticRoutes:\n          - {prefix: ");
	add_ip(out, neighbor);
	text_add(out, "/32, interface: tunnel}\n");
	text_printf(out, "        bgp:\n          asn: %u\n          networks: ", SITE_ASN + site);
	add_prefixes(generating, site);
	text_add(out, "          neighbors:\n            ");
	add_ip(out, transfer_address(site, 2 + 4 * side));
	text_add(out, ": {remoteAsn: 12076, localPreference: 200, prefixListOut: own}\n            ");
	add_ip(out, neighbor);
	text_add(out, ": {remoteAsn: 65515, prefixListOut: own}\n");
	text_add(out, "        igp: {redistribute: [bgp]}\n");
}

static void add_site(const struct generating *generating, uint32_t site) {
	struct text *out = generating->out;
	uint32_t lan = prefix_address(generating, site, 0);

	text_printf(out, "  site%u:\n    hosts: {site%u-vm: {segment: lan, address: ", site, site);
	add_ip(out, lan + 10);
	text_add(out, "/28, gateway: ");
	add_line(out, "", lan + 1, "}}");
	text_add(out, "    prefixLists:\n      own: ");
	add_prefixes(generating, site);
	text_printf(out, "    routers:\n      site%u-router:\n        interfaces:\n", site);
	text_add(out, "          lan: {address: ");
	add_line(out, "", lan + 1, "/28, segment: lan}");
	text_add(out, "          ce1: {address: ");
	add_line(out, "", transfer_address(site, 9), "/31, segment: to-ce1}");
	text_add(out, "          ce2: {address: ");
	add_line(out, "", transfer_address(site, 11), "/31, segment: to-ce2}");
	if (generating->size->prefixes > 1)
		text_add(out, "        staticRoutes:\n");
	for (uint32_t p = 1; p < generating->size->prefixes; p++)
		add_line(out, "          - {prefix: ", prefix_address(generating, site, p),
			"/28, discard: true}");
	text_add(out, "        igp: {redistribute: [static]}\n");
	for (uint32_t side = 0; side < 2; side++)
		add_edge(generating, site, side);
}

void generate_regular(const struct generate_size *size, struct text *out) {
	struct generating generating = {.size = size, .out = out};

	random_init(&generating.random, size->seed, "generate", "delays");
	text_printf(out, "# %u hubs, %u spokes, %u sites with %u prefixes each, seed %llu.\n",
		size->hubs, size->spokes, size->sites, size->prefixes, (unsigned long long)size->seed);
	text_printf(out, "seed: %llu\n", (unsigned long long)size->seed);
	add_networks(&generating);
	add_circuits(&generating);
	add_connections(&generating);
	if (size->sites != 0)
		text_add(out, "sites:\n");
	for (uint32_t site = 0; site < size->sites; site++)
		add_site(&generating, site);
}

int cli_generate(const struct options *options) {
	struct generate_size size = {
		.hubs = (uint32_t)options_number(options, OPTION_HUBS, 1),
		.spokes = (uint32_t)options_number(options, OPTION_SPOKES, 2),
		.sites = (uint32_t)options_number(options, OPTION_SITES, 1),
		.prefixes = (uint32_t)options_number(options, OPTION_PREFIXES, 1),
		.seed = (uint64_t)options_number(options, OPTION_SEED, 1),
	};
	struct text text;

	text_init(&text);
	generate_regular(&size, &text);
	return print_text(&text);
}
