// What VPN and ExpressRoute gateways have in common: instance nodes in the GatewaySubnet, the
// ranges they stand for (AZ-PEER-8), how they choose (AZ-GW-6), and the sessions among the
// instances of one VNet (AZ-GW-7).
#include "cloud/azure/gateway_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

#define MAX_PATHS 64
#define INSTANCE_ADDRESSES 4 // of an instance at most

// AZ-GW-6. Own ranges and static rows come first: they are originated with distance 0. What is
// equal up to the router identifier is used together (AZ-VPN-14).
static const struct decision_step gateway_steps[] = {
	{DECIDE_ELIGIBLE, "AZ-GW-6"},
	{DECIDE_DISTANCE, "AZ-GW-6"},
	{DECIDE_WEIGHT, "AZ-GW-5"},
	{DECIDE_AS_PATH, "AZ-GW-9b"},
	{DECIDE_EXTERNAL, "AZ-GW-6"},
	{DECIDE_ROUTER_ID, "AZ-GW-6"},
	{DECIDE_NEIGHBOR, "AZ-GW-6"},
};

// AZ-ER-23, AZ-X-3: nothing but the length of the AS path.
static const struct decision_step msee_steps[] = {
	{DECIDE_ELIGIBLE, "AZ-ER-23"},
	{DECIDE_DISTANCE, "AZ-ER-23"},
	{DECIDE_AS_PATH, "AZ-X-3"},
	{DECIDE_ROUTER_ID, "AZ-X-3"},
	{DECIDE_NEIGHBOR, "AZ-X-3"},
};

const struct decision azure_gateway_decision = {
	gateway_steps, sizeof(gateway_steps) / sizeof(gateway_steps[0]), MAX_PATHS};
const struct decision azure_msee_decision = {
	msee_steps, sizeof(msee_steps) / sizeof(msee_steps[0]), MAX_PATHS};

struct topo_neighbor *azure_neighbor_add(
	struct azure_cloud *cloud, const struct azure_session *session) {
	uint32_t number = topo_neighbor_add(
		cloud->topo, session->node, session->local, session->remote, session->origin);
	struct topo_neighbor *neighbor = &cloud->topo->neighbors[number];

	neighbor->remote_asn = session->remote_asn;
	neighbor->distance = DISTANCE_LEARNED;
	neighbor->send_communities = true; // AZ-X-5
	// Hold 180 s and no BFD, as every session has it that says nothing else (AZ-VPN-7).
	return neighbor;
}

struct policy_term *azure_term_add(
	struct azure_terms *terms, enum policy_verdict verdict, const char *reference) {
	assert(terms->count < sizeof(terms->items) / sizeof(terms->items[0]));
	struct policy_term *term = &terms->items[terms->count++];

	*term = (struct policy_term){.verdict = verdict, .reference = reference};
	return term;
}

struct policy_term *azure_term_tag(
	struct azure_terms *terms, enum azure_tag tag, const char *reference) {
	struct policy_term *term = azure_term_add(terms, POLICY_ACCEPT, reference);

	term->match_flags = POLICY_MATCH_TAG;
	term->match_tag = tag;
	return term;
}

void azure_terms_import(struct azure_cloud *cloud, struct topo_neighbor *neighbor,
	const struct azure_terms *terms, bool deny) {
	neighbor->import =
		topo_copy(cloud->topo, terms->items, terms->count * sizeof(struct policy_term));
	neighbor->import_count = terms->count;
	neighbor->import_default_deny = deny;
}

void azure_terms_export(struct azure_cloud *cloud, struct topo_neighbor *neighbor,
	const struct azure_terms *terms, bool deny) {
	neighbor->export =
		topo_copy(cloud->topo, terms->items, terms->count * sizeof(struct policy_term));
	neighbor->export_count = terms->count;
	neighbor->export_default_deny = deny;
}

const struct policy_prefix *azure_policy_prefixes(
	struct azure_cloud *cloud, const struct prefix *prefixes, size_t count, bool inside) {
	struct policy_prefix *made = ARENA_ARRAY(cloud->topo->arena, struct policy_prefix, count);

	for (size_t i = 0; i < count; i++) {
		uint8_t length = (uint8_t)prefix_length(prefixes[i]);
		uint8_t longest = prefix_is_v4(prefixes[i]) ? 32 : 128;
		made[i] = (struct policy_prefix){prefixes[i], length, inside ? longest : length};
	}
	return made;
}

struct azure_prefixes azure_spoke_ranges(const struct azure_cloud *cloud, uint32_t v) {
	const struct lowered_vnet *hub = &cloud->vnets[v];
	struct azure_prefixes ranges = {0};

	for (size_t p = 0; p < hub->peer_count; p++) {
		const struct lowered_vnet *spoke = &cloud->vnets[hub->peers[p].vnet];
		if (spoke->gateway_vnet != v)
			continue;
		for (size_t i = 0; i < spoke->vnet->address_space_count; i++)
			ARRAY_PUSH(&ranges, spoke->vnet->address_space[i]);
	}
	return ranges;
}

void azure_route_via(struct azure_cloud *cloud, struct prefix prefix, uint32_t port, struct ip via,
	uint32_t origin) {
	struct route_hop hop = {.port = port, .via = via};
	struct topo_route route = {.prefix = prefix, .hops = &hop, .hop_count = 1, .origin = origin};

	topo_route_add(cloud->topo, cloud->topo->ports[port].node, &route);
}

void azure_port_host(
	struct azure_cloud *cloud, uint32_t port, const struct ip *addresses, size_t count) {
	struct topo_address hosts[4];

	assert(count <= 4);
	for (size_t i = 0; i < count; i++)
		hosts[i] = (struct topo_address){addresses[i], prefix_host(addresses[i])};
	topo_port_set_addresses(cloud->topo, port, hosts, count);
}

static size_t instance_addresses(
	const struct lowered_instance *instance, struct ip out[INSTANCE_ADDRESSES]) {
	size_t count = 0;

	out[count++] = instance->address;
	if (!ip_equal(instance->bgp_address, instance->address))
		out[count++] = instance->bgp_address;
	if (!ip_equal(instance->inside_address, instance->address) &&
		!ip_equal(instance->inside_address, instance->bgp_address))
		out[count++] = instance->inside_address;
	if (!ip_is_none(instance->address6))
		out[count++] = instance->address6;
	return count;
}

static bool is_visible(const struct azure_gateway *gateway) {
	return gateway->ttl && text_equal(gateway->ttl, "decrement");
}

// AZ-TR-3, AZ-TR-6, AZ-TR-7: an ExpressRoute gateway lowers the TTL and never answers; a VPN
// gateway does neither, or answers from its inside address.
static void set_manners(const struct lowered_gateway *gateway, struct topo_node *node) {
	bool is_hop = gateway->is_er || is_visible(gateway->gateway);

	node->forwards = true;
	node->decrements_ttl = is_hop;
	node->sends_time_exceeded = is_hop && !gateway->is_er;
	node->sends_too_big = !gateway->is_er; // AZ-VPN-19: tracepath hears of the tunnel's MTU
	node->can_fail = true;
}

// AZ-VPN-21: an unplanned failure of an active-standby gateway takes 60 to 90 seconds, of which the
// peers' retries are the rest; of instances that are both active none is replaced in the time
// looked at.
#define STANDBY_TAKEOVER_NS (60 * SECOND_NS)

static int64_t standby_delay(
	const struct azure_cloud *cloud, const struct lowered_gateway *gateway) {
	int64_t given = cloud->model->switches.standby_takeover_ns;

	if (gateway->is_er || gateway->instance_count > 1)
		return 0;
	if (given < 0)
		return 1; // 0 would say that there is none
	return given != 0 ? given : STANDBY_TAKEOVER_NS;
}

#define ER_MTU_BYTES 1400 // AZ-ER-8

uint32_t azure_er_mtu(const struct azure_gateway *gateway) {
	return gateway->mtu_bytes ? gateway->mtu_bytes : ER_MTU_BYTES;
}

static void lower_instance(struct azure_cloud *cloud, struct lowered_gateway *gateway, size_t i) {
	struct lowered_instance *instance = &gateway->instances[i];
	uint32_t subnet = cloud->vnets[gateway->vnet].gateway_subnet;
	struct topo *topo = cloud->topo;
	struct ip addresses[INSTANCE_ADDRESSES];
	size_t count = instance_addresses(instance, addresses);

	instance->internet_port = TOPO_NONE;
	instance->node = topo_node_add(topo, instance->name, TOPO_GATEWAY, gateway->origin);
	assert(instance->node != TOPO_NONE); // azure_check_joint() saw to it
	struct topo_node *node = &topo->nodes[instance->node];
	node->group = arena_strdup(topo->arena, gateway->gateway->name);
	node->kind_name = gateway->is_er ? "expressRouteGateway" : "vpnGateway";
	node->address = instance->address;
	node->address6 = instance->address6;
	set_manners(gateway, node);
	node->standby_ns = standby_delay(cloud, gateway);
	struct topo_bgp *bgp = topo_bgp_of(topo, instance->node);
	bgp->asn = gateway->asn;
	bgp->decision = &azure_gateway_decision;
	if (i < gateway->gateway->router_id_count)
		bgp->router_id = gateway->gateway->router_ids[i];
	instance->vnet_port = topo_port_add(topo, instance->node, "vnet", gateway->origin);
	azure_port_host(cloud, instance->vnet_port, addresses, count);
	// AZ-ER-8: larger packets are fragmented on their way in, and those that may not be vanish,
	// since the gateway never answers (AZ-TR-3).
	if (gateway->is_er)
		topo->ports[instance->vnet_port].mtu_bytes = azure_er_mtu(gateway->gateway);
	topo->ports[instance->vnet_port].icmp_v4 =
		gateway->is_er ? IP_NONE : instance->inside_address; // AZ-X-23
	// What it delivers meets the routes of the GatewaySubnet, user-defined ones too (AZ-X-18).
	struct azure_attachment what = {instance->name, gateway->origin, addresses, count};
	instance->subnet_port = azure_subnet_attach(cloud, subnet, &what);
	azure_link(cloud, instance->vnet_port, instance->subnet_port, gateway->origin);
	// AZ-SRC-1, AZ-X-22: what comes out of ExpressRoute needs a source that the VNet knows.
	topo->ports[instance->subnet_port].check_source_in = gateway->is_er;
}

static bool is_covered(const struct azure_vnet *vnet, struct prefix prefix) {
	for (size_t i = 0; i < vnet->summarized_gateway_prefix_count; i++) {
		if (prefix_covers(vnet->summarized_gateway_prefixes[i], prefix))
			return true;
	}
	return false;
}

static bool is_summary(const struct azure_vnet *vnet, struct prefix prefix) {
	for (size_t i = 0; i < vnet->summarized_gateway_prefix_count; i++) {
		if (prefix_equal(vnet->summarized_gateway_prefixes[i], prefix))
			return true;
	}
	return false;
}

static void add_network(struct azure_cloud *cloud, uint32_t node, struct prefix prefix,
	enum azure_tag tag, uint32_t origin) {
	struct topo_network network = {
		.prefix = prefix, .always = true, .weight = WEIGHT_LOCAL, .tag = tag, .origin = origin};

	topo_network_add(cloud->topo, node, &network);
}

// `Network` rows of the VNet's ranges and those of its spokes; with summaries the hub's ranges are
// always replaced, a spoke's only when covered (AZ-X-17).
static void lower_ranges(struct azure_cloud *cloud, const struct lowered_gateway *gateway,
	const struct lowered_instance *instance, const struct azure_prefixes *spokes) {
	const struct lowered_vnet *lowered = &cloud->vnets[gateway->vnet];
	const struct azure_vnet *vnet = lowered->vnet;
	bool is_summed = vnet->summarized_gateway_prefix_count > 0;

	for (size_t i = 0; i < vnet->address_space_count; i++) {
		struct prefix range = vnet->address_space[i];
		uint32_t origin = lowered->range_origins[i];
		azure_route_via(cloud, range, instance->vnet_port, IP_NONE, origin);
		if (!is_summary(vnet, range))
			add_network(
				cloud, instance->node, range, is_summed ? TAG_RANGE_HIDDEN : TAG_RANGE, origin);
	}
	for (size_t i = 0; i < spokes->count; i++) {
		struct prefix range = spokes->items[i];
		azure_route_via(cloud, range, instance->vnet_port, IP_NONE, gateway->origin);
		if (!is_summary(vnet, range))
			add_network(cloud, instance->node, range,
				is_covered(vnet, range) ? TAG_RANGE_HIDDEN : TAG_RANGE, gateway->origin);
	}
	for (size_t i = 0; i < vnet->summarized_gateway_prefix_count; i++)
		add_network(cloud, instance->node, vnet->summarized_gateway_prefixes[i], TAG_RANGE,
			lowered->origin);
}

// The address other instances of the VNet talk to; a custom APIPA address is for tunnels only.
static struct ip inner_address(const struct lowered_instance *instance) {
	return ip_is_link_local(instance->bgp_address) ? instance->address : instance->bgp_address;
}

static void set_twin_policies(struct azure_cloud *cloud, struct topo_neighbor *neighbor) {
	struct azure_terms import = {0};
	struct azure_terms export = {0};
	struct policy_term *term = azure_term_add(&import, POLICY_ACCEPT, "AZ-GW-5");

	neighbor->weight = WEIGHT_VPN;
	neighbor->next_hop_self = true; // AZ-VPN-18
	term->set_flags = POLICY_SET_TAG;
	term->tag = TAG_TWIN;
	azure_term_tag(&export, TAG_STATIC, "AZ-X-8");
	azure_term_tag(&export, TAG_PEER_HOST, "AZ-X-7");
	azure_term_tag(&export, TAG_BRANCH, "AZ-VPN-18");
	azure_terms_import(cloud, neighbor, &import, false);
	azure_terms_export(cloud, neighbor, &export, true);
}

// The two instances of an active-active VPN gateway have a link of their own: what one learned is
// reached through the other, without the VNet's tables having a say.
static void join_twins(struct azure_cloud *cloud, struct lowered_gateway *gateway) {
	struct topo *topo = cloud->topo;

	for (size_t i = 0; i < AZURE_INSTANCES; i++) {
		struct lowered_instance *instance = &gateway->instances[i];
		instance->twin_port = topo_port_add(topo, instance->node, "twin", gateway->origin);
	}
	azure_link(
		cloud, gateway->instances[0].twin_port, gateway->instances[1].twin_port, gateway->origin);
	for (size_t i = 0; i < AZURE_INSTANCES; i++) {
		struct lowered_instance *instance = &gateway->instances[i];
		const struct lowered_instance *twin = &gateway->instances[1 - i];
		struct ip addresses[INSTANCE_ADDRESSES];
		size_t count = instance_addresses(twin, addresses);
		for (size_t a = 0; a < count; a++)
			azure_route_via(
				cloud, prefix_host(addresses[a]), instance->twin_port, IP_NONE, gateway->origin);
		struct azure_session session = {instance->node, inner_address(instance),
			inner_address(twin), gateway->asn, gateway->origin};
		set_twin_policies(cloud, azure_neighbor_add(cloud, &session));
	}
}

// AZ-GW-5, AZ-GW-7: an ExpressRoute gateway gives the VPN gateway the VNet's ranges, and its
// learned routes only where that was seen to leak (AZ-X-10); those are shown and never chosen.
static void add_er_side(struct azure_cloud *cloud, const struct lowered_gateway *er,
	const struct lowered_instance *from, const struct lowered_instance *to) {
	struct azure_terms import = {0};
	struct azure_terms export = {0};
	struct policy_term *term = azure_term_add(&import, POLICY_ACCEPT, "AZ-GW-7");
	struct azure_session session = {
		from->node, from->address, inner_address(to), AZURE_ASN, er->origin};
	struct topo_neighbor *neighbor = azure_neighbor_add(cloud, &session);

	neighbor->weight = WEIGHT_VPN;
	term->set_flags = POLICY_SET_TAG | POLICY_SET_NO_FORWARDING; // AZ-GW-6b
	term->tag = TAG_OTHER;
	azure_term_tag(&export, TAG_RANGE, "AZ-GW-7");
	azure_term_tag(&export, TAG_RANGE_HIDDEN, "AZ-GW-7");
	if (er->gateway->leak_er_to_vpn)
		azure_term_tag(&export, TAG_CIRCUIT, "AZ-X-10");
	azure_terms_import(cloud, neighbor, &import, false);
	azure_terms_export(cloud, neighbor, &export, true);
}

static void add_vpn_side(struct azure_cloud *cloud, const struct lowered_gateway *vpn,
	const struct lowered_instance *from, const struct lowered_instance *to) {
	struct azure_terms import = {0};
	struct azure_terms export = {0};
	struct policy_term *term = azure_term_add(&import, POLICY_ACCEPT, "AZ-X-10");
	struct azure_session session = {
		from->node, inner_address(from), to->address, AZURE_ASN, vpn->origin};
	struct topo_neighbor *neighbor = azure_neighbor_add(cloud, &session);

	neighbor->weight = WEIGHT_CIRCUIT;
	neighbor->next_hop_self = true;
	term->set_flags = POLICY_SET_TAG | POLICY_SET_NEVER_BEST;
	term->tag = TAG_OTHER;
	azure_term_tag(&export, TAG_STATIC, "AZ-X-8");
	azure_term_tag(&export, TAG_BRANCH, "AZ-GW-7");
	azure_terms_import(cloud, neighbor, &import, false);
	azure_terms_export(cloud, neighbor, &export, true);
}

// The session is iBGP: a VPN gateway with an AS of its own has none (AZ-GW-9, AZ-X-11). The
// instances of an ExpressRoute gateway have none among themselves (AZ-GW-3).
static void join_types(struct azure_cloud *cloud, const struct lowered_vnet *vnet) {
	if (vnet->er == TOPO_NONE || vnet->vpn == TOPO_NONE)
		return;
	const struct lowered_gateway *er = &cloud->gateways[vnet->er];
	const struct lowered_gateway *vpn = &cloud->gateways[vnet->vpn];
	if (vpn->asn != AZURE_ASN)
		return;
	for (size_t e = 0; e < er->instance_count; e++) {
		for (size_t i = 0; i < vpn->instance_count; i++) {
			add_er_side(cloud, er, &er->instances[e], &vpn->instances[i]);
			add_vpn_side(cloud, vpn, &vpn->instances[i], &er->instances[e]);
		}
	}
}

static bool lower_instances(struct azure_cloud *cloud, struct lowered_gateway *gateway) {
	bool is_whole = true;

	for (size_t i = 0; i < gateway->instance_count; i++) {
		lower_instance(cloud, gateway, i);
		is_whole = is_whole && gateway->instances[i].node != TOPO_NONE;
	}
	return is_whole;
}

void azure_gateway_lower(struct azure_cloud *cloud) {
	bool is_whole = true;

	for (size_t g = 0; g < cloud->gateway_count; g++)
		is_whole = lower_instances(cloud, &cloud->gateways[g]) && is_whole;
	if (!is_whole)
		return;
	for (size_t g = 0; g < cloud->gateway_count; g++) {
		struct lowered_gateway *gateway = &cloud->gateways[g];
		struct azure_prefixes spokes = azure_spoke_ranges(cloud, gateway->vnet);
		for (size_t i = 0; i < gateway->instance_count; i++)
			lower_ranges(cloud, gateway, &gateway->instances[i], &spokes);
		free(spokes.items);
		if (!gateway->is_er && gateway->instance_count == AZURE_INSTANCES)
			join_twins(cloud, gateway);
	}
	for (size_t v = 0; v < cloud->model->vnet_count; v++)
		join_types(cloud, &cloud->vnets[v]);
}
