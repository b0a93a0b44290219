// An interface that exists already, in this machine's network or in a named namespace: what the
// kernel says of it, and whether a port of the world may be attached to it. Needs no rights.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "live/neighbor.h"
#include "net/ip.h"

struct interface {
	bool exists;
	uint32_t index, mtu_bytes;
	bool is_ethernet, is_up, has_carrier;
	bool is_member;         // of a bridge or a bond, which takes what comes
	bool has_default_route; // by which the machine reaches the world
	struct ip address;      // one of its own, not link-local; IP_NONE
};

// `socket` from netlink_open(), in the namespace that is meant. 0 or -errno; an interface that is
// not there is no error.
int interface_look(int socket, const char *name, struct interface *out);

enum interface_state {
	INTERFACE_UP,
	INTERFACE_NO_CARRIER, // the other side is off or unplugged
	INTERFACE_DOWN,
	INTERFACE_GONE,
	INTERFACE_REFUSED, // to carry packets there would disturb the machine, or could not work
};
// `mtu_bytes`: the largest packet that will be sent there. Unless it is up, `why` gets one line
// that says what to do.
enum interface_state interface_judge(
	const struct interface *interface, const char *name, uint32_t mtu_bytes, struct text *why);
const char *interface_state_name(enum interface_state state);

// A socket that becomes readable when something of this changes: `interface_drain` empties it.
// -errno.
int interface_watch(void);
void interface_drain(int watch);
