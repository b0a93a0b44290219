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
#include "live/netlink.h"
#include "live/netns.h"
#include "live/release.h"

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

// What the kernel would otherwise add to, or keep from, the picture. A setting that this kernel
// lacks needs no changing.
static void apply_settings(void) {
	static const struct {
		const char *path, *value;
	} settings[] = {
		// Answers come as often as they are asked for: the kernel's own limits would make stars.
		{"ipv4/icmp_ratelimit", "0"},
		{"ipv4/icmp_ratemask", "0"},
		{"ipv4/icmp_msgs_per_sec", "2147483647"},
		{"ipv6/icmp/ratelimit", "0"},
		{"ipv4/ping_group_range", "0 2147483647"},
		// Both ways of a flow may differ, and none of the hosts routes.
		{"ipv4/conf/all/rp_filter", "0"},
		{"ipv4/conf/default/rp_filter", "0"},
		{"ipv4/ip_forward", "0"},
		// Addresses and routes are the file's, at once.
		{"ipv6/conf/all/disable_ipv6", "0"},
		{"ipv6/conf/default/disable_ipv6", "0"},
		{"ipv6/conf/default/accept_ra", "0"},
		{"ipv6/conf/default/autoconf", "0"},
		{"ipv6/conf/default/accept_dad", "0"},
		{"ipv6/conf/default/dad_transmits", "0"},
		{"ipv6/conf/default/router_solicitations", "0"},
	};
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		char path[128];
		snprintf(path, sizeof(path), "/proc/sys/net/%s", settings[i].path);
		int fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		ssize_t written = write(fd, settings[i].value, strlen(settings[i].value));
		(void)written;
		close(fd);
	}
}

static const struct tap *tap_of_port(const struct host *host, uint32_t port) {
	for (size_t i = 0; i < host->tap_count; i++) {
		if (host->taps[i].port == port)
			return &host->taps[i];
	}
	return NULL;
}

static int configure_port(int socket, const struct topo *topo, const struct tap *tap) {
	const struct topo_port *port = &topo->ports[tap->port];
	struct netlink_link link = {tap->name, tap->mac, port->mtu_bytes};
	int result = netlink_link_up(socket, &link);
	for (size_t i = 0; result == 0 && i < port->address_count; i++)
		result = netlink_address_add(socket, tap->name, port->addresses[i].address,
			prefix_length(port->addresses[i].network));
	return result;
}

static int configure_routes(int socket, const struct topo *topo, const struct host *host) {
	const struct topo_node *node = &topo->nodes[host->node];
	int result = 0;
	for (size_t i = 0; result == 0 && i < node->route_count; i++) {
		const struct topo_route *route = &node->routes[i];
		struct netlink_route made = {.prefix = route->prefix};
		if (route->drop == 0 && route->hop_count != 0) {
			const struct tap *tap = tap_of_port(host, route->hops[0].port);
			if (tap == NULL)
				continue;
			made.link = tap->name;
			made.via = route->hops[0].via;
		}
		result = netlink_route_add(socket, &made);
	}
	return result;
}

static int open_taps(const struct topo *topo, struct host *host) {
	const struct topo_node *node = &topo->nodes[host->node];
	host->taps = memory_alloc(memory_product(node->port_count + 1, sizeof(*host->taps)));
	for (size_t i = 0; i < node->port_count; i++) {
		char name[TAP_NAME_MAX + 1];
		snprintf(name, sizeof(name), "eth%u", (unsigned)i);
		int result = tap_open(&host->taps[i], name, node->ports[i]);
		if (result < 0)
			return result;
		host->tap_count++;
	}
	return 0;
}

// Inside the new namespace.
static int furnish(const struct topo *topo, struct host *host) {
	apply_settings();
	int socket = netlink_open();
	if (socket < 0)
		return socket;
	struct netlink_link loopback = {.name = "lo"};
	int result = netlink_link_up(socket, &loopback);
	if (result == 0)
		result = open_taps(topo, host);
	for (size_t i = 0; result == 0 && i < host->tap_count; i++)
		result = configure_port(socket, topo, &host->taps[i]);
	if (result == 0)
		result = configure_routes(socket, topo, host);
	close(socket);
	return result;
}

static int open_host(struct hosts *hosts, const struct hosts_place *place, uint32_t node) {
	const struct topo *topo = world_topo(place->world);
	struct host made = {.node = node};
	made.name_space = host_name_space(state_name(place->state), topo->nodes[node].name);
	ARRAY_PUSH(hosts, made);
	struct host *host = &hosts->items[hosts->count - 1];
	if (strlen(host->name_space) > NETNS_NAME_MAX || strchr(host->name_space, '/') != NULL)
		return -ENAMETOOLONG;
	int result = state_add_name_space(place->state, host->name_space);
	if (result < 0)
		return result;
	int here = netns_here();
	if (here < 0)
		return here;
	result = netns_create(host->name_space);
	if (result == 0)
		result = furnish(topo, host);
	int back = netns_return(here);
	for (size_t i = 0; result == 0 && i < host->tap_count; i++)
		result = tap_attach(&host->taps[i], place->world, place->clock);
	return result < 0 ? result : back;
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
		text_printf(problem, "host %s, network namespace %s: %s", topo->nodes[node].name,
			hosts->items[hosts->count - 1].name_space, strerror(-result));
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

void hosts_close(struct hosts *hosts) {
	close_devices(hosts);
	for (size_t i = 0; i < hosts->count; i++) {
		struct host *host = &hosts->items[i];
		free(host->taps);
		free(host->name_space);
	}
	free(hosts->items);
	*hosts = (struct hosts){0};
}
