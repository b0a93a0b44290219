// Sets of addresses as security rules name them: prefixes and tags, as sorted disjoint spans.
#pragma once

#include "cloud/azure/lower_int.h"

// Behind a group's own rules stand the origins of its default ones, inbound then outbound.
enum {
	NSG_DEFAULT_VNET,
	NSG_DEFAULT_OTHER, // AllowAzureLoadBalancerInBound, AllowInternetOutBound
	NSG_DEFAULT_DENY,
	NSG_DEFAULTS_OUTBOUND,
	NSG_DEFAULTS = 2 * NSG_DEFAULTS_OUTBOUND,
};
extern const char *const nsg_default_names[NSG_DEFAULTS];

struct nsg_span {
	struct ip low, high;
};

struct nsg_spans {
	struct nsg_span *items;
	size_t count, room;
};

struct nsg_tags {
	struct nsg_spans all, virtual_network, outside, load_balancer, internet;
};

void nsg_tags_init(struct nsg_tags *tags, const struct azure_cloud *cloud, uint32_t vnet,
	const struct azure_prefixes *learned);
void nsg_tags_done(struct nsg_tags *tags);
bool nsg_word_is_tag(const char *word);
// No words at all are `*`.
void nsg_spans_of_words(
	const struct nsg_tags *tags, const char **words, size_t count, struct nsg_spans *out);
void nsg_spans_done(struct nsg_spans *spans);
int nsg_ports_parse(const char *text, uint16_t *low, uint16_t *high);
