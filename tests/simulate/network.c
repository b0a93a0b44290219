#include "network.h"

#include "analyze/dispute.h"
#include "analyze/question.h"
#include "analyze/scope.h"
#include "topo/site.h"
#include "topo/topo_build.h"

static bool lower(struct network *network, struct verdict_of_run *out) {
	network->topo = topo_new("simulated");
	network->port_names = names_new();
	site_lower(network->file->sites, network->file->site_count, network->topo, network->port_names,
		network->mistakes);
	network->cloud = azure_cloud_new(&network->file->azure);
	network->cloud->ops->lower(
		network->cloud, network->topo, network->port_names, network->mistakes);
	if (diagnostics_error_count(network->mistakes) != 0) {
		text_add(&out->failure, "the generated file has mistakes:\n");
		diagnostics_format(network->mistakes, &out->failure);
		return false;
	}
	topo_finish(network->topo);
	return true;
}

bool network_load(
	struct network *network, uint64_t seed, const struct text *text, struct verdict_of_run *out) {
	*network = (struct network){.arena = arena_new(), .mistakes = diagnostics_new()};
	random_init(&network->random, seed, "simulate", "checks");
	const struct native_text source = {
		.name = "simulated", .chars = text_chars(text), .length = text->length};
	if (native_load_text(&source, network->arena, &network->file, network->mistakes) != 0) {
		text_add(&out->failure, "the generated file does not load:\n");
		diagnostics_format(network->mistakes, &out->failure);
		return false;
	}
	if (!lower(network, out))
		return false;
	clock_init_virtual(&network->clock);
	network->loop = loop_new(&network->clock, network->file->seed);
	network->world = world_new(network->topo, network->loop);
	network->cloud->ops->attach(network->cloud, network->world);
	return true;
}

// Freeing a world fails when a packet was not given back.
void network_free(struct network *network) {
	world_free(network->world);
	loop_free(network->loop);
	if (network->cloud != NULL)
		network->cloud->ops->free(network->cloud);
	names_free(network->port_names);
	topo_free(network->topo);
	diagnostics_free(network->mistakes);
	arena_free(network->arena);
}

bool network_settle(struct network *network, struct verdict_of_run *out) {
	struct dispute dispute;
	if (world_converge(network->world, NETWORK_SETTLES_NS))
		return true;
	dispute_find(network->world, network->arena, &dispute);
	if (dispute.is_cycle && dispute.route_count > 0)
		out->tally.disputes++;
	else
		text_add(&out->failure, "it does not converge, and no dispute explains that\n");
	return false;
}

// The number-th question: a pair of hosts and a family; false when they have none.
static bool find_question(const struct network *network, const uint32_t *hosts, size_t count,
	size_t number, struct question *question) {
	uint32_t from = hosts[number / 2 / count];
	uint32_t to = hosts[number / 2 % count];
	const struct question_flow flow = {.prefer_v6 = number % 2 == 1};
	if (from == to || question_between(network->topo, from, to, &flow, question) != 0)
		return false;
	// Hosts with one family have one question.
	return flow.prefer_v6 == !ip_is_v4(question->destination);
}

// "delivered at a; denied at b": the ends in the order they were found.
static void describe(
	const struct network *network, const struct scope_regions *regions, struct text *out) {
	for (size_t r = 0; r < regions->count; r++) {
		const struct scope_region *region = &regions->items[r];
		for (size_t i = 0; i < region->end_count; i++)
			text_printf(out, "%s%s at %s", out->length > 0 ? ", " : "",
				verdict_name(region->ends[i].verdict),
				network->topo->nodes[region->ends[i].node].name);
	}
}

struct reach network_reach(struct network *network) {
	size_t host_count;
	uint32_t *hosts = question_hosts(network->topo, network->arena, &host_count);
	struct reach reach = {.count = host_count * host_count * 2};
	reach.texts = ARENA_ARRAY(network->arena, const char *, reach.count + 1);
	for (size_t i = 0; i < reach.count; i++) {
		struct question question;
		struct scope_regions regions;
		struct text text = {0};
		if (!find_question(network, hosts, host_count, i, &question))
			continue;
		struct flow_key key = question_key(&question);
		struct header_box box = header_box_of(&key);
		scope_run(network->world, question.from, &box, &regions);
		describe(network, &regions, &text);
		reach.texts[i] = arena_strdup(network->arena, text_chars(&text));
		text_done(&text);
		scope_done(&regions);
	}
	return reach;
}

void network_compare_reach(struct network *network, struct reach before, struct reach after,
	const char *when, struct verdict_of_run *out) {
	size_t host_count;
	uint32_t *hosts = question_hosts(network->topo, network->arena, &host_count);
	for (size_t i = 0; i < before.count; i++) {
		if (before.texts[i] == NULL || text_equal(before.texts[i], after.texts[i]))
			continue;
		text_printf(&out->failure, "%s to %s (%s): %s; after %s: %s\n",
			network->topo->nodes[hosts[i / 2 / host_count]].name,
			network->topo->nodes[hosts[i / 2 % host_count]].name, i % 2 ? "IPv6" : "IPv4",
			before.texts[i], when, after.texts[i]);
	}
}
