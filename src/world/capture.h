// Capture: what passes a link, written as a pcap file (link type raw IP) with virtual timestamps.
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "world/world.h"

struct capture;

// Writes to `file` (not owned) every packet that enters the link at either end, until freed.
// link TOPO_NONE: all links.
struct capture *capture_start(struct world *world, uint32_t link, FILE *file);
void capture_stop(struct capture *capture);
uint64_t capture_packets(const struct capture *capture);
