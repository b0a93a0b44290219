// A captured packet in one line, for people: "10.1.0.4 > 10.2.0.4: TCP 40000 > 443 [S], …".
#pragma once

#include <stdint.h>

#include "base/text.h"

// `length` bytes are there, from the network header on, of a packet that had `whole_length`. What
// was cut off or is malformed is said so.
void view_packet(const uint8_t *bytes, uint32_t length, uint32_t whole_length, struct text *out);
