#include "live/host_config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "live/netlink.h"

// What a device begins with.
#define ETHERNET_MTU 1500

static void write_setting(const char *setting, const char *value) {
	char path[128];
	snprintf(path, sizeof(path), "/proc/sys/net/%s", setting);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	ssize_t written = write(fd, value, strlen(value));
	(void)written;
	close(fd);
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
		// An address taken away takes no other of its network with it.
		{"ipv4/conf/all/promote_secondaries", "1"},
		// Addresses and routes are the file's, at once.
		{"ipv6/conf/all/disable_ipv6", "0"},
		{"ipv6/conf/default/disable_ipv6", "0"},
		{"ipv6/conf/default/accept_ra", "0"},
		{"ipv6/conf/default/autoconf", "0"},
		{"ipv6/conf/default/accept_dad", "0"},
		{"ipv6/conf/default/dad_transmits", "0"},
		{"ipv6/conf/default/router_solicitations", "0"},
	};
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		write_setting(settings[i].path, settings[i].value);
}

static const struct topo_port *port_at(const struct host_config *config, size_t i) {
	return &config->topo->ports[config->topo->nodes[config->node].ports[i]];
}

static size_t port_count(const struct host_config *config) {
	size_t count = config->topo->nodes[config->node].port_count;
	return count < config->tap_count ? count : config->tap_count;
}

static bool has_address(const struct topo_port *port, const struct topo_address *wanted) {
	for (size_t i = 0; i < port->address_count; i++) {
		if (ip_equal(port->addresses[i].address, wanted->address) &&
			prefix_length(port->addresses[i].network) == prefix_length(wanted->network))
			return true;
	}
	return false;
}

static int add_addresses(int socket, const struct tap *tap, const struct topo_port *port) {
	int result = 0;
	for (size_t i = 0; result == 0 && i < port->address_count; i++)
		result = netlink_address_add(socket, tap->name, port->addresses[i].address,
			prefix_length(port->addresses[i].network));
	return result;
}

static int configure_port(int socket, const struct tap *tap, const struct topo_port *port) {
	struct netlink_link link = {tap->name, tap->mac, port->mtu_bytes};
	int result = netlink_link_up(socket, &link);
	return result == 0 ? add_addresses(socket, tap, port) : result;
}

// A route as the kernel gets it. False for one that goes by none of the host's own interfaces.
static bool read_route(
	const struct host_config *config, const struct topo_route *route, struct netlink_route *out) {
	*out = (struct netlink_route){.prefix = route->prefix};
	if (route->drop != 0 || route->hop_count == 0)
		return true;
	for (size_t i = 0; i < port_count(config); i++) {
		if (config->topo->nodes[config->node].ports[i] != route->hops[0].port)
			continue;
		out->link = config->taps[i].name;
		out->via = route->hops[0].via;
		return true;
	}
	return false;
}

static int add_routes(int socket, const struct host_config *config) {
	const struct topo_node *node = &config->topo->nodes[config->node];
	int result = 0;
	for (size_t i = 0; result == 0 && i < node->route_count; i++) {
		struct netlink_route route;
		if (read_route(config, &node->routes[i], &route))
			result = netlink_route_add(socket, &route);
	}
	return result;
}

int host_config_apply(const struct host_config *config) {
	apply_settings();
	int socket = netlink_open();
	if (socket < 0)
		return socket;
	struct netlink_link loopback = {.name = "lo"};
	int result = netlink_link_up(socket, &loopback);
	for (size_t i = 0; result == 0 && i < port_count(config); i++)
		result = configure_port(socket, &config->taps[i], port_at(config, i));
	if (result == 0)
		result = add_routes(socket, config);
	close(socket);
	return result;
}

static bool routes_equal(const struct netlink_route *a, const struct netlink_route *b) {
	return prefix_equal(a->prefix, b->prefix) && ip_equal(a->via, b->via) &&
		(a->link == NULL ? b->link == NULL : b->link != NULL && strcmp(a->link, b->link) == 0);
}

static bool has_route(const struct host_config *config, const struct netlink_route *wanted) {
	const struct topo_node *node = &config->topo->nodes[config->node];
	for (size_t i = 0; i < node->route_count; i++) {
		struct netlink_route route;
		if (read_route(config, &node->routes[i], &route) && routes_equal(&route, wanted))
			return true;
	}
	return false;
}

static bool lacks_addresses(const struct topo_port *a, const struct topo_port *b) {
	for (size_t i = 0; i < a->address_count; i++) {
		if (!has_address(b, &a->addresses[i]))
			return true;
	}
	return false;
}

static bool lacks_routes(const struct host_config *a, const struct host_config *b) {
	const struct topo_node *node = &a->topo->nodes[a->node];
	for (size_t i = 0; i < node->route_count; i++) {
		struct netlink_route route;
		if (read_route(a, &node->routes[i], &route) && !has_route(b, &route))
			return true;
	}
	return false;
}

bool host_config_differs(const struct host_config *old, const struct host_config *new) {
	if (port_count(old) != port_count(new))
		return true;
	for (size_t i = 0; i < port_count(new); i++) {
		const struct topo_port *a = port_at(old, i);
		const struct topo_port *b = port_at(new, i);
		if (a->mtu_bytes != b->mtu_bytes || lacks_addresses(a, b) || lacks_addresses(b, a))
			return true;
	}
	return lacks_routes(old, new) || lacks_routes(new, old);
}

// What is gone already is as good as removed.
static int fine_if_gone(int result) {
	return result == -EADDRNOTAVAIL || result == -ESRCH || result == -ENODEV ? 0 : result;
}

static int remove_addresses(
	int socket, const struct tap *tap, const struct topo_port *old, const struct topo_port *new) {
	int result = 0;
	for (size_t i = 0; result == 0 && i < old->address_count; i++) {
		if (!has_address(new, &old->addresses[i]))
			result = fine_if_gone(netlink_address_remove(socket, tap->name,
				old->addresses[i].address, prefix_length(old->addresses[i].network)));
	}
	return result;
}

static int change_port(
	int socket, const struct tap *tap, const struct topo_port *old, const struct topo_port *new) {
	// 0 would leave the link's MTU as it is.
	uint32_t mtu_bytes = new->mtu_bytes != 0 ? new->mtu_bytes : ETHERNET_MTU;
	struct netlink_link link = {tap->name, NULL, old->mtu_bytes != new->mtu_bytes ? mtu_bytes : 0};
	int result = netlink_link_up(socket, &link);
	// First come, then go: the routes of a link go with its last address.
	if (result == 0)
		result = add_addresses(socket, tap, new);
	return result == 0 ? remove_addresses(socket, tap, old, new) : result;
}

static int remove_routes(int socket, const struct host_config *old, const struct host_config *new) {
	const struct topo_node *node = &old->topo->nodes[old->node];
	int result = 0;
	for (size_t i = 0; result == 0 && i < node->route_count; i++) {
		struct netlink_route route;
		if (read_route(old, &node->routes[i], &route) && !has_route(new, &route))
			result = fine_if_gone(netlink_route_remove(socket, &route));
	}
	return result;
}

int host_config_change(const struct host_config *old, const struct host_config *new) {
	int socket = netlink_open();
	if (socket < 0)
		return socket;
	// Labs of before this setting, or somebody changed it.
	write_setting("ipv4/conf/all/promote_secondaries", "1");
	int result = 0;
	for (size_t i = 0; result == 0 && i < port_count(new); i++) {
		if (i < port_count(old))
			result = change_port(socket, &new->taps[i], port_at(old, i), port_at(new, i));
		else
			result = configure_port(socket, &new->taps[i], port_at(new, i));
	}
	// A route that is replaced is never missing in between.
	if (result == 0)
		result = add_routes(socket, new);
	if (result == 0)
		result = remove_routes(socket, old, new);
	close(socket);
	return result;
}
