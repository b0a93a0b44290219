#include "world/world_int.h"

#include <stdlib.h>
#include <string.h>

#include "net/packet_format.h"

// At most this many packets of a node are being put together at a time; the oldest goes first.
#define FRAGMENTED_MAX 16
#define FRAGMENT_TIMEOUT_NS (30 * SECOND_NS) // RFC 791 3.2 suggests 15 s as a beginning, 8200: 60 s
#define FRAGMENT_UNIT 8

struct fragmented {
	struct ip source, destination;
	uint32_t identification;
	uint8_t protocol;
	bool in_use;
	instant since;
	size_t payload_bytes; // 0 until the last fragment came
	size_t have_bytes;
	struct packet *packet; // the first to arrive; its payload is filled in place
	uint8_t seen[PACKET_ROOM / FRAGMENT_UNIT / 8 + 1];
	uint8_t payload[PACKET_ROOM];
};

struct local_fragments {
	struct fragmented slots[FRAGMENTED_MAX];
};

static void release(struct world_node *node, struct fragmented *slot) {
	if (slot->packet != NULL)
		packet_put(node->world->forward.pool, slot->packet);
	memset(slot, 0, offsetof(struct fragmented, payload));
}

static struct fragmented *find_slot(struct world_node *node, const struct ip_header *ip) {
	instant now = loop_now(node->world->loop);
	struct fragmented *best = NULL;
	for (size_t i = 0; i < FRAGMENTED_MAX; i++) {
		struct fragmented *slot = &node->fragments->slots[i];
		if (slot->in_use && instant_since(now, slot->since) > FRAGMENT_TIMEOUT_NS)
			release(node, slot);
		if (slot->in_use && slot->identification == ip->identification &&
			slot->protocol == ip->protocol && ip_equal(slot->source, ip->source) &&
			ip_equal(slot->destination, ip->destination))
			return slot;
		if (best == NULL || (best->in_use && !slot->in_use) ||
			(best->in_use && instant_compare(slot->since, best->since) < 0))
			best = slot;
	}
	release(node, best);
	best->in_use = true;
	best->since = now;
	best->source = ip->source;
	best->destination = ip->destination;
	best->identification = ip->identification;
	best->protocol = ip->protocol;
	return best;
}

static struct packet *finish(
	struct world_node *node, struct fragmented *slot, const struct ip_header *last) {
	struct packet *packet = slot->packet;
	struct ip_header whole = *last;
	whole.more_fragments = false;
	whole.has_fragment_header = false;
	whole.fragment_offset = 0;
	struct writer out = writer_of(packet->bytes + PACKET_HEADROOM, PACKET_ROOM - PACKET_HEADROOM);
	ip_header_encode(&out, &whole, slot->payload_bytes);
	write_bytes(&out, slot->payload, slot->payload_bytes);
	slot->packet = NULL;
	size_t length = writer_length(&out);
	bool too_large = out.overflow;
	release(node, slot);
	if (too_large) {
		world_drop(node->world, node->number, packet, DROP_MALFORMED);
		return NULL;
	}
	packet->start = PACKET_HEADROOM;
	packet->length = (uint32_t)length;
	return packet;
}

// Takes a packet; gives back a whole one (this one when it is none of several), or NULL while parts
// are missing.
struct packet *local_fragments_add(
	struct world_node *node, struct packet *packet, bool *was_in_parts) {
	struct ip_header ip;
	if (ip_header_decode(packet_data(packet), packet->length, &ip) != 0 ||
		(!ip.more_fragments && ip.fragment_offset == 0))
		return packet;
	*was_in_parts = true;
	if (node->fragments == NULL)
		node->fragments = memory_alloc(sizeof(*node->fragments));
	struct fragmented *slot = find_slot(node, &ip);
	size_t length = (size_t)(ip.total_bytes - ip.header_bytes);
	size_t end = ip.fragment_offset + length;
	if (end > PACKET_ROOM - IPV6_HEADER_BYTES - PACKET_HEADROOM ||
		(ip.more_fragments && length % FRAGMENT_UNIT != 0)) {
		world_drop(node->world, node->number, packet, DROP_MALFORMED);
		return NULL;
	}
	memcpy(slot->payload + ip.fragment_offset, packet_data(packet) + ip.header_bytes, length);
	for (size_t at = ip.fragment_offset; at < end; at += FRAGMENT_UNIT) {
		size_t unit = at / FRAGMENT_UNIT;
		if ((slot->seen[unit / 8] & (1u << (unit % 8))) == 0)
			slot->have_bytes += end - at < FRAGMENT_UNIT ? end - at : FRAGMENT_UNIT;
		slot->seen[unit / 8] |= (uint8_t)(1u << (unit % 8));
	}
	if (!ip.more_fragments)
		slot->payload_bytes = end;
	if (slot->packet == NULL)
		slot->packet = packet;
	else
		packet_put(node->world->forward.pool, packet);
	if (slot->payload_bytes == 0 || slot->have_bytes < slot->payload_bytes)
		return NULL;
	return finish(node, slot, &ip);
}

void local_fragments_free(struct world_node *node) {
	if (node->fragments == NULL)
		return;
	for (size_t i = 0; i < FRAGMENTED_MAX; i++)
		release(node, &node->fragments->slots[i]);
	free(node->fragments);
	node->fragments = NULL;
}
