#include "cloud/azure/nsg_int.h"

#include <stdlib.h>

#include "base/assert.h"

#define HOST_ADDRESS 0xa83f8110u // 168.63.129.16, the platform's own (AZ-NSG-4, AZ-NSG-6)

const char *const nsg_default_names[NSG_DEFAULTS] = {
	"AllowVnetInBound",
	"AllowAzureLoadBalancerInBound",
	"DenyAllInBound",
	"AllowVnetOutBound",
	"AllowInternetOutBound",
	"DenyAllOutBound",
};

// What the tag Internet leaves out besides the virtual network: private and special ranges.
static const char *const not_public[] = {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8",
	"169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3", "fc00::/7", "fe80::/10",
	"ff00::/8"};

void nsg_spans_done(struct nsg_spans *spans) {
	free(spans->items);
	*spans = (struct nsg_spans){0};
}

static void add_span(struct nsg_spans *spans, struct ip low, struct ip high) {
	struct nsg_span span = {low, high};

	ARRAY_PUSH(spans, span);
}

// ::/0 as a prefix would hold the IPv4-mapped block too; a box never mixes the families.
static void add_prefix(struct nsg_spans *spans, struct prefix prefix) {
	struct ip lowest = header_box_all_v6().source_low;
	struct ip low = prefix_first(prefix);

	if (!prefix_is_v4(prefix) && ip_compare(low, lowest) < 0)
		low = lowest;
	add_span(spans, low, prefix_last(prefix));
}

static void add_all(struct nsg_spans *spans) {
	struct header_box v4 = header_box_all_v4();
	struct header_box v6 = header_box_all_v6();

	add_span(spans, v4.source_low, v4.source_high);
	add_span(spans, v6.source_low, v6.source_high);
}

static int compare_spans(const void *left, const void *right) {
	const struct nsg_span *a = left;
	const struct nsg_span *b = right;
	int order = ip_compare(a->low, b->low);

	return order ? order : ip_compare(a->high, b->high);
}

// Sorts and merges what overlaps or touches, never across the families.
static void normalize(struct nsg_spans *spans) {
	size_t kept = 0;

	if (spans->count == 0)
		return;
	qsort(spans->items, spans->count, sizeof(*spans->items), compare_spans);
	for (size_t i = 0; i < spans->count; i++) {
		struct nsg_span span = spans->items[i];
		struct nsg_span *last = kept > 0 ? &spans->items[kept - 1] : NULL;
		bool joins = last && ip_is_v4(last->low) == ip_is_v4(span.low) &&
			(ip_compare(span.low, last->high) <= 0 || ip_equal(ip_next(last->high), span.low));
		if (!joins)
			spans->items[kept++] = span;
		else if (ip_compare(span.high, last->high) > 0)
			last->high = span.high;
	}
	spans->count = kept;
}

static void complement_family(
	const struct nsg_spans *of, const struct nsg_span *whole, struct nsg_spans *out) {
	struct ip next = whole->low;

	for (size_t i = 0; i < of->count; i++) {
		const struct nsg_span *span = &of->items[i];
		if (ip_is_v4(span->low) != ip_is_v4(whole->low))
			continue;
		if (ip_compare(next, span->low) < 0)
			add_span(out, next, ip_previous(span->low));
		if (ip_equal(span->high, whole->high))
			return;
		next = ip_next(span->high);
	}
	add_span(out, next, whole->high);
}

static void complement(
	const struct nsg_tags *tags, const struct nsg_spans *of, struct nsg_spans *out) {
	for (size_t i = 0; i < tags->all.count; i++)
		complement_family(of, &tags->all.items[i], out);
	normalize(out);
}

static bool counts(const struct azure_cloud *cloud, struct prefix prefix) {
	return cloud->model->switches.default_in_virtual_network_tag || !prefix_is_default(prefix);
}

static void add_user_routes(
	const struct azure_cloud *cloud, const struct lowered_vnet *vnet, struct nsg_spans *out) {
	for (size_t s = 0; s < vnet->vnet->subnet_count; s++) {
		const struct azure_route_table *table = cloud->subnets[vnet->first_subnet + s].route_table;
		for (size_t i = 0; table && i < table->route_count; i++) {
			if (counts(cloud, table->routes[i].address_prefix))
				add_prefix(out, table->routes[i].address_prefix);
		}
	}
}

// AZ-NSG-4: the VNet, peers with access, what lies behind gateways, user routes, the host address.
static void add_virtual_network(
	const struct azure_cloud *cloud, uint32_t number, struct nsg_spans *out) {
	const struct lowered_vnet *vnet = &cloud->vnets[number];

	for (size_t i = 0; i < vnet->vnet->address_space_count; i++)
		add_prefix(out, vnet->vnet->address_space[i]);
	for (size_t p = 0; p < vnet->peer_count; p++) {
		const struct azure_vnet *remote = cloud->vnets[vnet->peers[p].vnet].vnet;
		if (vnet->peers[p].ours->no_virtual_network_access) // AZ-PEER-4
			continue;
		for (size_t i = 0; i < remote->address_space_count; i++)
			add_prefix(out, remote->address_space[i]);
	}
	add_user_routes(cloud, vnet, out);
	add_span(out, ip_of_v4(HOST_ADDRESS), ip_of_v4(HOST_ADDRESS));
}

void nsg_tags_init(struct nsg_tags *tags, const struct azure_cloud *cloud, uint32_t vnet,
	const struct azure_prefixes *learned) {
	struct nsg_spans not_internet = {0};

	*tags = (struct nsg_tags){0};
	add_all(&tags->all);
	normalize(&tags->all);
	add_span(&tags->load_balancer, ip_of_v4(HOST_ADDRESS), ip_of_v4(HOST_ADDRESS));
	add_virtual_network(cloud, vnet, &tags->virtual_network);
	for (size_t i = 0; i < learned->count; i++) {
		if (counts(cloud, learned->items[i]))
			add_prefix(&tags->virtual_network, learned->items[i]);
	}
	normalize(&tags->virtual_network);
	complement(tags, &tags->virtual_network, &tags->outside);
	for (size_t i = 0; i < tags->virtual_network.count; i++)
		add_span(
			&not_internet, tags->virtual_network.items[i].low, tags->virtual_network.items[i].high);
	for (size_t i = 0; i < sizeof(not_public) / sizeof(not_public[0]); i++) {
		struct prefix prefix;
		int error = prefix_parse(not_public[i], &prefix);
		assert(error == 0);
		add_prefix(&not_internet, prefix);
	}
	normalize(&not_internet);
	complement(tags, &not_internet, &tags->internet);
	nsg_spans_done(&not_internet);
}

void nsg_tags_done(struct nsg_tags *tags) {
	nsg_spans_done(&tags->all);
	nsg_spans_done(&tags->virtual_network);
	nsg_spans_done(&tags->outside);
	nsg_spans_done(&tags->load_balancer);
	nsg_spans_done(&tags->internet);
}

bool nsg_word_is_tag(const char *word) {
	return text_equal(word, "*") || text_equal(word, "VirtualNetwork") ||
		text_equal(word, "AzureLoadBalancer") || text_equal(word, "Internet");
}

static const struct nsg_spans *spans_of_tag(const struct nsg_tags *tags, const char *word) {
	if (text_equal(word, "VirtualNetwork"))
		return &tags->virtual_network;
	if (text_equal(word, "AzureLoadBalancer"))
		return &tags->load_balancer;
	return text_equal(word, "Internet") ? &tags->internet : &tags->all;
}

void nsg_spans_of_words(
	const struct nsg_tags *tags, const char **words, size_t count, struct nsg_spans *out) {
	static const char *any[] = {"*"};

	*out = (struct nsg_spans){0};
	if (count == 0) {
		words = any;
		count = 1;
	}
	for (size_t i = 0; i < count; i++) {
		struct prefix prefix;
		if (!nsg_word_is_tag(words[i])) {
			if (prefix_parse(words[i], &prefix) == 0)
				add_prefix(out, prefix);
			continue;
		}
		const struct nsg_spans *tag = spans_of_tag(tags, words[i]);
		for (size_t k = 0; k < tag->count; k++)
			add_span(out, tag->items[k].low, tag->items[k].high);
	}
	normalize(out);
}
