// Capture: what passes a link, handed to whoever wants it.
#pragma once

#include <stdint.h>

#include "net/bpf.h"
#include "world/world.h"

struct capture;

struct capture_packet {
	instant when;
	uint32_t link, from;  // the node that sent it
	const uint8_t *bytes; // from the network header on, for the length of the call
	uint32_t length, whole_length;
};

// Every packet that enters the link, at either end, lost there or not.
struct capture_wish {
	uint32_t link;                   // TOPO_NONE: all links
	uint32_t from;                   // only what this node sends; TOPO_NONE: all
	const struct bpf_filter *filter; // NULL: all; kept by the caller, who has checked it
	uint32_t snaplen;                // bytes wanted of each packet; 0: all
	void (*taken)(void *owner, const struct capture_packet *packet);
	void *owner;
};

struct capture *capture_start(struct world *world, const struct capture_wish *wish);
void capture_stop(struct capture *capture); // NULL is fine
uint64_t capture_packets(const struct capture *capture);
