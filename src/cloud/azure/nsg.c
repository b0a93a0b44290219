// Network security groups as rule lists: the user's rules in order of priority, then the default
// ones (AZ-NSG-1, AZ-NSG-2). A rule with lists becomes a box for each combination (AZ-NSG-5).
//
// The tag VirtualNetwork grows as gateways learn routes (AZ-NSG-4), so lists are made here for what
// the file says and again by the controller for what was learned.
#include "cloud/azure/lower_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "cloud/azure/nsg_int.h"
#include "cloud/azure/tag_int.h"

#define PRIORITY_LOW 100 // AZ-NSG-2
#define PRIORITY_HIGH 4096
#define PORT_HIGH 65535

static const struct azure_security_rule *const no_rule = NULL;

static int compare_priority(const void *left, const void *right) {
	const struct azure_security_rule *a = *(const struct azure_security_rule *const *)left;
	const struct azure_security_rule *b = *(const struct azure_security_rule *const *)right;

	return (a->priority > b->priority) - (a->priority < b->priority);
}

struct ports {
	uint16_t low, high;
};

// "80", "80-90", "*".
int nsg_ports_parse(const char *text, uint16_t *low, uint16_t *high) {
	char first[8];
	long long from = 0;
	long long to = 0;
	const char *dash = strchr(text, '-');
	size_t length = dash ? (size_t)(dash - text) : strlen(text);

	if (text_equal(text, "*")) {
		*low = 0;
		*high = PORT_HIGH;
		return 0;
	}
	if (length >= sizeof(first))
		return -1;
	memcpy(first, text, length);
	first[length] = '\0';
	if (text_to_int(first, 0, PORT_HIGH, &from) < 0)
		return -1;
	to = from;
	if (dash && text_to_int(dash + 1, from, PORT_HIGH, &to) < 0)
		return -1;
	*low = (uint16_t)from;
	*high = (uint16_t)to;
	return 0;
}

struct rules_out {
	struct rule *items;
	size_t count, room;
};

struct protocols {
	uint8_t low, high;
};

static struct protocols protocols_of(const char *word, bool v4) {
	static const struct {
		const char *word;
		uint8_t number;
	} known[] = {{"Tcp", PROTOCOL_TCP}, {"Udp", PROTOCOL_UDP}, {"Esp", PROTOCOL_ESP}};

	if (!word || text_equal(word, "*"))
		return (struct protocols){0, UINT8_MAX};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (text_equal(word, known[i].word))
			return (struct protocols){known[i].number, known[i].number};
	}
	uint8_t icmp = v4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6;
	return (struct protocols){icmp, icmp};
}

// One combination of the lists, every pair of spans of one family.
struct combination {
	const struct azure_security_rule *rule;
	const struct nsg_spans *sources, *destinations;
	struct ports source_ports, destination_ports;
	uint16_t verdict;
	uint32_t origin;
};

static void add_boxes(const struct combination *c, struct rules_out *out) {
	for (size_t s = 0; s < c->sources->count; s++) {
		const struct nsg_span *source = &c->sources->items[s];
		bool v4 = ip_is_v4(source->low);
		struct protocols protocols = protocols_of(c->rule ? c->rule->protocol : NULL, v4);
		for (size_t d = 0; d < c->destinations->count; d++) {
			const struct nsg_span *destination = &c->destinations->items[d];
			if (ip_is_v4(destination->low) != v4)
				continue;
			struct rule rule = {
				.box =
					{
						.source_low = source->low,
						.source_high = source->high,
						.destination_low = destination->low,
						.destination_high = destination->high,
						.protocol_low = protocols.low,
						.protocol_high = protocols.high,
						.source_port_low = c->source_ports.low,
						.source_port_high = c->source_ports.high,
						.destination_port_low = c->destination_ports.low,
						.destination_port_high = c->destination_ports.high,
					},
				.verdict = c->verdict,
				.origin = c->origin,
			};
			ARRAY_PUSH(out, rule);
		}
	}
}

static struct ports nth_ports(const char **list, size_t count, size_t i) {
	struct ports ports = {0, PORT_HIGH};

	if (i < count)
		(void)nsg_ports_parse(list[i], &ports.low, &ports.high); // checked before
	return ports;
}

static void add_user_rule(const struct nsg_tags *tags, const struct azure_security_rule *rule,
	uint32_t origin, struct rules_out *out) {
	struct nsg_spans sources, destinations;
	size_t from_count = rule->source_port_count ? rule->source_port_count : 1;
	size_t to_count = rule->destination_port_count ? rule->destination_port_count : 1;

	nsg_spans_of_words(tags, rule->sources, rule->source_count, &sources);
	nsg_spans_of_words(tags, rule->destinations, rule->destination_count, &destinations);
	struct combination c = {
		.rule = rule,
		.sources = &sources,
		.destinations = &destinations,
		.verdict = text_equal(rule->access, "Deny") ? RULE_DENY : RULE_PERMIT,
		.origin = origin,
	};
	for (size_t s = 0; s < from_count; s++) {
		c.source_ports = nth_ports(rule->source_ports, rule->source_port_count, s);
		for (size_t d = 0; d < to_count; d++) {
			c.destination_ports =
				nth_ports(rule->destination_ports, rule->destination_port_count, d);
			add_boxes(&c, out);
		}
	}
	nsg_spans_done(&sources);
	nsg_spans_done(&destinations);
}

static void add_default_rule(const struct nsg_spans *sources, const struct nsg_spans *destinations,
	uint16_t verdict, uint32_t origin, struct rules_out *out) {
	struct combination c = {
		no_rule, sources, destinations, {0, PORT_HIGH}, {0, PORT_HIGH}, verdict, origin};

	add_boxes(&c, out);
}

// AZ-NSG-1. "Allow VirtualNetwork to VirtualNetwork, deny the rest" is written the other way round:
// deny what is outside the tag on either side, allow the rest. That takes as many boxes as the tag
// has gaps; pairing its ranges would take their square.
static void add_defaults(
	const struct nsg_tags *tags, bool inbound, uint32_t origin, struct rules_out *out) {
	uint32_t base = origin + (inbound ? 0 : NSG_DEFAULTS_OUTBOUND);

	if (inbound)
		add_default_rule(
			&tags->load_balancer, &tags->all, RULE_PERMIT, base + NSG_DEFAULT_OTHER, out);
	else
		add_default_rule(&tags->all, &tags->internet, RULE_PERMIT, base + NSG_DEFAULT_OTHER, out);
	add_default_rule(&tags->outside, &tags->all, RULE_DENY, base + NSG_DEFAULT_DENY, out);
	add_default_rule(&tags->all, &tags->outside, RULE_DENY, base + NSG_DEFAULT_DENY, out);
	add_default_rule(&tags->all, &tags->all, RULE_PERMIT, base + NSG_DEFAULT_VNET, out);
}

static uint32_t base_origin(
	const struct azure_cloud *cloud, const struct azure_security_group *nsg) {
	return cloud->nsg_origins[nsg - cloud->model->security_groups];
}

struct rule *azure_nsg_compile(const struct azure_cloud *cloud, const struct azure_tagged *tagged,
	const struct azure_prefixes *learned, struct arena *arena, size_t *count) {
	const struct azure_security_group *nsg = tagged->nsg;
	const char *direction = tagged->inbound ? "Inbound" : "Outbound";
	const struct azure_security_rule **sorted =
		memory_alloc(memory_product(nsg->rule_count + 1, sizeof(void *)));
	struct nsg_tags tags;
	struct rules_out out = {0};
	size_t kept = 0;

	nsg_tags_init(&tags, cloud, tagged->vnet, learned);
	for (size_t i = 0; i < nsg->rule_count; i++) {
		if (text_equal(nsg->rules[i].direction, direction))
			sorted[kept++] = &nsg->rules[i];
	}
	qsort(sorted, kept, sizeof(*sorted), compare_priority);
	for (size_t i = 0; i < kept; i++)
		add_user_rule(
			&tags, sorted[i], base_origin(cloud, nsg) + (uint32_t)(sorted[i] - nsg->rules), &out);
	add_defaults(&tags, tagged->inbound, base_origin(cloud, nsg) + (uint32_t)nsg->rule_count, &out);
	nsg_tags_done(&tags);
	free(sorted);
	struct rule *rules = ARENA_ARRAY(arena, struct rule, out.count);
	memcpy(rules, out.items, out.count * sizeof(*rules));
	*count = out.count;
	free(out.items);
	return rules;
}

void azure_nsg_filter(struct azure_cloud *cloud, const struct azure_security_group *nsg,
	uint32_t vnet, bool inbound, struct topo_filter *out) {
	struct azure_tagged *found = NULL;

	for (size_t i = 0; i < cloud->tagged.count && !found; i++) {
		struct azure_tagged *tagged = &cloud->tagged.items[i];
		if (tagged->nsg == nsg && tagged->vnet == vnet && tagged->inbound == inbound)
			found = tagged;
	}
	if (!found) {
		struct azure_prefixes none = {0};
		struct azure_tagged made = {.nsg = nsg, .vnet = vnet, .inbound = inbound};
		made.rules = azure_nsg_compile(cloud, &made, &none, cloud->topo->arena, &made.count);
		ARRAY_PUSH(&cloud->tagged, made);
		found = &cloud->tagged.items[cloud->tagged.count - 1];
	}
	*out = (struct topo_filter){
		.rules = found->rules,
		.rule_count = found->count,
		.drop = DROP_DENIED,
		.is_stateful = true, // AZ-NSG-2
	};
}

static void check_words(struct azure_cloud *cloud, const struct azure_security_rule *rule,
	const char **words, size_t count) {
	for (size_t i = 0; i < count; i++) {
		struct prefix prefix;
		if (nsg_word_is_tag(words[i]) || prefix_parse(words[i], &prefix) == 0)
			continue;
		azure_mistake(cloud, azure_place(cloud, &words[i], rule->place),
			"rule %s: \"%s\" is neither a prefix nor one of *, VirtualNetwork, AzureLoadBalancer, "
			"Internet",
			rule->name, words[i]);
	}
}

static void check_ports(struct azure_cloud *cloud, const struct azure_security_rule *rule,
	const char **words, size_t count) {
	uint16_t low, high;

	for (size_t i = 0; i < count; i++) {
		if (nsg_ports_parse(words[i], &low, &high) < 0)
			azure_mistake(cloud, azure_place(cloud, &words[i], rule->place),
				"rule %s: \"%s\" is not a port, a range like 80-90 or *", rule->name, words[i]);
	}
}

// AZ-NSG-2.
static void check_priority(
	struct azure_cloud *cloud, const struct azure_security_group *nsg, size_t at) {
	const struct azure_security_rule *rule = &nsg->rules[at];
	struct place place = azure_place(cloud, &rule->priority, rule->place);

	if (azure_is_doubtful(cloud, &rule->priority))
		return;
	if (rule->priority < PRIORITY_LOW || rule->priority > PRIORITY_HIGH)
		azure_mistake(cloud, place, "rule %s: priority %u is not in %d to %d", rule->name,
			rule->priority, PRIORITY_LOW, PRIORITY_HIGH);
	for (size_t i = 0; i < at && !azure_is_doubtful(cloud, &rule->direction); i++) {
		const struct azure_security_rule *other = &nsg->rules[i];
		if (azure_is_doubtful(cloud, &other->direction) || other->priority != rule->priority ||
			!text_equal(other->direction, rule->direction))
			continue;
		azure_mistake(cloud, place, "rule %s: priority %u is taken by rule %s (%s)", rule->name,
			rule->priority, other->name, rule->direction);
		return;
	}
}

void azure_nsg_check(struct azure_cloud *cloud) {
	for (size_t g = 0; g < cloud->model->security_group_count; g++) {
		const struct azure_security_group *nsg = &cloud->model->security_groups[g];
		for (size_t i = 0; i < nsg->rule_count; i++) {
			const struct azure_security_rule *rule = &nsg->rules[i];
			check_priority(cloud, nsg, i);
			check_words(cloud, rule, rule->sources, rule->source_count);
			check_words(cloud, rule, rule->destinations, rule->destination_count);
			check_ports(cloud, rule, rule->source_ports, rule->source_port_count);
			check_ports(cloud, rule, rule->destination_ports, rule->destination_port_count);
		}
	}
}
