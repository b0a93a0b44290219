#include "world/world_int.h"

#include "forward/tunnel.h"
#include "net/packet_format.h"

// How long the old inbound keys stay good after a rekey: packets under way and reordered ones.
#define RETIRE_AFTER_NS (30 * SECOND_NS)

static uint32_t end_node(const struct world_tunnel_end *end) {
	const struct topo_tunnel *tunnel = &end->world->topo->tunnels[end->tunnel];
	return end->world->topo->ports[tunnel->port[end->side]].node;
}

static struct tunnel *end_tunnel(const struct world_tunnel_end *end) {
	const struct topo_tunnel *tunnel = &end->world->topo->tunnels[end->tunnel];
	return end->world->ports[tunnel->port[end->side]].port.tunnel;
}

static void psk_send(void *owner, const uint8_t *message, size_t length) {
	struct world_tunnel_end *end = owner;
	const struct topo_tunnel *tunnel = &end->world->topo->tunnels[end->tunnel];
	uint8_t bytes[UDP_HEADER_BYTES + PSK_MESSAGE_MAX];
	struct writer out = writer_of(bytes, sizeof(bytes));
	struct flow_key key = {
		.source = tunnel->outer[end->side],
		.destination = tunnel->outer[1 - end->side],
		.protocol = PROTOCOL_UDP,
		.source_port = PSK_PORT,
		.destination_port = PSK_PORT,
	};
	udp_encode(&out, &key, message, length);
	struct world_message packet = {
		.source = key.source,
		.destination = key.destination,
		.protocol = PROTOCOL_UDP,
		.ttl = WORLD_DEFAULT_TTL,
		.payload = bytes,
		.length = writer_length(&out),
		.port = tunnel->underlay_port[end->side],
	};
	world_send(end->world, end_node(end), &packet);
}

static void psk_ready(void *owner, const struct psk_keys *keys) {
	struct world_tunnel_end *end = owner;
	struct tunnel_keys install = {
		.inbound_spi = keys->inbound_spi,
		.outbound_spi = keys->outbound_spi,
	};
	for (size_t i = 0; i < ESP_KEY_BYTES; i++) {
		install.inbound_key[i] = keys->inbound_key[i];
		install.outbound_key[i] = keys->outbound_key[i];
	}
	tunnel_install(end_tunnel(end), &install);
	timer_start(end->world->loop, &end->retire, RETIRE_AFTER_NS);
	end->is_up = true;
	end->why_down = NULL;
	world_note_fate(end->world);
	uint32_t port = end->world->topo->tunnels[end->tunnel].port[end->side];
	world_port_refresh(end->world, port);
}

static const char *down_text(enum psk_down why) {
	switch (why) {
	case PSK_DOWN_KEY_MISMATCH:
		return "the two ends hold different shared keys";
	case PSK_DOWN_DEAD_PEER:
		return "the other end does not answer";
	case PSK_DOWN_DELETED:
		return "it was taken down";
	}
	return "";
}

static void psk_down(void *owner, enum psk_down why) {
	struct world_tunnel_end *end = owner;
	end->is_up = false;
	end->why_down = down_text(why);
	tunnel_remove_keys(end_tunnel(end));
	world_note_fate(end->world);
	world_port_refresh(end->world, end->world->topo->tunnels[end->tunnel].port[end->side]);
}

static void retire(struct timer *timer, void *owner) {
	(void)timer;
	struct world_tunnel_end *end = owner;
	tunnel_retire_old(end_tunnel(end));
	world_note_fate(end->world);
}

static void init_end(struct world *world, uint32_t number, uint32_t side) {
	const struct topo_tunnel *topo = &world->topo->tunnels[number];
	struct world_tunnel_end *end = &world->tunnels[number].ends[side];
	end->world = world;
	end->tunnel = number;
	end->side = side;
	end->why_down = "the key exchange has not finished";
	struct tunnel_config config = {
		.local = topo->outer[side],
		.remote = topo->outer[1 - side],
		.underlay_port = world->ports[topo->underlay_port[side]].port.id,
		.inner_ttl_reset = topo->inner_ttl_reset[side],
		.null_cipher = topo->null_cipher,
	};
	world->ports[topo->port[side]].port.tunnel = tunnel_new(&config);
	struct psk_config psk = {
		.name = arena_printf(world->arena, "%s/%u", topo->name, side),
		.role = side == 0 ? PSK_INITIATOR : PSK_RESPONDER,
		.shared_key = topo->shared_key[side],
		.lifetime_ns = topo->lifetime_ns,
	};
	struct psk_events events = {psk_send, psk_ready, psk_down, end};
	end->psk = psk_session_new(world->loop, &psk, &events);
	timer_init(&end->retire, TIMER_PERIODIC, retire, end);
}

void world_tunnels_init(struct world *world) {
	world->tunnels = ARENA_ARRAY(world->arena, struct world_tunnel, world->topo->tunnel_count);
	for (uint32_t i = 0; i < world->topo->tunnel_count; i++) {
		world->tunnels[i].number = i;
		init_end(world, i, 0);
		init_end(world, i, 1);
	}
}

void world_tunnels_start(struct world *world) {
	for (size_t i = 0; i < world->topo->tunnel_count; i++) {
		psk_session_start(world->tunnels[i].ends[1].psk);
		psk_session_start(world->tunnels[i].ends[0].psk);
	}
}

// The way under a tunnel went or came: begin the exchange anew rather than wait for a timer.
void world_tunnels_port_changed(struct world *world, uint32_t port) {
	for (size_t i = 0; i < world->topo->tunnel_count; i++) {
		const struct topo_tunnel *topo = &world->topo->tunnels[i];
		for (uint32_t side = 0; side < 2; side++) {
			if (topo->underlay_port[side] != port)
				continue;
			struct world_tunnel_end *end = &world->tunnels[i].ends[side];
			if (world->ports[port].port.is_up) {
				psk_session_start(end->psk);
				continue;
			}
			psk_session_stop(end->psk);
			end->is_up = false;
			end->why_down = "the link under it is down";
			tunnel_remove_keys(end_tunnel(end));
			world_note_fate(world);
			world_port_refresh(world, topo->port[side]);
		}
	}
}

bool world_psk_input(struct world *world, uint32_t node, const struct flow_key *key,
	const uint8_t *bytes, size_t length) {
	for (size_t i = 0; i < world->topo->tunnel_count; i++) {
		const struct topo_tunnel *topo = &world->topo->tunnels[i];
		for (uint32_t side = 0; side < 2; side++) {
			if (world->topo->ports[topo->port[side]].node != node ||
				!ip_equal(topo->outer[side], key->destination) ||
				!ip_equal(topo->outer[1 - side], key->source))
				continue;
			psk_session_input(world->tunnels[i].ends[side].psk, bytes, length);
			return true;
		}
	}
	return false;
}

bool world_tunnel_is_up(const struct world *world, uint32_t tunnel, const char **why_not) {
	for (uint32_t side = 0; side < 2; side++) {
		const struct world_tunnel_end *end = &world->tunnels[tunnel].ends[side];
		if (end->is_up)
			continue;
		if (why_not != NULL)
			*why_not = end->why_down;
		return false;
	}
	return true;
}

void world_tunnels_free(struct world *world) {
	for (size_t i = 0; i < world->topo->tunnel_count; i++) {
		for (uint32_t side = 0; side < 2; side++) {
			psk_session_free(world->tunnels[i].ends[side].psk);
			tunnel_free(end_tunnel(&world->tunnels[i].ends[side]));
		}
	}
}
