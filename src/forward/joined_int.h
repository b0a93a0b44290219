// For the tests of tunnels in this folder.
#pragma once

#include "forward/rig_int.h"
#include "forward/tunnel.h"

// Two routers joined by a tunnel from port 3, whose underlay is port 1. Outer addresses are the
// routers' own: 192.0.2.1 of `a`, 192.0.2.9 of `b`.
struct joined {
	struct rig a, b;
};

static inline void joined_open(struct joined *joined) {
	rig_open(&joined->a);
	rig_open(&joined->b);
	joined->a.router.local_count = 1;
	joined->b.router.local = &joined->b.locals[1];
	joined->b.router.local_count = 1;
	struct tunnel_config config = {
		.local = v4(192, 0, 2, 1), .remote = v4(192, 0, 2, 9), .underlay_port = 1};
	joined->a.ports[3].tunnel = tunnel_new(&config);
	config.local = v4(192, 0, 2, 9);
	config.remote = v4(192, 0, 2, 1);
	joined->b.ports[3].tunnel = tunnel_new(&config);
	struct tunnel_keys keys = {.inbound_spi = 1001, .outbound_spi = 1002};
	tunnel_install(joined->a.ports[3].tunnel, &keys);
	keys = (struct tunnel_keys){.inbound_spi = 1002, .outbound_spi = 1001};
	tunnel_install(joined->b.ports[3].tunnel, &keys);
}

static inline void joined_close(struct joined *joined) {
	tunnel_free(joined->a.ports[3].tunnel);
	tunnel_free(joined->b.ports[3].tunnel);
	rig_close(&joined->a);
	rig_close(&joined->b);
}
