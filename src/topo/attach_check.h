// Mistakes in what takes nodes' places live: topo_port.attach.
#pragma once

#include "base/diagnostics.h"
#include "topo/topo.h"

#define ATTACH_NAME_MAX 15 // a Linux interface's
#define ATTACH_SPACE_MAX 127

// An interface is at one port only. A node is attached as a whole or not at all, and only one that
// keeps no state that others in the world hold sessions with: no BGP, no IGP, no tunnel. Asked also
// of a network that was lowered as far as its mistakes allow.
void topo_check_attached(const struct topo *topo, struct diagnostics *mistakes);
