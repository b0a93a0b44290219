// The two routers Microsoft has at the edge of a circuit: AS 12076, each with the customer edge's
// link it ends (AZ-ER-1). They forward, answer, and choose by the length of the AS path alone.
#include "cloud/azure/gateway_int.h"

#include "base/assert.h"

#define BFD_INTERVAL_NS (300 * MS_NS) // AZ-ER-4
#define BFD_MULTIPLIER 3
#define HOLD_S 180
#define PREFIXES_FROM_CE 10000 // AZ-ER-7, of a premium circuit: beyond, the session ends
#define PREFIXES6_FROM_CE 100

const char *const azure_link_words[AZURE_LINKS] = {"primary", "secondary"};

static void lower_node(struct azure_cloud *cloud, struct lowered_circuit *circuit, size_t i) {
	const struct azure_circuit_link *link = &circuit->circuit->links[i];
	struct topo *topo = cloud->topo;
	char *name = arena_printf(cloud->arena, "%s-%s", circuit->circuit->name, azure_link_words[i]);

	circuit->msee[i] = topo_node_add(topo, name, TOPO_EDGE, circuit->origin);
	assert(circuit->msee[i] != TOPO_NONE); // azure_check_joint() saw to it
	struct topo_node *node = &topo->nodes[circuit->msee[i]];
	node->group = arena_strdup(topo->arena, circuit->circuit->name);
	node->kind_name = "msee";
	node->forwards = true;
	node->decrements_ttl = true;
	node->sends_time_exceeded = true; // and no unreachables (AZ-TR-12)
	node->sends_too_big = true;
	node->answers_ping = true;
	node->can_fail = true;
	node->hash_seed = link->hash_seed;
	struct topo_bgp *bgp = topo_bgp_of(topo, circuit->msee[i]);
	bgp->asn = AZURE_MSEE_ASN;
	bgp->router_id = link->router_id;
	bgp->decision = &azure_msee_decision;
}

// AZ-X-1: so the customer sees 12076 by ExpressRoute, and 65515 only by a VPN (AZ-ER-37).
static uint8_t strip_of(const char *word) {
	if (word && text_equal(word, "all"))
		return STRIP_PRIVATE_ALL;
	if (word && text_equal(word, "only-if-all-private"))
		return STRIP_PRIVATE_ONLY_IF_ALL;
	return STRIP_PRIVATE_LEADING;
}

// Any prefix is taken, the default route too (AZ-ER-6). AZ-ER-5: communities of the customer are
// passed on and not obeyed.
static void set_import(struct azure_cloud *cloud, struct topo_neighbor *neighbor) {
	static const uint32_t obeyed_elsewhere[] = {COMMUNITY_NO_EXPORT, COMMUNITY_NO_ADVERTISE};
	struct azure_terms terms = {0};
	struct policy_term *term = azure_term_add(&terms, POLICY_ACCEPT, "AZ-ER-5");

	term->communities = obeyed_elsewhere;
	term->community_count = sizeof(obeyed_elsewhere) / sizeof(obeyed_elsewhere[0]);
	term->set_flags = POLICY_REPLACE_COMMUNITIES;
	azure_terms_import(cloud, neighbor, &terms, false);
}

static uint32_t asn_of_edge(
	const struct azure_cloud *cloud, const struct azure_circuit *circuit, uint32_t port) {
	const struct topo_node *node = &cloud->topo->nodes[cloud->topo->ports[port].node];
	uint32_t actual = node->bgp ? node->bgp->asn : 0;

	return circuit->peer_asn ? circuit->peer_asn : actual;
}

static void add_session(struct azure_cloud *cloud, const struct azure_circuit *circuit,
	uint32_t port, struct ip ours, uint32_t asn) {
	const struct topo_port *at = &cloud->topo->ports[port];
	struct azure_session session = {at->node, ours, ip_previous(ours), asn, at->origin};
	struct topo_neighbor *neighbor = azure_neighbor_add(cloud, &session);

	neighbor->port = port;
	neighbor->hold_s = (uint16_t)(circuit->hold_s ? circuit->hold_s : HOLD_S);
	neighbor->keepalive_s = (uint16_t)(neighbor->hold_s / 3);
	neighbor->allow_own_as = UINT8_MAX; // AZ-ER-31
	neighbor->strip_private = strip_of(circuit->strip_private);
	neighbor->max_prefixes = ip_is_v4(ours) ? PREFIXES_FROM_CE : PREFIXES6_FROM_CE;
	if (!circuit->bfd_off) {
		neighbor->bfd_interval_ns =
			circuit->bfd_interval_ns ? circuit->bfd_interval_ns : BFD_INTERVAL_NS;
		neighbor->bfd_multiplier =
			(uint8_t)(circuit->bfd_multiplier ? circuit->bfd_multiplier : BFD_MULTIPLIER);
	}
	set_import(cloud, neighbor);
}

// AZ-ER-1: of the /30 the first usable address is the customer's, the second ours; so of the /126.
static size_t link_addresses(const struct azure_circuit_link *link, struct topo_address out[2]) {
	const struct prefix prefixes[] = {link->peer_prefix, link->peer_prefix6};
	size_t count = 0;

	for (size_t i = 0; i < 2; i++) {
		if (!ip_is_none(prefixes[i].base))
			out[count++] =
				(struct topo_address){ip_plus(prefix_first(prefixes[i]), 2), prefixes[i]};
	}
	return count;
}

// A session for each family, over the one link.
static void add_sessions(
	struct azure_cloud *cloud, struct lowered_circuit *lowered, uint32_t port, uint32_t edge_port) {
	uint32_t asn = asn_of_edge(cloud, lowered->circuit, edge_port);

	for (size_t i = 0; i < cloud->topo->ports[port].address_count; i++)
		add_session(
			cloud, lowered->circuit, port, cloud->topo->ports[port].addresses[i].address, asn);
}

static void lower_link(struct azure_cloud *cloud, struct lowered_circuit *lowered, size_t i) {
	const struct azure_circuit_link *given = &lowered->circuit->links[i];
	struct topo *topo = cloud->topo;
	const struct topo_offer *offer = topo_offer_find(topo,
		arena_printf(cloud->arena, "circuit:%s/%s", lowered->circuit->name, azure_link_words[i]));

	if (!given->given)
		return;
	uint32_t origin = topo_origin_add(topo, given->place, "AZ-ER-1", "%s link of circuit %s",
		azure_link_words[i], lowered->circuit->name);
	uint32_t port = topo_port_add(topo, lowered->msee[i], "ce", origin);
	struct topo_address addresses[2];
	topo_port_set_addresses(topo, port, addresses, link_addresses(given, addresses));
	if (!offer) { // a circuit that waits for its customer edge
		topo->ports[port].is_shut = true;
		return;
	}
	uint32_t number = topo_link_add(topo, NULL, origin);
	topo_end_add(topo, number, offer->port);
	topo_end_add(topo, number, port);
	struct topo_link *link = &topo->links[number];
	link->delay_ns = given->delay_ns;
	link->jitter_ns = given->jitter_ns;
	link->loss_millionths = given->loss_millionths;
	link->rate_bits_per_s = given->rate_bits_per_s;
	link->is_down = given->down;
	link->can_fail = true;
	add_sessions(cloud, lowered, port, offer->port);
}

// Both links are up, with a session each (AZ-ER-2).
void azure_msee_lower(struct azure_cloud *cloud) {
	for (size_t c = 0; c < cloud->model->circuit_count; c++) {
		for (size_t i = 0; i < AZURE_LINKS; i++)
			lower_node(cloud, &cloud->circuits[c], i);
		for (size_t i = 0; i < AZURE_LINKS; i++) {
			if (cloud->circuits[c].msee[i] != TOPO_NONE)
				lower_link(cloud, &cloud->circuits[c], i);
		}
	}
}
