// A link's quality in words, as events and the running lab are told it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "world/world.h"

// "5%", "0.1%" to millionths; "50Mbps", "10Gbps", "0" (no limit) to bits per second. False, *out
// untouched or worthless, when the text is none.
bool quality_read_loss(const char *text, uint64_t *out);
bool quality_read_rate(const char *text, uint64_t *out);

// One of delay=10ms, jitter=1ms, loss=5%, rate=10Mbps, mtu=1400 (0: no limit) into *quality.
bool quality_read(const char *word, struct world_quality *quality);
