#include "forward/forward_int.h"
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
	int result = tunnel_decapsulate(port->tunnel, step->packet);
	if (result < 0) {
		step_drop(step, tunnel_drop(result), 0);
		return true;
	}
	step->packet->via = IP_NONE;
	if (step_is_traced(step))
		step_record(step, (struct trace_record){.step = TRACE_DECAPSULATED, .port = port->id});
	*inner = port;
	return true;
}
