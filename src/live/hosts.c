#include "live/hosts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "live/attached.h"
#include "live/host_config.h"
#include "live/netns.h"
#include "live/release.h"
#include "topo/topo_build.h"
#include "world/attach.h"

bool host_is_outside(const struct topo *topo, uint32_t number) {
	const struct topo_node *node = &topo->nodes[number];
	return node->kind == TOPO_HOST && !node->forwards && node->bgp == NULL &&
		!node_is_attached(topo, number);
}

char *host_name_space(const char *lab, const char *host) {
	struct text name;
	text_init(&name);
	text_printf(&name, "ip-%s-%s", lab, host);
	return name.chars;
}

static struct host_config config_of(const struct topo *topo, const struct host *host) {
	return (struct host_config){topo, host->node, host->taps, host->tap_count};
}

// Those that the host has no interface for yet, in the namespace the process is in.
static int open_taps(const struct topo *topo, struct host *host) {
	const struct topo_node *node = &topo->nodes[host->node];
	host->taps =
		memory_realloc(host->taps, memory_product(node->port_count + 1, sizeof(*host->taps)));
	for (size_t i = host->tap_count; i < node->port_count; i++) {
		char name[TAP_NAME_MAX + 1];
		snprintf(name, sizeof(name), "eth%u", (unsigned)i);
		int result = tap_open(&host->taps[i], name, node->ports[i]);
		if (result < 0)
			return result;
		host->tap_count++;
	}
	return 0;
}

static int make_host(struct host *host, const struct hosts_place *place) {
	if (strlen(host->name_space) > NETNS_NAME_MAX || strchr(host->name_space, '/') != NULL)
		return -ENAMETOOLONG;
	// A name that is noted will be removed: first it has to be known that nobody else has it.
	if (netns_exists(host->name_space))
		return -EEXIST;
	int result = state_add_name_space(place->state, host->name_space);
	int here = result == 0 ? netns_here() : result;
	if (here < 0)
		return here;
	result = netns_create(host->name_space);
	if (result == 0) {
		host->space = netns_here();
		result = host->space < 0 ? host->space : 0;
	}
	if (result == 0)
		result = open_taps(world_topo(place->world), host);
	if (result == 0) {
		struct host_config config = config_of(world_topo(place->world), host);
		result = host_config_apply(&config);
	}
	int back = netns_return(here);
	return result < 0 ? result : back;
}

// Runs in the host's namespace what brings it from one file's words to another's.
static int change_host(struct host *host, const struct host_config *old, const struct topo *topo) {
	int there = dup(host->space);
	int here = there < 0 ? -errno : netns_here();
	if (here < 0)
		return here;
	int result = netns_return(there);
	if (result == 0)
		result = open_taps(topo, host);
	if (result == 0) {
		struct host_config new = config_of(topo, host);
		struct host_config before = *old;
		before.taps = host->taps; // which may have moved to make room
		if (host_config_differs(&before, &new))
			result = host_config_change(&before, &new);
	}
	int back = netns_return(here);
	return result < 0 ? result : back;
}

const struct host *hosts_find(const struct hosts *hosts, const char *name) {
	for (size_t i = 0; i < hosts->count; i++) {
		if (strcmp(hosts->items[i].name, name) == 0)
			return &hosts->items[i];
	}
	return NULL;
}

// The namespace, the devices and their counts go on; only the ports they are attached to have other
// numbers.
static int keep_host(struct host *host, struct host *old, const struct hosts_place *place) {
	const struct topo *topo = world_topo(place->world);
	const struct topo_node *node = &topo->nodes[host->node];
	host->space = old->space;
	host->taps = old->taps;
	host->tap_count = old->tap_count;
	old->space = -1;
	old->taps = NULL;
	old->tap_count = 0;
	while (host->tap_count > node->port_count)
		tap_close(&host->taps[--host->tap_count]);
	for (size_t i = 0; i < host->tap_count; i++)
		host->taps[i].port = node->ports[i];
	struct host_config before = {place->old_topo, old->node, host->taps, host->tap_count};
	return change_host(host, &before, topo);
}

static int open_host(struct hosts *hosts, const struct hosts_place *place, uint32_t node) {
	const char *name = world_topo(place->world)->nodes[node].name;
	struct host made = {.node = node, .space = -1, .name = memory_strdup(name)};
	made.name_space = host_name_space(state_name(place->state), name);
	ARRAY_PUSH(hosts, made);
	struct host *host = &hosts->items[hosts->count - 1];
	struct host *old = place->old != NULL ? (struct host *)hosts_find(place->old, name) : NULL;
	return old != NULL ? keep_host(host, old, place) : make_host(host, place);
}

static void explain(const struct host *host, int error, struct text *problem) {
	text_printf(problem, "host %s, network namespace %s: ", host->name, host->name_space);
	if (error == -EEXIST)
		text_add(problem, "somebody else has a namespace of this name; --name renames the lab's");
	else if (error == -ENAMETOOLONG)
		text_printf(problem,
			"the name is longer than %d bytes or has a slash in it; a shorter "
			"--name may help",
			NETNS_NAME_MAX);
	else
		text_add(problem, strerror(-error));
}

int hosts_open(struct hosts *hosts, const struct hosts_place *place, struct text *problem) {
	const struct topo *topo = world_topo(place->world);
	*hosts = (struct hosts){0};
	for (uint32_t node = 0; node < topo->node_count; node++) {
		if (!host_is_outside(topo, node))
			continue;
		int result = open_host(hosts, place, node);
		if (result == 0)
			continue;
		explain(&hosts->items[hosts->count - 1], result, problem);
		return result;
	}
	return 0;
}

static void close_devices(struct hosts *hosts) {
	struct {
		int *items;
		size_t count, room;
	} fds = {0};
	for (size_t i = 0; i < hosts->count; i++) {
		for (size_t t = 0; t < hosts->items[i].tap_count; t++) {
			int fd = tap_detach(&hosts->items[i].taps[t]);
			if (fd >= 0)
				ARRAY_PUSH(&fds, fd);
		}
	}
	release_all(fds.items, fds.count);
	free(fds.items);
}

int hosts_attach(struct hosts *hosts, const struct hosts_place *place) {
	int result = 0;
	hosts->batches.reads = batch_new();
	if (hosts->batches.reads != NULL)
		hosts->batches.writes = outbox_new(
			world_loop(place->world), world_packet_pool(place->world), hosts->batches.reads);
	for (size_t i = 0; result == 0 && i < hosts->count; i++) {
		struct host *host = &hosts->items[i];
		for (size_t t = 0; result == 0 && t < host->tap_count; t++)
			result = tap_attach(&host->taps[t], place->world, place->clock, &hosts->batches);
	}
	return result;
}

void hosts_pause(struct hosts *hosts) {
	for (size_t i = 0; i < hosts->count; i++) {
		for (size_t t = 0; t < hosts->items[i].tap_count; t++)
			tap_pause(&hosts->items[i].taps[t]);
	}
}

int hosts_resume(struct hosts *hosts) {
	int result = 0;
	for (size_t i = 0; i < hosts->count; i++) {
		for (size_t t = 0; t < hosts->items[i].tap_count; t++) {
			int resumed = tap_resume(&hosts->items[i].taps[t]);
			result = result < 0 ? result : resumed;
		}
	}
	return result;
}

void hosts_undo(const struct hosts *old, const struct hosts_undo *undo) {
	for (size_t i = 0; i < old->count; i++) {
		const struct host *host = &old->items[i];
		uint32_t node = host->node;
		uint32_t changed = topo_find_node(undo->new_topo, host->name);
		int here = netns_here();
		if (here < 0)
			return;
		if (changed != TOPO_NONE && host_is_outside(undo->new_topo, changed) &&
			netns_enter(host->name_space) == 0) {
			struct host_config from = {undo->new_topo, changed, host->taps, host->tap_count};
			struct host_config to = {undo->old_topo, node, host->taps, host->tap_count};
			if (host_config_differs(&from, &to))
				host_config_change(&from, &to);
		}
		netns_return(here);
	}
}

void hosts_close(struct hosts *hosts) {
	close_devices(hosts);
	for (size_t i = 0; i < hosts->count; i++) {
		struct host *host = &hosts->items[i];
		if (host->space >= 0)
			close(host->space);
		free(host->taps);
		free(host->name);
		free(host->name_space);
	}
	outbox_free(hosts->batches.writes);
	batch_free(hosts->batches.reads);
	free(hosts->items);
	*hosts = (struct hosts){0};
}
