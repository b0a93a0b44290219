// What a frame from outside becomes in the world. Shared by the kinds of ports (tap.h, attached.h).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "net/ip.h"
#include "world/world.h"

struct frame_counts {
	uint64_t packets_sent, bytes_sent;         // by the host or device outside
	uint64_t packets_received, bytes_received; // by it
	uint64_t ignored;                          // not for the fabric, or what it doesn't carry
	uint64_t refused;                          // the interface did not take them
};

// The next hop as the host's own table in the file has it: it decides who on a shared segment gets
// the packet. `bytes` begin with an IP header.
struct ip frame_next_hop(struct world *world, uint32_t port, const uint8_t *bytes);
// What stands behind a packet in its frame is padding, which no checksum covers.
uint32_t frame_packet_bytes(const uint8_t *bytes, size_t length);
