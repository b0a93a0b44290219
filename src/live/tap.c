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
#include "forward/merge.h"
#include "forward/segment.h"
#include "forward/train.h"
#include "live/frame.h"
#include "live/netlink.h"
#include "live/offload.h"
#include "net/packet_format.h"
#include "world/attach.h"

// Frames taken from one device before others get their turn.
#define TURN_FRAMES_MAX 64
// After so many of a turn the others are read several at a time.
#define BATCH_FROM 2
// Larger frames are worth a system call each, and their receiver can begin with them.
#define OUTBOX_BYTES_MAX 2048

// What stands in front of a packet: what the kernel says of it, then the Ethernet header.
#define OFFLOAD_BYTES sizeof(struct virtio_net_hdr)
#define FRONT_BYTES (OFFLOAD_BYTES + ETHERNET_HEADER_BYTES)

// The device has a queue of its own, and a second one in front of it only costs. A kernel that
// thinks otherwise has its way.
static void pass_queue(const char *name) {
	int socket = netlink_open();
	if (socket < 0)
		return;
	netlink_queue_pass(socket, name);
	close(socket);
}

int tap_open(struct tap *tap, const char *name, uint32_t port) {
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
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
	// A kernel that knows trains of datagrams takes them, too; from the host they come one by one.
	tap->takes_trains = ioctl(fd, TUNSETOFFLOAD, offload_bits() | offload_train_bits()) == 0;
	if (ioctl(fd, TUNSETOFFLOAD, offload_bits()) < 0) {
		int result = -errno;
		close(fd);
		return result;
	}
	pass_queue(tap->name);
	tap->source.fd = fd;
	return 0;
}

// `front` begins with the offload header.
static void write_frame(struct tap *tap, const uint8_t *front, size_t length) {
	if (write(tap->source.fd, front, length) < 0)
		tap->counts.refused++;
}

static void take_question(struct tap *tap, const uint8_t *frame, size_t length) {
	uint8_t front[OFFLOAD_BYTES + NEIGHBOR_ANSWER_MAX] = {0};
	size_t bytes = neighbor_answer(frame, length, front + OFFLOAD_BYTES);
	if (bytes != 0)
		write_frame(tap, front, OFFLOAD_BYTES + bytes);
}

static void send_packet(struct tap *tap, struct packet *packet) {
	packet->via = frame_next_hop(tap->world, tap->port, packet_data(packet));
	world_inject(tap->world, tap->port, packet);
}

static void send_held(struct tap *tap) {
	struct packet *held = merge_end(&tap->sent);
	if (held != NULL)
		send_packet(tap, held);
}

// What a host sends in one go crosses the network as one packet.
static void send_or_hold(struct tap *tap, struct packet *packet) {
	tap->counts.packets_sent++;
	tap->counts.bytes_sent += packet->length;
	if (merge_append(&tap->sent, packet)) {
		packet_put(world_packet_pool(tap->world), packet);
		return;
	}
	send_held(tap);
	if (!merge_begin(&tap->sent, packet))
		send_packet(tap, packet);
}

// One frame, its headers in front of packet_data(). False when the packet was not taken.
static bool take_frame(struct tap *tap, struct packet *packet, size_t length) {
	const uint8_t *frame = packet_data(packet) - ETHERNET_HEADER_BYTES;
	struct virtio_net_hdr offload;
	memcpy(&offload, packet_data(packet) - FRONT_BYTES, sizeof(offload));
	switch (frame_kind_of(frame, length)) {
	case FRAME_QUESTION:
		take_question(tap, frame, length);
		return false;
	case FRAME_OTHER:
		tap->counts.ignored++;
		return false;
	case FRAME_PACKET:
		break;
	}
	packet->length = frame_packet_bytes(packet_data(packet), length - ETHERNET_HEADER_BYTES);
	if (offload_read(&offload, packet) < 0) {
		tap->counts.ignored++;
		return false;
	}
	send_or_hold(tap, packet);
	return true;
}

static uint8_t *front_of(struct packet *packet) {
	return packet_data(packet) - FRONT_BYTES;
}

static size_t room_of(const struct packet *packet, const uint8_t *front) {
	return (size_t)(packet->bytes + PACKET_ROOM - front);
}

// `got` is what a read() of it said. False when none was there.
static bool take_read(struct tap *tap, struct packet *packet, ssize_t got) {
	bool is_there = got > (ssize_t)FRONT_BYTES;
	if (!is_there || !take_frame(tap, packet, (size_t)got - OFFLOAD_BYTES))
		packet_put(world_packet_pool(tap->world), packet);
	return is_there;
}

static size_t read_one(struct tap *tap) {
	struct packet *packet = packet_get(world_packet_pool(tap->world));
	uint8_t *front = front_of(packet);
	ssize_t got = read(tap->source.fd, front, room_of(packet, front));
	if (got > 0)
		loop_catch_up(world_loop(tap->world));
	return take_read(tap, packet, got);
}

// How many of `want` frames were there.
static size_t read_several(struct tap *tap, size_t want) {
	struct packet *packets[BATCH_MAX];
	struct batch_item reads[BATCH_MAX];
	for (size_t i = 0; i < want; i++) {
		packets[i] = packet_get(world_packet_pool(tap->world));
		uint8_t *front = front_of(packets[i]);
		reads[i] = (struct batch_item){
			.fd = tap->source.fd, .bytes = front, .length = room_of(packets[i], front)};
	}
	batch_read(tap->batch, reads, want);
	loop_catch_up(world_loop(tap->world));
	size_t count = 0;
	for (size_t i = 0; i < want; i++)
		count += take_read(tap, packets[i], reads[i].done);
	return count;
}

static void read_frames(void *owner, uint32_t events) {
	struct tap *tap = owner;
	struct loop *loop = world_loop(tap->world);
	(void)events;
	// What is under way goes first: more would only wait in the world, where it could be lost,
	// rather than in the host, which then sends more slowly.
	if (instant_compare(loop_next_due(loop), loop_now(loop)) <= 0)
		return;
	// One that is there is mostly alone. Where there are two there may be many: then each batch is
	// as large as all before it, so that few reads find nothing.
	size_t count = read_one(tap), got = count;
	for (size_t want = 1; got == want && count < TURN_FRAMES_MAX;) {
		want = tap->batch != NULL && count >= BATCH_FROM ? count : 1;
		want = want < BATCH_MAX ? want : BATCH_MAX;
		got = want == 1 ? read_one(tap) : read_several(tap, want);
		count += got;
	}
	send_held(tap);
	if (count > 0)
		clock_epoll_note_traffic(tap->clock, &tap->busy);
}

static void write_one(struct tap *tap, struct packet *packet) {
	uint8_t *front = packet_data(packet) - FRONT_BYTES;
	struct virtio_net_hdr offload;
	offload_write(packet, &offload);
	memcpy(front, &offload, sizeof(offload));
	neighbor_write_header(front + OFFLOAD_BYTES, tap->mac, packet_data(packet)[0]);
	const struct outbox_frame frame = {
		tap->source.fd, front, FRONT_BYTES + packet->length, &tap->counts.refused};
	if (tap->outbox != NULL && frame.length <= OUTBOX_BYTES_MAX) {
		outbox_put(tap->outbox, &frame, packet);
		return;
	}
	if (tap->outbox != NULL)
		outbox_flush(tap->outbox); // what came earlier goes first
	write_frame(tap, front, frame.length);
	packet_put(world_packet_pool(tap->world), packet);
}

static void write_packet(struct tap *tap, struct packet *packet) {
	if (tap->takes_trains || !packet_is_train(packet)) {
		write_one(tap, packet);
		return;
	}
	struct packet *next = packet_cut(world_packet_pool(tap->world), packet);
	while (next != NULL) {
		struct packet *piece = next;
		next = piece->next;
		piece->next = NULL;
		write_one(tap, piece);
	}
}

static void flush_held(struct tap *tap) {
	struct packet *held = merge_end(&tap->arrived);
	if (held != NULL)
		write_packet(tap, held);
}

static void flush_now(struct timer *timer, void *owner) {
	(void)timer;
	flush_held(owner);
}

static void take_arrived(void *owner, uint32_t port, struct packet *packet);

// No host's kernel knows trains of ESP packets.
static void take_pieces(struct tap *tap, uint32_t port, struct packet *train) {
	struct packet *next = packet_cut(world_packet_pool(tap->world), train);
	while (next != NULL) {
		struct packet *packet = next;
		next = packet->next;
		packet->next = NULL;
		take_arrived(tap, port, packet);
	}
}

// What arrives at the same instant may belong together: a packet is held until all of it is there.
static void take_arrived(void *owner, uint32_t port, struct packet *packet) {
	struct tap *tap = owner;
	if (packet_is_esp_train(packet)) {
		take_pieces(tap, port, packet);
		return;
	}
	tap->counts.packets_received += packet_is_train(packet) ? packet_pieces(packet) : 1;
	tap->counts.bytes_received += packet->length;
	if (!tap->is_paused)
		clock_epoll_note_traffic(tap->clock, &tap->busy);
	if (merge_append(&tap->arrived, packet)) {
		packet_put(world_packet_pool(tap->world), packet);
		return;
	}
	flush_held(tap);
	if (!merge_begin(&tap->arrived, packet))
		write_packet(tap, packet);
	else if (!timer_is_running(&tap->flush))
		timer_start(world_loop(tap->world), &tap->flush, 0);
}

int tap_attach(struct tap *tap, struct world *world, struct clock_epoll *clock,
	const struct tap_batches *batches) {
	tap->world = world;
	tap->clock = clock;
	tap->batch = batches->reads;
	tap->outbox = batches->writes;
	tap->source.ready = read_frames;
	tap->source.owner = tap;
	tap->busy = (struct busy_source){.source = &tap->source, .events = EPOLLIN};
	timer_init(&tap->flush, TIMER_PERIODIC, flush_now, tap);
	int result = clock_epoll_add(clock, &tap->source, EPOLLIN);
	if (result == 0)
		world_attach(world, tap->port, take_arrived, tap);
	return result;
}

void tap_pause(struct tap *tap) {
	tap->is_paused = true;
	clock_epoll_remove(tap->clock, &tap->source);
}

int tap_resume(struct tap *tap) {
	tap->is_paused = false;
	return clock_epoll_add(tap->clock, &tap->source, EPOLLIN);
}

int tap_detach(struct tap *tap) {
	int fd = tap->source.fd;
	if (fd < 0)
		return -1;
	if (tap->clock != NULL) {
		world_attach(tap->world, tap->port, NULL, NULL);
		clock_epoll_remove(tap->clock, &tap->source);
		timer_stop(world_loop(tap->world), &tap->flush);
		flush_held(tap);
		if (tap->outbox != NULL)
			outbox_flush(tap->outbox);
	}
	tap->source.fd = -1;
	return fd;
}

void tap_close(struct tap *tap) {
	int fd = tap_detach(tap);
	if (fd >= 0)
		close(fd);
}
