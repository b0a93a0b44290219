#include "world/capture.h"

#include <stdlib.h>

#include "world/world_int.h"

struct capture {
	struct capture *next;
	struct world *world;
	struct capture_wish wish;
	uint64_t packets;
};

struct capture *capture_start(struct world *world, const struct capture_wish *wish) {
	struct capture *capture = memory_alloc(sizeof(*capture));
	capture->world = world;
	capture->wish = *wish;
	capture->next = world->captures;
	world->captures = capture;
	return capture;
}

// How much of it is wanted; false: it isn't.
static bool matches(const struct capture_wish *wish, struct capture_packet *packet) {
	if (wish->link != TOPO_NONE && wish->link != packet->link)
		return false;
	if (wish->from != TOPO_NONE && wish->from != packet->from)
		return false;
	if (wish->filter != NULL) {
		struct bpf_packet whole = {packet->bytes, packet->whole_length, packet->whole_length};
		if (bpf_run(wish->filter, &whole) == 0)
			return false;
	}
	packet->length = packet->whole_length;
	if (wish->snaplen != 0 && wish->snaplen < packet->length)
		packet->length = wish->snaplen;
	return true;
}

bool world_is_captured(const struct world *world, uint32_t link) {
	for (const struct capture *c = world->captures; c != NULL; c = c->next) {
		if (c->wish.link == TOPO_NONE || c->wish.link == link)
			return true;
	}
	return false;
}

void world_capture(struct world *world, uint32_t link, uint32_t node, const struct packet *packet) {
	for (struct capture *c = world->captures; c != NULL; c = c->next) {
		struct capture_packet seen = {
			.when = loop_now(world->loop),
			.link = link,
			.from = node,
			.bytes = packet->bytes + packet->start,
			.whole_length = packet->length,
		};
		if (!matches(&c->wish, &seen))
			continue;
		c->packets++;
		c->wish.taken(c->wish.owner, &seen);
	}
}

void capture_stop(struct capture *capture) {
	if (capture == NULL)
		return;
	struct capture **at = &capture->world->captures;
	while (*at != capture)
		at = &(*at)->next;
	*at = capture->next;
	free(capture);
}

uint64_t capture_packets(const struct capture *capture) {
	return capture->packets;
}
