// MAC addresses of devices at an attached interface: which one an address has, when to ask, when
// to give up. Pure: the time is an argument, frames are neighbor.h's.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/instant.h"
#include "live/neighbor.h"
#include "net/ip.h"

// A known address is good for so long without a sign of life; then it is asked for again, while it
// is still used.
#define RESOLVE_FRESH_NS (30 * SECOND_NS)
#define RESOLVE_ASK_NS SECOND_NS // between questions
#define RESOLVE_ASKS_MAX 3       // without an answer, until nobody is there

struct resolve_entry {
	struct ip address;
	uint8_t mac[MAC_BYTES];
	bool is_known;
	instant confirmed, asked;
	unsigned asks; // since the last sign of life
};

// Of the addresses that a port has in the file: no others are ever asked for.
struct resolve {
	struct resolve_entry *entries;
	size_t count;
};

// Entries for `count` addresses; resolve_done() frees them.
void resolve_init(struct resolve *resolve, size_t count);
void resolve_done(struct resolve *resolve);
struct resolve_entry *resolve_find(struct resolve *resolve, struct ip address); // NULL: not its own

enum resolve_step {
	RESOLVE_GO,         // the MAC address is there
	RESOLVE_GO_AND_ASK, // it is, and is asked for again
	RESOLVE_WAIT,       // it isn't; it was asked for a moment ago
	RESOLVE_ASK,        // it isn't, and is asked for now
	RESOLVE_GIVE_UP,    // nobody answers: what waits is lost; a later packet begins anew
};
// For a packet to the entry's address, or a look at one that waits. The question is taken as sent.
enum resolve_step resolve_use(struct resolve_entry *entry, instant now);
// A sign of life. True when the MAC address is new: what waits may go.
bool resolve_learn(struct resolve_entry *entry, const uint8_t mac[MAC_BYTES], instant now);
void resolve_forget(struct resolve *resolve); // the interface was down: another device may come
