#include "cloud/azure/tag_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/digest.h"
#include "cloud/azure/endpoint_int.h"
#include "cloud/azure/lower_int.h"

#define FILTERS_MAX 3

struct made { // rules for one set of learned prefixes: failures come and go, and bring it again
	uint64_t digest;
	const struct rule *rules;
	size_t count;
};

struct made_list {
	struct made *items;
	size_t count, room;
};

struct own_filters { // a port's filters, once they differ from what the file says
	struct port_filter in[FILTERS_MAX], out[FILTERS_MAX];
	bool is_set;
};

struct azure_tag_rules {
	const struct azure_cloud *cloud;
	struct world *world;
	struct arena *arena;
	struct made_list *made;      // by position in cloud->tagged
	const struct rule **current; // what ports have now, the same way
	struct own_filters *ports;   // of NICs, then of private endpoints
};

struct azure_tag_rules *azure_tag_rules_new(const struct azure_cloud *cloud, struct world *world) {
	struct azure_tag_rules *rules = memory_alloc(sizeof(*rules));

	rules->cloud = cloud;
	rules->world = world;
	rules->arena = arena_new();
	rules->made = ARENA_ARRAY(rules->arena, struct made_list, cloud->tagged.count);
	rules->current = ARENA_ARRAY(rules->arena, const struct rule *, cloud->tagged.count);
	for (size_t i = 0; i < cloud->tagged.count; i++)
		rules->current[i] = cloud->tagged.items[i].rules;
	rules->ports = ARENA_ARRAY(
		rules->arena, struct own_filters, cloud->nic_count + cloud->model->endpoint_count);
	return rules;
}

void azure_tag_rules_free(struct azure_tag_rules *rules) {
	if (!rules)
		return;
	for (size_t i = 0; i < rules->cloud->tagged.count; i++)
		free(rules->made[i].items);
	arena_free(rules->arena);
	free(rules);
}

static bool add_learned(void *owner, struct prefix prefix, const struct fib_route *route) {
	struct azure_prefixes *learned = owner;

	(void)route;
	ARRAY_PUSH(learned, prefix);
	return true;
}

static uint64_t digest_prefixes(const struct azure_prefixes *learned) {
	struct digest digest;

	digest_init(&digest);
	for (size_t i = 0; i < learned->count; i++) {
		digest_add_u64(&digest, learned->items[i].base.hi);
		digest_add_u64(&digest, learned->items[i].base.lo);
		digest_add_u64(&digest, learned->items[i].bits);
	}
	return digest.value;
}

static const struct made *make(
	struct azure_tag_rules *rules, size_t number, const struct azure_prefixes *learned) {
	struct made_list *list = &rules->made[number];
	struct made made = {.digest = digest_prefixes(learned)};

	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].digest == made.digest)
			return &list->items[i];
	}
	made.rules = azure_nsg_compile(
		rules->cloud, &rules->cloud->tagged.items[number], learned, rules->arena, &made.count);
	ARRAY_PUSH(list, made);
	return &list->items[list->count - 1];
}

static void set_list(
	struct port_filter *filters, size_t count, const struct rule *before, const struct made *made) {
	for (size_t i = 0; i < count; i++) {
		if (filters[i].list.rules == before)
			filters[i].list = (struct rule_list){made->rules, made->count};
	}
}

static void own_filters(struct own_filters *own, struct port *port) {
	assert(port->filter_in_count <= FILTERS_MAX && port->filter_out_count <= FILTERS_MAX);
	if (!own->is_set) {
		own->is_set = true;
		memcpy(own->in, port->filters_in, port->filter_in_count * sizeof(own->in[0]));
		memcpy(own->out, port->filters_out, port->filter_out_count * sizeof(own->out[0]));
		port->filters_in = own->in;
		port->filters_out = own->out;
	}
}

struct change { // `before` is what ports had until now in place of a group's rules
	const struct azure_tagged *tagged;
	const struct rule *before;
	const struct made *made;
};

static void patch_port(struct azure_tag_rules *rules, struct own_filters *own, uint32_t number,
	const struct change *change) {
	struct port *port = world_port(rules->world, number);

	own_filters(own, port);
	if (change->tagged->inbound)
		set_list(own->out, port->filter_out_count, change->before, change->made);
	else
		set_list(own->in, port->filter_in_count, change->before, change->made);
}

static void patch(struct azure_tag_rules *rules, size_t number, const struct rule *before,
	const struct made *made) {
	const struct azure_tagged *tagged = &rules->cloud->tagged.items[number];
	struct change change = {tagged, before, made};

	for (size_t n = 0; n < rules->cloud->nic_count; n++) {
		const struct lowered_nic *nic = &rules->cloud->nics[n];
		const struct lowered_subnet *subnet = &rules->cloud->subnets[nic->subnet];
		if (subnet->vnet != tagged->vnet || (nic->nsg != tagged->nsg && subnet->nsg != tagged->nsg))
			continue;
		patch_port(rules, &rules->ports[n], nic->subnet_port, &change);
	}
	for (size_t e = 0; e < rules->cloud->model->endpoint_count; e++) {
		const struct lowered_endpoint *endpoint = &rules->cloud->endpoints[e];
		const struct lowered_subnet *subnet = &rules->cloud->subnets[endpoint->subnet];
		if (subnet->vnet == tagged->vnet && subnet->nsg == tagged->nsg)
			patch_port(
				rules, &rules->ports[rules->cloud->nic_count + e], endpoint->subnet_port, &change);
	}
}

void azure_tag_rules_refresh(struct azure_tag_rules *rules, uint32_t vnet) {
	const struct azure_cloud *cloud = rules->cloud;
	struct azure_prefixes learned = {0};

	if (cloud->tagged.count == 0)
		return;
	fib_layer_walk(
		world_group_layer(rules->world, cloud->vnets[vnet].group), add_learned, &learned);
	for (size_t i = 0; i < cloud->tagged.count; i++) {
		if (cloud->vnets[cloud->tagged.items[i].vnet].gateway_vnet != vnet)
			continue;
		const struct rule *before = rules->current[i];
		const struct made *made = make(rules, i, &learned);
		rules->current[i] = made->rules;
		patch(rules, i, before, made);
	}
	free(learned.items);
}
