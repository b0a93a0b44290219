#include "world/capture.h"

#include <stdlib.h>

#include "world/world_int.h"

#define PCAP_MAGIC_NS 0xa1b23c4du // nanosecond timestamps
#define PCAP_LINKTYPE_RAW 101     // packets begin with an IPv4 or IPv6 header
#define PCAP_SNAPLEN 65535

struct capture {
	struct capture *next;
	struct world *world;
	uint32_t link;
	FILE *file;
	uint64_t packets;
};

static void put_le32(uint8_t *at, uint32_t value) {
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

struct capture *capture_start(struct world *world, uint32_t link, FILE *file) {
	struct capture *capture = memory_alloc(sizeof(*capture));
	capture->world = world;
	capture->link = link;
	capture->file = file;
	capture->next = world->captures;
	world->captures = capture;
	uint8_t header[24] = {0};
	put_le32(header, PCAP_MAGIC_NS);
	header[4] = 2; // version 2.4
	header[6] = 4;
	put_le32(header + 16, PCAP_SNAPLEN);
	put_le32(header + 20, PCAP_LINKTYPE_RAW);
	fwrite(header, sizeof(header), 1, file);
	return capture;
}

void capture_packet(struct world *world, uint32_t link, const struct packet *packet) {
	for (struct capture *c = world->captures; c != NULL; c = c->next) {
		if (c->link != TOPO_NONE && c->link != link)
			continue;
		int64_t now = loop_now(world->loop).ns;
		uint8_t header[16];
		put_le32(header, (uint32_t)(now / SECOND_NS));
		put_le32(header + 4, (uint32_t)(now % SECOND_NS));
		put_le32(header + 8, packet->length);
		put_le32(header + 12, packet->length);
		fwrite(header, sizeof(header), 1, c->file);
		fwrite(packet->bytes + packet->start, packet->length, 1, c->file);
		c->packets++;
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
