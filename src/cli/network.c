#include "cli/network.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/dispute.h"
#include "analyze/question.h"
#include "base/marks.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/network_int.h"
#include "cli/verb.h"
#include "format/native/native.h"
#include "topo/attach_check.h"
#include "topo/session_check.h"
#include "topo/site.h"
#include "topo/topo_build.h"

static void print_mistakes(const struct network *network) {
	struct text text;

	text_init(&text);
	diagnostics_format(network->mistakes, &text);
	fputs(text_chars(&text), stderr);
	text_done(&text);
}

int network_load(const char *path, struct network *out) {
	*out = (struct network){.path = path, .arena = arena_new(), .mistakes = diagnostics_new()};
	if (native_read(path, out->arena, &out->file, out->mistakes) < 0) {
		diagnostics_settle(out->mistakes);
		print_mistakes(out);
		return EXIT_WRONG_USE;
	}
	// Every stage looks at what the one before could read, so that all mistakes are told at once.
	out->topo = topo_new(path);
	out->topo->seed = out->file->seed;
	if (marks_is_doubtful(diagnostics_marks(out->mistakes), &out->file->sites))
		topo_doubt_tunnel(out->topo, IP_NONE, IP_NONE);
	out->port_names = names_new();
	site_lower(out->file->sites, out->file->site_count, out->topo, out->port_names, out->mistakes);
	out->cloud = azure_cloud_new(&out->file->azure);
	out->cloud->ops->lower(out->cloud, out->topo, out->port_names, out->mistakes);
	site_lower_finish(out->topo, out->mistakes);
	topo_check_attached(out->topo, out->mistakes);
	if (diagnostics_error_count(out->mistakes) != 0) {
		diagnostics_settle(out->mistakes);
		print_mistakes(out);
		return EXIT_WRONG_USE;
	}
	topo_finish(out->topo);
	topo_check_sessions(out->topo, out->mistakes);
	diagnostics_settle(out->mistakes);
	return EXIT_DONE;
}

static void report_dispute(struct network *network) {
	struct arena *arena = arena_new();
	struct dispute dispute;
	char prefix[PREFIX_TEXT_BYTES];

	dispute_find(network->world, arena, &dispute);
	fprintf(stderr, "interplane: routing does not settle%s\n",
		dispute.is_cycle ? ": the same states come round again and again" : "");
	if (dispute.is_cycle)
		fprintf(stderr, "  one round takes %.3f s\n", (double)dispute.period_ns / 1e9);
	for (size_t i = 0; i < dispute.route_count; i++) {
		const struct dispute_route *route = &dispute.routes[i];
		fprintf(stderr, "  %s: %s changes between", network->topo->nodes[route->node].name,
			prefix_format(route->prefix, prefix));
		for (size_t c = 0; c < route->choice_count; c++)
			fprintf(stderr, "%s %s", c != 0 ? "," : "",
				route->choices[c][0] != '\0' ? route->choices[c] : "no route");
		fputc('\n', stderr);
	}
	arena_free(arena);
}

void network_converge(struct network *network) {
	network->has_settled = world_converge(network->world, NETWORK_LIMIT_NS);
	if (!network->has_settled)
		report_dispute(network);
}

int network_find_link(const struct network *network, const char *name, uint32_t *out) {
	*out = topo_find_link(network->topo, name);
	if (*out != TOPO_NONE)
		return EXIT_DONE;
	const char *nearest = names_nearest(network->topo->link_names, name);
	fprintf(stderr, "interplane: there is no link %s", name);
	if (nearest != NULL)
		fprintf(stderr, "; did you mean %s?", nearest);
	fprintf(stderr, "\n`interplane show %s links` lists them.\n", network->path);
	return EXIT_WRONG_USE;
}

static int unknown_node(const struct network *network, const char *name) {
	const char *nearest = names_nearest(network->topo->node_names, name);

	fprintf(stderr, "interplane: there is no host or node %s", name);
	if (nearest != NULL)
		fprintf(stderr, "; did you mean %s?", nearest);
	fprintf(stderr, "\n`interplane show %s` lists them.\n", network->path);
	return EXIT_WRONG_USE;
}

int network_find_node(const struct network *network, const char *name, uint32_t *out) {
	struct ip address;

	*out = topo_find_node(network->topo, name);
	if (*out != TOPO_NONE)
		return EXIT_DONE;
	if (ip_parse(name, &address) < 0)
		return unknown_node(network, name);
	*out = question_owner(network->topo, address);
	if (*out != TOPO_NONE)
		return EXIT_DONE;
	fprintf(stderr, "interplane: nobody in the network has the address %s\n", name);
	return EXIT_WRONG_USE;
}

// An address given as FROM or TO is used as it stands; a name picks the node's own.
int network_question(
	const struct network *network, const struct options *options, struct question *out) {
	const char *from_text = options->positional[1];
	const char *to_text = options->positional[2];
	struct ip from_address = IP_NONE;
	struct ip to_address = IP_NONE;
	uint32_t from;
	uint32_t to = TOPO_NONE;
	int result = network_find_node(network, from_text, &from);

	if (result != EXIT_DONE)
		return result;
	if (topo_find_node(network->topo, to_text) != TOPO_NONE || ip_parse(to_text, &to_address) < 0)
		result = network_find_node(network, to_text, &to);
	if (result != EXIT_DONE)
		return result;
	if (topo_find_node(network->topo, from_text) == TOPO_NONE)
		ip_parse(from_text, &from_address);
	struct question_flow flow = options->flow;
	flow.prefer_v6 = flow.prefer_v6 || (!ip_is_none(from_address) && !ip_is_v4(from_address));
	if (to != TOPO_NONE)
		result = question_between(network->topo, from, to, &flow, out);
	else
		result = question_to_address(network->topo, from, to_address, &flow, out);
	if (result == 0 && !ip_is_none(from_address) &&
		ip_is_v4(from_address) != ip_is_v4(out->destination))
		result = -EAFNOSUPPORT;
	if (result < 0) {
		fprintf(
			stderr, "interplane: %s and %s have no address family in common\n", from_text, to_text);
		return EXIT_WRONG_USE;
	}
	if (!ip_is_none(from_address))
		out->source = from_address;
	return EXIT_DONE;
}

static int apply_faults(struct network *network, const struct options *options) {
	for (size_t i = 0; i < options->down_count; i++) {
		uint32_t link;
		int result = network_find_link(network, options->down[i], &link);
		if (result != EXIT_DONE)
			return result;
		world_set_link(network->world, link, WORLD_DOWN, TOPO_NONE);
	}
	for (size_t i = 0; i < options->down_node_count; i++) {
		uint32_t node = topo_find_node(network->topo, options->down_nodes[i]);
		if (node == TOPO_NONE)
			return unknown_node(network, options->down_nodes[i]);
		world_set_node(network->world, node, false);
	}
	return EXIT_DONE;
}

static void power_on(struct network *network, const struct options *options) {
	long long seed = options_number(options, OPTION_SEED, 0);

	if (seed == 0)
		seed = network->file->seed != 0 ? (long long)network->file->seed : NETWORK_SEED;
	clock_init_virtual(&network->clock);
	network->loop = loop_new(&network->clock, (uint64_t)seed);
	network->world = world_new(network->topo, network->loop);
	network->cloud->ops->attach(network->cloud, network->world);
	world_start(network->world);
	if (!options_has(options, OPTION_COLD))
		network_converge(network);
	network->zero = loop_now(network->loop);
}

// Brings the world to the moment that is asked about.
static void run_to_moment(struct network *network, const struct options *options) {
	int64_t last_ns = 0;

	for (size_t i = 0; i < network->event_count; i++) {
		if (network->events[i].at_ns > last_ns)
			last_ns = network->events[i].at_ns;
	}
	if (options_has(options, OPTION_AT)) {
		loop_run_until(network->loop, instant_add(network->zero, options->number[OPTION_AT]));
		return;
	}
	loop_run_until(network->loop, instant_add(network->zero, last_ns));
	if (options->down_count + options->down_node_count + network->event_count != 0 ||
		options_has(options, OPTION_COLD))
		network_converge(network);
}

int network_open(
	const char *path, const struct options *options, bool runs_events, struct network *out) {
	int result = network_load(path, out);

	if (result != EXIT_DONE)
		return result;
	result = network_read_events(out, options);
	if (result != EXIT_DONE)
		return result;
	power_on(out, options);
	result = network_start_capture(out, options);
	if (result == EXIT_DONE)
		result = apply_faults(out, options);
	if (result != EXIT_DONE)
		return result;
	bool has_faults = options->down_count + options->down_node_count != 0;
	if (runs_events && has_faults && !options_has(options, OPTION_AT)) {
		network_converge(out);
		out->zero = loop_now(out->loop);
	}
	network_start_events(out);
	if (!runs_events || options_has(options, OPTION_AT))
		run_to_moment(out, options);
	return EXIT_DONE;
}

void network_close(struct network *network) {
	network_end_capture(network);
	world_free(network->world);
	if (network->loop != NULL)
		loop_free(network->loop);
	if (network->cloud != NULL)
		network->cloud->ops->free(network->cloud);
	topo_free(network->topo);
	if (network->port_names != NULL)
		names_free(network->port_names);
	diagnostics_free(network->mistakes);
	arena_free(network->arena);
}
