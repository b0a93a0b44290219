// The hosts of a running lab. Each machine that only sends and receives is a network namespace of
// its own, with an interface per port, its addresses and its routes; what routes stays in the
// world.
#pragma once

#include "live/state.h"
#include "live/tap.h"

struct host {
	uint32_t node;
	char *name_space; // "ip-LAB-HOST"
	struct tap *taps;
	size_t tap_count;
};

struct hosts {
	struct host *items;
	size_t count, room;
};

// Does this node live in a namespace? Hosts do; appliances that route or speak BGP are the world's,
// and an attached one is somewhere else.
bool host_is_outside(const struct topo *topo, uint32_t node);
char *host_name_space(const char *lab, const char *host); // to be freed

// Makes all of them and attaches them; each namespace is noted in the lab's state before it exists.
// 0 or -errno after one line about it in `problem`. hosts_close() is due in either case.
struct hosts_place {
	struct state *state;
	struct world *world;
	struct clock_epoll *clock;
};
int hosts_open(struct hosts *hosts, const struct hosts_place *place, struct text *problem);
void hosts_close(struct hosts *hosts); // the namespaces stay: state_clean() removes them
