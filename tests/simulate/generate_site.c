#include <stdio.h>

#include "base/assert.h"
#include "generate_int.h"

#define ROUTERS_MAX 4
#define LINKS_MAX 6

struct router_plan {
	struct text interfaces, statics, neighbors;
	bool has_tunnel, redistributes_static;
};

struct link_plan {
	unsigned a, b;
};

// One site while it is made. Routers are r0, r1, …; r0 is on the LAN, and so is the last one of a
// diamond. Any of them may be an edge.
struct drawing {
	struct generator *generator;
	unsigned k, number; // of the site, and in its addresses
	unsigned router_count, link_count, lan_count;
	struct router_plan routers[ROUTERS_MAX];
	struct link_plan links[LINKS_MAX];
	bool has_core; // all routers on one segment besides
	unsigned public_count;
	bool announces_only_lan;
};

// The n-th public address of site k.
static unsigned public_address(unsigned k, unsigned n) {
	return 16 * (k + 1) + n;
}

static void add_link_interface(struct drawing *drawing, unsigned i, bool is_second) {
	struct generator *generator = drawing->generator;
	unsigned self = is_second ? drawing->links[i].b : drawing->links[i].a;
	struct text *out = &drawing->routers[self].interfaces;
	text_printf(
		out, "          link%u: {address: [172.16.%u.%u/31", i, drawing->k * 16 + i, is_second);
	if (generator->is_dual)
		text_printf(out, ", \"fd00:%u:ff:%u::%u/64\"", drawing->number, i, 1 + is_second);
	text_printf(out, "], segment: link%u", i);
	// Equal costs for the most part, so that equal paths come about.
	if (chance(generator, 25))
		text_printf(out, ", igpCost: %u", 1 + draw(generator, 5));
	text_add(out, "}\n");
}

static void add_link(struct drawing *drawing, unsigned a, unsigned b) {
	unsigned i = drawing->link_count++;
	assert(i < LINKS_MAX);
	drawing->links[i] = (struct link_plan){a, b};
	add_link_interface(drawing, i, false);
	add_link_interface(drawing, i, true);
}

static void add_core(struct drawing *drawing) {
	if (drawing->router_count < 3 || !chance(drawing->generator, 25))
		return;
	for (unsigned r = 0; r < drawing->router_count; r++)
		text_printf(&drawing->routers[r].interfaces,
			"          core: {address: 172.17.%u.%u/24, segment: core}\n", drawing->k, r + 1);
}

static void add_lan(struct drawing *drawing, unsigned lan, unsigned router, struct text *hosts) {
	unsigned number = drawing->number;
	struct text *out = &drawing->routers[router].interfaces;
	text_printf(out, "          lan%u: {address: [10.%u.%u.1/24", lan, number, lan);
	text_printf(hosts, "      site%u-vm%u: {segment: lan%u, address: [10.%u.%u.10/24", drawing->k,
		lan, lan, number, lan);
	if (drawing->generator->is_dual) {
		text_printf(out, ", \"fd00:%u:0:%u::1/64\"", number, lan);
		text_printf(hosts, ", \"fd00:%u:0:%u::10/64\"", number, lan);
	}
	text_printf(out, "], segment: lan%u}\n", lan);
	text_printf(hosts, "], gateway: 10.%u.%u.1", number, lan);
	if (drawing->generator->is_dual)
		text_printf(hosts, ", gateway6: \"fd00:%u:0:%u::1\"", number, lan);
	text_add(hosts, "}\n");
	drawing->lan_count++;
}

// A router and its edges as the plan of the site has them.
static void draw_shape(struct drawing *drawing, struct text *hosts) {
	struct generator *generator = drawing->generator;
	unsigned shape = draw(generator, 3);
	if (shape == 2 && take_nodes(generator, 4)) { // two equal ways between the LANs
		drawing->router_count = 4;
		add_link(drawing, 0, 1);
		add_link(drawing, 0, 2);
		add_link(drawing, 1, 3);
		add_link(drawing, 2, 3);
		add_lan(drawing, 1, 3, hosts);
	} else if (shape >= 1 && take_nodes(generator, 2)) { // two edges behind the LAN's router
		drawing->router_count = 3;
		add_link(drawing, 0, 1);
		add_link(drawing, 0, 2);
		if (chance(generator, 40))
			add_link(drawing, 1, 2);
	} else {
		drawing->router_count = 1;
	}
	add_lan(drawing, 0, 0, hosts);
	add_core(drawing);
}

static void add_neighbor(
	struct drawing *drawing, unsigned router, const char *address, unsigned asn) {
	struct generator *generator = drawing->generator;
	struct text *out = &drawing->routers[router].neighbors;
	text_printf(out, "            %s: {remoteAsn: %u", address, asn);
	if (drawing->announces_only_lan)
		text_add(out, ", prefixListOut: only-lan");
	if (chance(generator, 40))
		text_printf(out, ", localPreference: %u", 50 + 50 * draw(generator, 4));
	if (chance(generator, 15))
		text_printf(out, ", prepend: [%u]", SITE_ASN(drawing->k));
	text_add_char(out, '}');
	text_add_char(out, '\n');
}

static void add_circuit_link(struct drawing *drawing, unsigned router, unsigned link) {
	char address[32];
	text_printf(&drawing->routers[router].interfaces,
		"          er1-%s: {address: 192.168.1.%u/30, circuit: er1/%s}\n",
		link == 0 ? "primary" : "secondary", link * 4 + 1, link == 0 ? "primary" : "secondary");
	snprintf(address, sizeof(address), "192.168.1.%u", link * 4 + 2);
	add_neighbor(drawing, router, address, 12076);
}

static void add_internet(struct drawing *drawing, unsigned router) {
	struct router_plan *plan = &drawing->routers[router];
	if (plan->has_tunnel)
		return;
	plan->has_tunnel = true;
	text_printf(&plan->interfaces,
		"          internet: {address: 198.51.100.%u/32, internet: true}\n",
		public_address(drawing->k, router));
}

static void add_tunnel(struct drawing *drawing, unsigned router, unsigned h, unsigned instance) {
	bool has_bgp = drawing->generator->sites[drawing->k].to_hub_bgp[h];
	struct router_plan *plan = &drawing->routers[router];
	unsigned hub = h + 1;
	text_printf(&plan->interfaces, "          tunnel%u-%u: {", hub, instance);
	if (instance == 0)
		text_printf(&plan->interfaces, "address: 10.%u.200.%u/32, ", drawing->number, hub);
	text_printf(&plan->interfaces,
		"ipsec: {connection: hub%u-site%u, instance: %u, sharedKey: site%u}}\n", hub, drawing->k,
		instance, drawing->k);
	if (!has_bgp) {
		plan->redistributes_static = true;
		if (instance == 0)
			text_printf(&plan->statics,
				"          - {prefix: 10.%u.0.0/16, interface: tunnel%u-0}\n", hub, hub);
		return;
	}
	text_printf(&plan->statics, "          - {prefix: 10.%u.255.%u/32, interface: tunnel%u-%u}\n",
		hub, 40 + instance, hub, instance);
	text_printf(&plan->neighbors,
		"            10.%u.255.%u: {remoteAsn: %u, localAddress: 10.%u.200.%u%s%s}\n", hub,
		40 + instance, drawing->generator->hubs[h].vpn_asn, drawing->number, hub,
		drawing->announces_only_lan ? ", prefixListOut: only-lan" : "",
		chance(drawing->generator, 30) ? ", localPreference: 90" : "");
}

static void add_vpn(struct drawing *drawing, unsigned router, unsigned h) {
	struct generator *generator = drawing->generator;
	bool has_bgp = generator->sites[drawing->k].to_hub_bgp[h];
	unsigned hub = h + 1;
	add_internet(drawing, router);
	add_tunnel(drawing, router, h, 0);
	if (generator->hubs[h].is_active_active)
		add_tunnel(drawing, router, h, 1);
	text_printf(&generator->locals, "  hub%u-to-site%u: {gatewayIpAddress: 198.51.100.%u", hub,
		drawing->k, public_address(drawing->k, router));
	if (has_bgp)
		text_printf(&generator->locals,
			", bgpSettings: {asn: %u, bgpPeeringAddress: 10.%u.200.%u}}\n", SITE_ASN(drawing->k),
			drawing->number, hub);
	else
		text_printf(
			&generator->locals, ", localNetworkAddressSpace: [10.%u.0.0/16]}\n", drawing->number);
	text_printf(&generator->connections,
		"  hub%u-site%u: {connectionType: IPsec, virtualNetworkGateway1: hub%u-vpn, "
		"localNetworkGateway2: hub%u-to-site%u, enableBgp: %s, sharedKey: site%u, delay: %uus}\n",
		hub, drawing->k, hub, hub, drawing->k, has_bgp ? "true" : "false", drawing->k,
		100 + draw(generator, 20000));
}

// Both sites draw this alike: it is in the plan of the first.
static void add_site_tunnel(struct drawing *drawing) {
	unsigned k = drawing->k;
	char peer[32];
	add_internet(drawing, 0);
	text_printf(&drawing->routers[0].interfaces,
		"          other-site: {address: 172.31.0.%u/31, ipsec: {remoteAddress: 198.51.100.%u, "
		"sharedKey: sites, delay: 3ms}}\n",
		k, public_address(1 - k, 0));
	snprintf(peer, sizeof(peer), "172.31.0.%u", 1 - k);
	add_neighbor(drawing, 0, peer, SITE_ASN(1 - k));
}

// A static route to a neighbouring router, as a mistake of someone's: these make loops.
static void add_stray_static(struct drawing *drawing) {
	struct generator *generator = drawing->generator;
	if (drawing->link_count == 0 || !chance(generator, 15))
		return;
	unsigned i = draw(generator, drawing->link_count);
	bool is_second = chance(generator, 50);
	unsigned self = is_second ? drawing->links[i].b : drawing->links[i].a;
	text_printf(&drawing->routers[self].statics,
		"          - {prefix: 10.%u.%u.0/24, nextHop: 172.16.%u.%u}\n",
		chance(generator, 50) ? drawing->number : 1 + draw(generator, 12), draw(generator, 3),
		drawing->k * 16 + i, !is_second);
}

static void add_edges(struct drawing *drawing) {
	struct generator *generator = drawing->generator;
	const struct site_plan *plan = &generator->sites[drawing->k];
	if (plan->on_circuit) {
		add_circuit_link(drawing, draw(generator, drawing->router_count), 0);
		if (chance(generator, 80))
			add_circuit_link(drawing, draw(generator, drawing->router_count), 1);
	}
	for (unsigned h = 0; h < generator->hub_count; h++)
		if (plan->to_hub[h])
			add_vpn(drawing, draw(generator, drawing->router_count), h);
	if (generator->sites[0].to_other_site)
		add_site_tunnel(drawing);
}

// Sessions between two edges over a link they share.
static void add_internal_sessions(struct drawing *drawing) {
	for (unsigned i = 0; i < drawing->link_count; i++) {
		unsigned a = drawing->links[i].a, b = drawing->links[i].b;
		if (drawing->routers[a].neighbors.length == 0 ||
			drawing->routers[b].neighbors.length == 0 || !chance(drawing->generator, 70))
			continue;
		for (unsigned end = 0; end < 2; end++)
			text_printf(&drawing->routers[end == 0 ? a : b].neighbors,
				"            172.16.%u.%u: {remoteAsn: %u, nextHopSelf: true}\n",
				drawing->k * 16 + i, 1 - end, SITE_ASN(drawing->k));
	}
}

static void add_router(struct drawing *drawing, unsigned r, struct text *out) {
	static const char *const defaults[] = {"never", "always", "ifKnown"};
	struct generator *generator = drawing->generator;
	struct router_plan *plan = &drawing->routers[r];
	text_printf(out, "      site%u-r%u:\n        interfaces:\n%s", drawing->k, r,
		text_chars(&plan->interfaces));
	if (plan->statics.length > 0)
		text_printf(out, "        staticRoutes:\n%s", text_chars(&plan->statics));
	if (plan->neighbors.length > 0) {
		text_printf(out, "        bgp:\n          asn: %u\n          networks: [10.%u.0.0/24",
			SITE_ASN(drawing->k), drawing->number);
		if (drawing->lan_count > 1)
			text_printf(out, ", 10.%u.1.0/24", drawing->number);
		text_printf(out, "]\n          neighbors:\n%s", text_chars(&plan->neighbors));
	}
	bool is_edge = plan->neighbors.length > 0 || plan->statics.length > 0;
	if (is_edge && drawing->router_count > 1)
		text_printf(out, "        igp: {defaultRoute: %s, redistribute: [bgp%s]}\n",
			defaults[draw(generator, 3)], plan->redistributes_static ? ", static" : "");
	text_done(&plan->interfaces);
	text_done(&plan->statics);
	text_done(&plan->neighbors);
}

static void add_site(struct generator *generator, unsigned k, struct text *out) {
	struct drawing drawing = {.generator = generator, .k = k, .number = SITE_NUMBER(k)};
	struct text hosts = {0};
	drawing.announces_only_lan = chance(generator, 60);
	draw_shape(&drawing, &hosts);
	add_edges(&drawing);
	add_internal_sessions(&drawing);
	add_stray_static(&drawing);
	text_printf(out, "  site%u:\n    segments:\n", k);
	text_printf(out, "      lan0: {delay: %uus}\n", draw(generator, 200));
	if (drawing.announces_only_lan)
		text_printf(out, "    prefixLists:\n      only-lan: [{prefix: 10.%u.0.0/16, le: 24}]\n",
			drawing.number);
	text_printf(out, "    hosts:\n%s    routers:\n", text_chars(&hosts));
	for (unsigned r = 0; r < drawing.router_count; r++)
		add_router(&drawing, r, out);
	text_done(&hosts);
}

static void plan_sites(struct generator *generator) {
	unsigned wanted = chance(generator, 10) ? 0 : 1 + draw(generator, SITES_MAX);
	bool is_circuit_free = generator->has_circuit;
	while (generator->site_count < wanted && take_nodes(generator, 2)) {
		struct site_plan *plan = &generator->sites[generator->site_count++];
		plan->on_circuit = is_circuit_free && chance(generator, 70);
		is_circuit_free = is_circuit_free && !plan->on_circuit;
		for (unsigned h = 0; h < generator->hub_count; h++) {
			plan->to_hub[h] = generator->hubs[h].has_vpn && chance(generator, 60);
			plan->to_hub_bgp[h] = chance(generator, 70);
		}
	}
	generator->sites[0].to_other_site = generator->site_count == 2 && chance(generator, 40);
}

void generate_sites(struct generator *generator, struct text *out) {
	plan_sites(generator);
	if (generator->site_count > 0)
		text_add(out, "sites:\n");
	for (unsigned k = 0; k < generator->site_count; k++)
		add_site(generator, k, out);
}
