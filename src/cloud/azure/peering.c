// Virtual network peering: two halves make one (AZ-PEER-2), never transitive (AZ-PEER-1), no hop
// (AZ-PEER-14). A subnet of one side sends straight onto the other side's segment; what the
// receiving half refuses is a filter on that port.
#include "cloud/azure/lower_int.h"

#define PEERING_DELAY_NS (50 * US_NS)
#define GLOBAL_PEERING_DELAY_NS (20 * MS_NS)

static const struct azure_peering *half_towards(const struct azure_vnet *from, const char *remote) {
	for (size_t i = 0; i < from->peering_count; i++) {
		if (text_equal(from->peerings[i].remote, remote))
			return &from->peerings[i];
	}
	return NULL;
}

// Between regions: named otherwise and slower, and good for gateway transit too (AZ-PEER-7).
static bool is_global(const struct azure_vnet *a, const struct azure_vnet *b) {
	return a->location && b->location && !text_equal(a->location, b->location);
}

// Of the half that sends; -1 asks for the default.
static int64_t delay_of(const struct azure_cloud *cloud, const struct azure_peer *peer) {
	const struct azure_switches *switches = &cloud->model->switches;

	if (peer->ours->delay_ns >= 0)
		return peer->ours->delay_ns;
	if (peer->theirs->delay_ns >= 0)
		return peer->theirs->delay_ns;
	if (peer->is_global)
		return switches->global_peering_delay_ns ? switches->global_peering_delay_ns
												 : GLOBAL_PEERING_DELAY_NS;
	return switches->peering_delay_ns ? switches->peering_delay_ns : PEERING_DELAY_NS;
}

static struct header_box box_all(bool v4) {
	return v4 ? header_box_all_v4() : header_box_all_v6();
}

static struct rule rule_from(struct prefix source, uint16_t verdict, uint32_t origin) {
	struct rule rule = {box_all(prefix_is_v4(source)), verdict, origin};

	rule.box.source_low = prefix_first(source);
	rule.box.source_high = prefix_last(source);
	return rule;
}

// The half that decides is the receiving one: that is where to look when it refuses.
static uint32_t flag_origin(struct azure_cloud *cloud, const struct azure_vnet *from,
	const struct azure_peer *peer, const char *rule, const char *flag) {
	return topo_origin_add(cloud->topo, peer->theirs->place, rule, "%s of the peering of %s to %s",
		flag, cloud->vnets[peer->vnet].vnet->name, from->name);
}

// What the receiving half lets in: no VNet-to-VNet traffic without allowVirtualNetworkAccess
// (AZ-PEER-4), no foreign sources without allowForwardedTraffic (AZ-PEER-5) unless the traffic
// comes out of a gateway whose use the halves agreed on.
static struct topo_filter make_filter(struct azure_cloud *cloud, const struct azure_vnet *from,
	const struct azure_peer *peer, bool is_transit) {
	const struct azure_vnet *to = cloud->vnets[peer->vnet].vnet;
	size_t room = from->address_space_count * (to->address_space_count + 1) + 2;
	struct rule *rules = ARENA_ARRAY(cloud->topo->arena, struct rule, room);
	size_t count = 0;
	uint32_t access = flag_origin(cloud, from, peer, "AZ-PEER-4", "allowVirtualNetworkAccess");
	uint32_t forwarded = flag_origin(cloud, from, peer, "AZ-PEER-5", "allowForwardedTraffic");

	for (size_t i = 0; peer->theirs->no_virtual_network_access && i < from->address_space_count;
		 i++) {
		for (size_t k = 0; k < to->address_space_count; k++) {
			struct prefix into = to->address_space[k];
			if (prefix_is_v4(into) != prefix_is_v4(from->address_space[i]))
				continue;
			rules[count] = rule_from(from->address_space[i], RULE_DENY, access);
			rules[count].box.destination_low = prefix_first(into);
			rules[count++].box.destination_high = prefix_last(into);
		}
	}
	if (!peer->theirs->allow_forwarded_traffic && !is_transit) {
		for (size_t i = 0; i < from->address_space_count; i++)
			rules[count++] = rule_from(from->address_space[i], RULE_PERMIT, forwarded);
		for (int v4 = 0; v4 < 2; v4++)
			rules[count++] = (struct rule){box_all(v4), RULE_DENY, forwarded};
	}
	return (struct topo_filter){.rules = rules, .rule_count = count, .drop = DROP_PEERING_REFUSED};
}

bool azure_peering_is_transit(
	const struct azure_cloud *cloud, uint32_t vnet, const struct azure_peer *peer) {
	(void)cloud;
	(void)vnet;
	return peer->ours->allow_gateway_transit && peer->theirs->use_remote_gateways;
}

// The network that the name of a peering to nobody probably means.
static uint32_t nearest_vnet(const struct azure_cloud *cloud, const char *name) {
	const char *near =
		diagnostics_is_full(cloud->mistakes) ? NULL : names_nearest(cloud->vnet_names, name);

	return near ? names_find(cloud->vnet_names, near) : NAME_NONE;
}

// Whether the half of `vnet` towards `wanted` is there under a name that is mistaken.
static bool has_misnamed_half(
	const struct azure_cloud *cloud, const struct azure_vnet *vnet, uint32_t wanted) {
	if (azure_is_doubtful(cloud, &vnet->peerings))
		return true;
	for (size_t i = 0; i < vnet->peering_count; i++) {
		const struct azure_peering *half = &vnet->peerings[i];
		if (azure_is_doubtful(cloud, &half->remote) ||
			(names_find(cloud->vnet_names, half->remote) == NAME_NONE &&
				nearest_vnet(cloud, half->remote) == wanted))
			return true;
	}
	return false;
}

// A half that has no other: its network is `remote`, NAME_NONE: there is none of that name.
static void report_half(
	struct azure_cloud *cloud, uint32_t v, const struct azure_peering *ours, uint32_t remote) {
	const struct azure_vnet *vnet = cloud->vnets[v].vnet;
	struct place place = azure_place(cloud, &ours->remote, ours->place);

	if (azure_is_doubtful(cloud, &ours->remote) ||
		(remote == NAME_NONE && azure_is_doubtful(cloud, &cloud->model->vnets)))
		return;
	if (remote == NAME_NONE) {
		uint32_t near = nearest_vnet(cloud, ours->remote);
		azure_mistake(cloud, place, "there is no virtualNetwork \"%s\" to peer with%s%s%s",
			ours->remote, near == NAME_NONE ? "" : "; did you mean \"",
			near == NAME_NONE ? "" : names_text(cloud->vnet_names, near),
			near == NAME_NONE ? "" : "\"?");
	} else if (remote == v) {
		azure_mistake(cloud, place, "%s can't be peered with itself", ours->remote);
	} else if (!has_misnamed_half(cloud, cloud->vnets[remote].vnet, v)) {
		// AZ-PEER-2: such a half stays Initiated and carries nothing
		azure_mistake(cloud, place,
			"the peering of %s to %s lacks its other half: add a peering to %s in %s", vnet->name,
			ours->remote, vnet->name, ours->remote);
	}
}

static void resolve_peer(struct azure_cloud *cloud, uint32_t v, size_t i) {
	struct lowered_vnet *vnet = &cloud->vnets[v];
	const struct azure_peering *ours = &vnet->vnet->peerings[i];
	uint32_t remote = names_find(cloud->vnet_names, ours->remote);
	const struct azure_peering *theirs = remote == NAME_NONE || remote == v
		? NULL
		: half_towards(cloud->vnets[remote].vnet, vnet->vnet->name);

	if (!theirs) {
		report_half(cloud, v, ours, remote);
		vnet->is_transit_doubtful = true;
		return;
	}
	struct azure_peer *peer = &vnet->peers[vnet->peer_count++];
	*peer = (struct azure_peer){
		.vnet = remote,
		.ours = ours,
		.theirs = theirs,
		.is_global = is_global(vnet->vnet, cloud->vnets[remote].vnet),
		.origin = topo_origin_add(cloud->topo, ours->place, "AZ-PEER-2", "peering of %s to %s",
			vnet->vnet->name, ours->remote),
	};
	peer->delay_ns = delay_of(cloud, peer);
	peer->filter = make_filter(cloud, vnet->vnet, peer, false);
	peer->transit_filter =
		make_filter(cloud, vnet->vnet, peer, azure_peering_is_transit(cloud, v, peer));
}

static bool has_gateway(const struct azure_cloud *cloud, const struct lowered_vnet *vnet) {
	return vnet->er != TOPO_NONE || vnet->vpn != TOPO_NONE ||
		azure_gateways_are_doubtful(cloud, vnet->vnet);
}

static bool is_transit_doubtful(const struct azure_cloud *cloud, const struct azure_peer *peer) {
	return azure_is_doubtful(cloud, &peer->ours->use_remote_gateways) ||
		azure_is_doubtful(cloud, &peer->theirs->allow_gateway_transit);
}

// AZ-PEER-6: at most one peering with useRemoteGateways, none beside a gateway of one's own, and
// the hub has to have a gateway and allow its use.
static void resolve_gateways(struct azure_cloud *cloud, uint32_t v) {
	struct lowered_vnet *vnet = &cloud->vnets[v];

	vnet->is_transit_doubtful |= azure_is_doubtful(cloud, &vnet->vnet->peerings) ||
		azure_gateways_are_doubtful(cloud, vnet->vnet);
	if (has_gateway(cloud, vnet))
		vnet->gateway_vnet = v;
	for (uint32_t i = 0; i < vnet->peer_count; i++) {
		const struct azure_peer *peer = &vnet->peers[i];
		const char *hub = cloud->vnets[peer->vnet].vnet->name;
		struct place place =
			azure_place(cloud, &peer->ours->use_remote_gateways, peer->ours->place);
		vnet->is_transit_doubtful |= is_transit_doubtful(cloud, peer);
		if (!peer->ours->use_remote_gateways)
			continue;
		if (azure_gateways_are_doubtful(cloud, vnet->vnet))
			continue;
		size_t before = diagnostics_error_count(cloud->mistakes);
		if (has_gateway(cloud, vnet))
			azure_mistake(cloud, place,
				"%s has a gateway of its own, so it can't use the gateways of %s", vnet->vnet->name,
				hub);
		else if (vnet->gateway_peer != TOPO_NONE)
			azure_mistake(cloud, place,
				"%s already uses the gateways of %s; only one peering may have useRemoteGateways",
				vnet->vnet->name, cloud->vnets[vnet->gateway_vnet].vnet->name);
		else if (!has_gateway(cloud, &cloud->vnets[peer->vnet]))
			azure_mistake(
				cloud, place, "useRemoteGateways of %s: %s has no gateway", vnet->vnet->name, hub);
		else if (!peer->theirs->allow_gateway_transit && !is_transit_doubtful(cloud, peer))
			azure_mistake(cloud, place,
				"useRemoteGateways of %s needs allowGatewayTransit in the peering of %s to it",
				vnet->vnet->name, hub);
		else {
			vnet->gateway_vnet = peer->vnet;
			vnet->gateway_peer = i;
		}
		vnet->is_transit_doubtful |= diagnostics_error_count(cloud->mistakes) != before;
	}
}

void azure_peering_lower(struct azure_cloud *cloud) {
	for (uint32_t v = 0; v < cloud->model->vnet_count; v++) {
		struct lowered_vnet *vnet = &cloud->vnets[v];
		vnet->peers = ARENA_ARRAY(cloud->topo->arena, struct azure_peer, vnet->vnet->peering_count);
		for (size_t i = 0; i < vnet->vnet->peering_count; i++)
			resolve_peer(cloud, v, i);
	}
	for (uint32_t v = 0; v < cloud->model->vnet_count; v++)
		resolve_gateways(cloud, v);
}
