#include "forward/forward_int.h"
#include "forward/merge.h"
#include "forward/segment.h"
#include "forward/train.h"
#include "forward/tunnel.h"

// By SPI alone, which the receiver chose (RFC 4301 4.1). A router has few tunnels.
static struct port *tunnel_port(const struct router *router, uint32_t spi, bool *has_tunnels) {
	for (size_t i = 0; i < router->port_count; i++) {
		struct port *port = router->ports[i];
		if (port->tunnel == NULL)
			continue;
		*has_tunnels = true;
		if (tunnel_has_inbound_spi(port->tunnel, spi))
			return port;
	}
	return NULL;
}

// False when the packet was dropped.
static bool open_one(struct step *step, struct port *port) {
	int result = tunnel_decapsulate(port->tunnel, step->packet);
	if (result < 0) {
		step_drop(step, tunnel_drop(result), 0);
		return false;
	}
	step->packet->via = IP_NONE;
	if (step_is_traced(step))
		step_record(step, (struct trace_record){.step = TRACE_DECAPSULATED, .port = port->id});
	return true;
}

// Each packet of a train is opened by itself. What comes out and belongs together goes on together:
// `*last` is to go on from the tunnel's port, NULL when there is none; those before it have.
static void open_train(struct step *step, struct port *port, struct packet **last) {
	struct packet_pool *pool = step->forward->pool;
	struct merge merge = {0};
	struct packet *ready = NULL;
	struct step part = *step;
	struct cutter cutter;
	cutter_init(&cutter, step->packet);
	while ((part.packet = cutter_next(&cutter, pool)) != NULL) {
		if (!open_one(&part, port))
			continue;
		if (merge_append(&merge, part.packet)) {
			packet_put(pool, part.packet);
			continue;
		}
		if (ready == NULL)
			ready = merge_end(&merge);
		if (ready != NULL)
			forward_input(step->forward, step->router, port, ready, step->now);
		ready = merge_begin(&merge, part.packet) ? NULL : part.packet;
	}
	*last = ready != NULL ? ready : merge_end(&merge);
}

bool step_decapsulate(struct step *step, struct port **inner) {
	const uint8_t *payload = packet_data(step->packet) + step->header.header_bytes;
	struct reader in = reader_of(payload, step->packet->length - step->header.header_bytes);
	uint32_t spi = read_u32(&in);
	bool has_tunnels = false;
	struct port *port = tunnel_port(step->router, spi, &has_tunnels);
	if (!has_tunnels)
		return false;
	if (port == NULL) {
		step_drop(step, DROP_ESP_UNKNOWN_SPI, 0);
		return true;
	}
	bool is_open = true;
	if (packet_is_train(step->packet)) {
		open_train(step, port, &step->packet);
		is_open = step->packet != NULL;
	} else {
		is_open = open_one(step, port);
	}
	if (is_open)
		*inner = port;
	return true;
}
