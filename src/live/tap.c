#include "live/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/wire.h"
#include "world/attach.h"

// Frames taken from one device before others get their turn.
#define TURN_FRAMES_MAX 32

int tap_open(struct tap *tap, const char *name, uint32_t port) {
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	*tap = (struct tap){.port = port, .source = {.fd = -1}};
	assert(strlen(name) <= TAP_NAME_MAX);
	snprintf(tap->name, sizeof(tap->name), "%s", name);
	memcpy(request.ifr_name, tap->name, sizeof(tap->name));
	// Locally administered, and told apart by the port's number.
	tap->mac[0] = 0x02;
	tap->mac[1] = 'i';
	put_u32(tap->mac + 2, port);
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, TUNSETIFF, &request) < 0) {
		int result = -errno;
		close(fd);
		return result;
	}
	tap->source.fd = fd;
	return 0;
}

static void write_frame(struct tap *tap, const uint8_t *frame, size_t length) {
	if (write(tap->source.fd, frame, length) < 0)
		tap->counts.refused++;
}

static void take_question(struct tap *tap, const uint8_t *frame, size_t length) {
	uint8_t answer[NEIGHBOR_ANSWER_MAX];
	size_t bytes = neighbor_answer(frame, length, answer);
	if (bytes != 0)
		write_frame(tap, answer, bytes);
}

// The next hop as the host's own table in the file has it: it decides who on a shared segment gets
// the packet.
static struct ip next_hop(struct tap *tap, const uint8_t *bytes) {
	const struct topo *topo = world_topo(tap->world);
	struct router *router = world_router(tap->world, topo->ports[tap->port].node);
	struct ip destination;
	if (bytes[0] >> 4 == 6)
		ip_read_v6(&destination, bytes + 24);
	else
		ip_read_v4(&destination, bytes + 16);
	struct fib_match match = fib_lookup(&router->fib, destination);
	return match.route != NULL && match.route->hop_count != 0 ? match.route->hops[0].via : IP_NONE;
}

// One frame that stands in front of packet_data(). Takes the packet.
static void take_frame(struct tap *tap, struct packet *packet, size_t length) {
	const uint8_t *frame = packet_data(packet) - ETHERNET_HEADER_BYTES;
	switch (frame_kind_of(frame, length)) {
	case FRAME_QUESTION:
		take_question(tap, frame, length);
		break;
	case FRAME_OTHER:
		tap->counts.ignored++;
		break;
	case FRAME_PACKET:
		packet->length = (uint32_t)(length - ETHERNET_HEADER_BYTES);
		packet->via = next_hop(tap, packet_data(packet));
		tap->counts.packets_sent++;
		tap->counts.bytes_sent += packet->length;
		clock_epoll_note_traffic(tap->clock);
		world_inject(tap->world, tap->port, packet);
		return;
	}
	packet_put(world_packet_pool(tap->world), packet);
}

static void read_frames(void *owner, uint32_t events) {
	struct tap *tap = owner;
	struct packet_pool *pool = world_packet_pool(tap->world);
	(void)events;
	for (int i = 0; i < TURN_FRAMES_MAX; i++) {
		struct packet *packet = packet_get(pool);
		uint8_t *frame = packet_data(packet) - ETHERNET_HEADER_BYTES;
		ssize_t got = read(tap->source.fd, frame, (size_t)(packet->bytes + PACKET_ROOM - frame));
		if (got <= 0) {
			packet_put(pool, packet);
			return;
		}
		take_frame(tap, packet, (size_t)got);
	}
}

static void write_packet(void *owner, uint32_t port, struct packet *packet) {
	struct tap *tap = owner;
	uint8_t *frame = packet_data(packet) - ETHERNET_HEADER_BYTES;
	(void)port;
	neighbor_write_header(frame, tap->mac, packet_data(packet)[0]);
	write_frame(tap, frame, packet->length + ETHERNET_HEADER_BYTES);
	tap->counts.packets_received++;
	tap->counts.bytes_received += packet->length;
	clock_epoll_note_traffic(tap->clock);
	packet_put(world_packet_pool(tap->world), packet);
}

int tap_attach(struct tap *tap, struct world *world, struct clock_epoll *clock) {
	tap->world = world;
	tap->clock = clock;
	tap->source.ready = read_frames;
	tap->source.owner = tap;
	int result = clock_epoll_add(clock, &tap->source, EPOLLIN);
	if (result == 0)
		world_attach(world, tap->port, write_packet, tap);
	return result;
}

void tap_close(struct tap *tap) {
	if (tap->source.fd < 0)
		return;
	if (tap->clock != NULL) {
		world_attach(tap->world, tap->port, NULL, NULL);
		clock_epoll_remove(tap->clock, &tap->source);
	}
	close(tap->source.fd);
	tap->source.fd = -1;
}
