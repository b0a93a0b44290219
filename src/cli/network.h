// A topology file brought to life: what nearly every verb begins with.
//
// load -> sites and cloud lowered to topo -> world on a virtual clock -> converged: time 0. Then
// --down and --down-node, events, --at.
#pragma once

#include "cli/options.h"
#include "cloud/cloud.h"
#include "format/format.h"
#include "world/capture.h"
#include "world/world.h"

// Virtual time a network gets to converge before it is said to never settle.
#define NETWORK_LIMIT_NS (3600 * SECOND_NS)
#define NETWORK_SEED 1

struct diff_facts;
struct names;

struct network {
	const char *path;
	struct arena *arena;
	struct diagnostics *mistakes;
	struct network_file *file;
	struct names *port_names;
	struct topo *topo;
	struct cloud *cloud;
	struct clock clock;
	struct loop *loop;
	struct world *world;
	instant zero; // time 0 of this run
	bool has_settled;
	struct network_event *events; // started, of --event
	size_t event_count;
	struct network_capture *capture; // of --capture
};

// Loads and lowers only. EXIT_DONE, or the exit code after the mistakes were printed. Warnings are
// left in `mistakes`. network_close() is due in every case.
int network_load(const char *path, struct network *out);
// The same, then brings it to the moment the options ask for. With `runs_events`, events and --at
// are left to the caller's own running of the loop (ping): only started.
int network_open(
	const char *path, const struct options *options, bool runs_events, struct network *out);
void network_close(struct network *network);

// Lets it converge; says on standard error when routing never settles, and why.
void network_converge(struct network *network);

// What --filter and `lab capture` take, in which `hosts` may be named: to a program, for
// filter_done(). EXIT_DONE, or the exit code after a message.
struct filter_hosts;
int network_compile_filter(
	const char *expression, const struct filter_hosts *hosts, struct bpf_filter *out);
// Adds its hosts' effective routes to what `diff` compares.
void network_collect_routes(const struct network *network, struct diff_facts *facts);

// A host by name, or whoever owns the address. EXIT_DONE or EXIT_WRONG_USE after a message.
int network_find_node(const struct network *network, const char *name, uint32_t *out);
// FROM and TO of the command line.
int network_question(
	const struct network *network, const struct options *options, struct question *out);
