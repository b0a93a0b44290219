// The hosts of a running lab. Each machine that only sends and receives is a network namespace of
// its own, with an interface per port, its addresses and its routes; what routes stays in the
// world.
#pragma once

#include "live/state.h"
#include "live/tap.h"

struct host {
	uint32_t node;
	char *name;
	char *name_space; // "ip-LAB-HOST"
	int space;        // a descriptor of it, which holds it if somebody deletes the name; or -1
	struct tap *taps;
	size_t tap_count;
};

struct hosts {
	struct host *items;
	size_t count, room;
	struct tap_batches batches;
};

// Does this node live in a namespace? Hosts do; appliances that route or speak BGP are the world's,
// and an attached one is somewhere else.
bool host_is_outside(const struct topo *topo, uint32_t node);
char *host_name_space(const char *lab, const char *host); // to be freed

// Makes all of them; each namespace is noted in the lab's state before it exists. Those of `old`
// (NULL: none) with the same name are taken from it instead, and changed where the files differ. 0
// or -errno after one line about it in `problem`. hosts_close() is due in either case.
struct hosts_place {
	struct state *state;
	struct world *world;
	struct clock_epoll *clock;
	struct hosts *old;
	const struct topo *old_topo; // the numbers of nodes in `old` are this one's
};
int hosts_open(struct hosts *hosts, const struct hosts_place *place, struct text *problem);
int hosts_attach(struct hosts *hosts, const struct hosts_place *place); // packets flow. 0 or -errno
const struct host *hosts_find(const struct hosts *hosts, const char *name); // NULL: no such one

// While paused, what hosts send waits in their devices; what is under way still arrives.
void hosts_pause(struct hosts *hosts);
int hosts_resume(struct hosts *hosts);
// Gives hosts that hosts_open() changed their old words again, as far as it came.
struct hosts_undo {
	const struct topo *old_topo, *new_topo;
};
void hosts_undo(const struct hosts *old, const struct hosts_undo *undo);
void hosts_close(struct hosts *hosts); // the namespaces stay: state_clean() removes them
