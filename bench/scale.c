// What a network of some size costs: routes held, bytes and nanoseconds a route, and one failure
// recomputed from the converged state against the same failure from power-on.
//
//	scale FILE
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/names.h"
#include "base/text.h"
#include "bench/measure.h"
#include "cloud/cloud.h"
#include "format/native/native.h"
#include "topo/topo_build.h"
#include "world/world.h"

#define RUNS 5
#define FAILURES 9
#define SETTLES_NS (3600 * SECOND_NS)

struct network {
	struct arena *arena;
	struct diagnostics *mistakes;
	struct network_file *file;
	struct topo *topo;
	struct names *port_names;
	struct cloud *cloud;
};

static void network_load(struct network *network, const char *path) {
	*network = (struct network){
		.arena = arena_new(), .mistakes = diagnostics_new(), .port_names = names_new()};
	network->topo = topo_new(path);
	if (native_load(path, network->arena, &network->file, network->mistakes) == 0) {
		site_lower(network->file->sites, network->file->site_count, network->topo,
			network->port_names, network->mistakes);
		network->cloud = azure_cloud_new(&network->file->azure);
		network->cloud->ops->lower(
			network->cloud, network->topo, network->port_names, network->mistakes);
	}
	if (diagnostics_error_count(network->mistakes) != 0) {
		struct text text = {0};
		diagnostics_format(network->mistakes, &text);
		fputs(text_chars(&text), stderr);
		exit(1);
	}
	topo_finish(network->topo);
}

struct run {
	struct clock clock;
	struct loop *loop;
	struct world *world;
};

// From power-on to converged; the time it took on the wall.
static int64_t run_begin(struct run *run, struct network *network) {
	int64_t began = measure_now_ns();
	clock_init_virtual(&run->clock);
	run->loop = loop_new(&run->clock, 1);
	run->world = world_new(network->topo, run->loop);
	network->cloud->ops->attach(network->cloud, run->world);
	world_start(run->world);
	bool is_converged = world_converge(run->world, SETTLES_NS);
	int64_t took = measure_now_ns() - began;
	assert(is_converged);
	return took;
}

static void run_end(struct run *run) {
	world_free(run->world);
	loop_free(run->loop);
}

// Paths in routing tables and rows in forwarding tables; a shared layer counts once.
static size_t count_routes(const struct network *network, struct world *world) {
	const struct topo *topo = network->topo;
	size_t routes = 0;
	for (uint32_t i = 0; i < topo->node_count; i++) {
		struct rib *rib = world_rib(world, i);
		if (rib != NULL)
			routes += rib_path_count(rib);
		routes += fib_layer_count(world_router(world, i)->fib.own);
	}
	for (uint32_t i = 0; i < topo->table_count; i++)
		routes += fib_layer_count(world_table_layer(world, i));
	for (uint32_t i = 0; i < topo->group_count; i++)
		routes += fib_layer_count(world_group_layer(world, i));
	return routes;
}

// Links that can fail, evenly spread over the file.
static size_t choose_links(const struct topo *topo, uint32_t links[FAILURES]) {
	size_t candidates = 0, seen = 0, count = 0;
	for (uint32_t i = 0; i < topo->link_count; i++)
		candidates += topo->links[i].can_fail;
	for (uint32_t i = 0; i < topo->link_count && count < FAILURES; i++) {
		if (!topo->links[i].can_fail)
			continue;
		if (seen++ >= count * candidates / FAILURES)
			links[count++] = i;
	}
	return count;
}

static double fail_from_converged(struct run *run, uint32_t link) {
	int64_t began = measure_now_ns();
	world_set_link(run->world, link, WORLD_DOWN, TOPO_NONE);
	bool is_converged = world_converge(run->world, SETTLES_NS);
	double took = (double)(measure_now_ns() - began);
	assert(is_converged);
	world_set_link(run->world, link, WORLD_UP, TOPO_NONE);
	is_converged = world_converge(run->world, SETTLES_NS);
	assert(is_converged);
	return took;
}

static double fail_from_scratch(struct network *network, uint32_t link) {
	struct run run;
	network->topo->links[link].is_down = true;
	double took = (double)run_begin(&run, network);
	network->topo->links[link].is_down = false;
	run_end(&run);
	return took;
}

int main(int count, char **arguments) {
	assert(count == 2);
	size_t empty = mallinfo2().uordblks + mallinfo2().hblkhd;
	struct network network;
	struct run run;
	double runs[RUNS], converged[FAILURES], scratch[FAILURES], ratios[FAILURES];
	uint32_t links[FAILURES];
	network_load(&network, arguments[1]);
	size_t loaded = mallinfo2().uordblks + mallinfo2().hblkhd;
	for (int i = 0; i < RUNS; i++) {
		runs[i] = (double)run_begin(&run, &network);
		if (i < RUNS - 1)
			run_end(&run);
	}
	size_t bytes = mallinfo2().uordblks + mallinfo2().hblkhd - loaded;
	double routes = (double)count_routes(&network, run.world);
	size_t failures = choose_links(network.topo, links);
	assert(failures > 0);
	for (size_t i = 0; i < failures; i++) {
		converged[i] = fail_from_converged(&run, links[i]);
		scratch[i] = fail_from_scratch(&network, links[i]);
		ratios[i] = scratch[i] / converged[i];
	}
	printf(
		"{\"nodes\": %zu, \"routes\": %.0f, \"fileAndTopoBytes\": %zu, \"worldBytes\": %zu, "
		"\"bytesPerRoute\": %.1f, \"nsPerRoute\": %.1f, \"convergeSeconds\": %.6f, "
		"\"failureSeconds\": %.6f, \"failureFromScratchSeconds\": %.6f, \"failureRatio\": %.2f}\n",
		network.topo->node_count, routes, loaded - empty, bytes, (double)bytes / routes,
		measure_median(runs, RUNS) / routes, measure_median(runs, RUNS) / 1e9,
		measure_median(converged, failures) / 1e9, measure_median(scratch, failures) / 1e9,
		measure_median(ratios, failures));
	run_end(&run);
	network.cloud->ops->free(network.cloud);
	topo_free(network.topo);
	names_free(network.port_names);
	diagnostics_free(network.mistakes);
	arena_free(network.arena);
	return 0;
}
