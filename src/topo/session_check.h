// BGP sessions that can't come up as the file describes them.
#pragma once

#include "base/diagnostics.h"
#include "topo/topo.h"

// Warns, at each neighbour of a router or an appliance: nobody has its address, whoever has it
// knows nothing of the session, or one side is in another AS than the other expects (RFC 4271
// section 6.2, Bad Peer AS). Such files are legal, since real networks have such sessions. After
// topo_finish().
void topo_check_sessions(const struct topo *topo, struct diagnostics *mistakes);
