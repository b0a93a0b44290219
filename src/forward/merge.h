// Segments of one TCP stream that arrive together go on as one large segment: what was cut for a
// tunnel on the way is put together again, at the tunnel's other end or before the host that it is
// for. Pure.
#pragma once

#include <stdbool.h>

#include "forward/packet.h"

// May others be appended to it? A finished TCP segment with payload, a correct checksum, and
// nothing in its headers that has to be said at just this place.
bool merge_can_begin(const struct packet *packet);
// Appends the payload of `packet`, which stays the caller's. False when it does not follow: another
// stream, other headers, a gap, or no room.
bool merge_append(struct packet *held, const struct packet *packet);
// Nothing will be appended any more: sets lengths and checksums.
void merge_finish(struct packet *held);
