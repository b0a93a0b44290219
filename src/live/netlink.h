// What the lab asks of the kernel's network configuration, by netlink, in the namespace where the
// socket was opened. All return 0 or -errno.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "net/ip.h"

int netlink_open(void); // a socket, to be closed; -errno

struct netlink_link {
	const char *name;
	const uint8_t *mac; // six bytes, NULL: as it is
	uint32_t mtu_bytes; // 0: as it is
};
// Sets what is given, and the link up.
int netlink_link_up(int socket, const struct netlink_link *link);

// Packets for the link go to the device at once, past a queue of the kernel's choice.
int netlink_queue_pass(int socket, const char *link);

// `length` is the family's own: of the network the address lies in.
int netlink_address_add(int socket, const char *link, struct ip address, unsigned length);
int netlink_address_remove(int socket, const char *link, struct ip address, unsigned length);

struct netlink_route {
	struct prefix prefix;
	struct ip via;    // IP_NONE: neighbours on the link
	const char *link; // NULL: packets are discarded
};
// `via` need not lie in a network of the link's addresses.
int netlink_route_add(int socket, const struct netlink_route *route);
int netlink_route_remove(int socket, const struct netlink_route *route);
