#include <linux/if_packet.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "forward/merge.h"
#include "forward/segment.h"
#include "forward/train.h"
#include "live/attached_int.h"
#include "live/frame.h"
#include "live/offload.h"
#include "net/packet_format.h"
#include "world/attach.h"

// What stands in front of a packet: what the kernel says of it, then the Ethernet header.
#define OFFLOAD_BYTES sizeof(struct virtio_net_hdr)
#define FRONT_BYTES (OFFLOAD_BYTES + ETHERNET_HEADER_BYTES)
#define CONTROL_BYTES CMSG_SPACE(sizeof(struct tpacket_auxdata))

static struct packet_pool *pool_of(const struct attached *attached) {
	return world_packet_pool(attached->world);
}

static instant now(const struct attached *attached) {
	return loop_now(world_loop(attached->world));
}

// Several frames in one call. What the interface refuses is lost, as on any wire.
static void flush_out(struct attached *attached) {
	struct mmsghdr messages[ATTACHED_BATCH] = {0};
	struct iovec parts[ATTACHED_BATCH];
	unsigned sent = 0;
	for (unsigned i = 0; i < attached->out_count; i++) {
		struct packet *packet = attached->out[i];
		parts[i].iov_base = packet_data(packet) - FRONT_BYTES;
		parts[i].iov_len = FRONT_BYTES + packet->length;
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	while (sent < attached->out_count) {
		int count = sendmmsg(attached->source.fd, messages + sent, attached->out_count - sent, 0);
		if (count <= 0)
			attached->counts.refused++;
		sent += count <= 0 ? 1 : (unsigned)count;
	}
	for (unsigned i = 0; i < attached->out_count; i++)
		packet_put(pool_of(attached), attached->out[i]);
	attached->out_count = 0;
}

static void flush_soon(struct attached *attached) {
	if (!timer_is_running(&attached->flush))
		timer_start(world_loop(attached->world), &attached->flush, 0);
}

static void transmit(
	struct attached *attached, struct packet *packet, const uint8_t mac[MAC_BYTES]) {
	uint8_t *front = packet_data(packet) - FRONT_BYTES;
	struct virtio_net_hdr offload;
	offload_write(packet, &offload);
	memcpy(front, &offload, sizeof(offload));
	neighbor_write_header(front + OFFLOAD_BYTES, mac, packet_data(packet)[0]);
	attached->out[attached->out_count++] = packet;
	if (attached->out_count == ATTACHED_BATCH)
		flush_out(attached);
	else
		flush_soon(attached);
}

static void send_frame(struct attached *attached, const uint8_t *frame, size_t length) {
	uint8_t bytes[OFFLOAD_BYTES + NEIGHBOR_ANSWER_MAX] = {0};
	memcpy(bytes + OFFLOAD_BYTES, frame, length);
	if (send(attached->source.fd, bytes, OFFLOAD_BYTES + length, 0) < 0)
		attached->counts.refused++;
}

// The neighbour that the device knows best asks: its default gateway.
static struct ip asker_of(const struct attached *attached, struct ip target) {
	const struct topo *topo = world_topo(attached->world);
	const struct topo_node *node = &topo->nodes[topo->ports[attached->port].node];
	for (size_t i = 0; i < node->route_count; i++) {
		const struct topo_route *route = &node->routes[i];
		if (route->hop_count != 0 && route->hops[0].port == attached->port &&
			prefix_length(route->prefix) == 0 && ip_is_v4(route->hops[0].via) == ip_is_v4(target))
			return route->hops[0].via;
	}
	return IP_NONE;
}

static void ask(struct attached *attached, const struct resolve_entry *entry) {
	uint8_t frame[NEIGHBOR_ANSWER_MAX];
	size_t length = neighbor_ask(entry->address, asker_of(attached, entry->address), frame);
	send_frame(attached, frame, length);
}

// Which of the device's addresses is the neighbour that a packet goes to: the next hop it was sent
// to, the destination, or, behind a router, the first of the family.
static struct resolve_entry *neighbor_of(struct attached *attached, struct packet *packet) {
	struct ip_header ip;
	struct resolve_entry *found = resolve_find(&attached->resolve, packet->via);
	if (found != NULL || ip_header_decode(packet_data(packet), packet->length, &ip) != 0)
		return found;
	found = resolve_find(&attached->resolve, ip.destination);
	for (size_t i = 0; found == NULL && i < attached->resolve.count; i++) {
		if (ip_is_v4(attached->resolve.entries[i].address) == ip_is_v4(ip.destination))
			found = &attached->resolve.entries[i];
	}
	return found;
}

static void drop_unanswered(struct attached *attached, struct packet *packet) {
	attached->unanswered++;
	packet_put(pool_of(attached), packet);
}

static void hold_back(struct attached *attached, struct packet *packet, struct ip address) {
	if (attached->waiting_count == ATTACHED_WAITING_MAX) {
		drop_unanswered(attached, packet);
		return;
	}
	packet->via = address;
	packet->next = NULL;
	*attached->waiting_end = packet;
	attached->waiting_end = &packet->next;
	attached->waiting_count++;
	if (!timer_is_running(&attached->ask_again))
		timer_start(world_loop(attached->world), &attached->ask_again, RESOLVE_ASK_NS);
}

static void send_packet(struct attached *attached, struct packet *packet) {
	struct resolve_entry *entry = neighbor_of(attached, packet);
	if (entry == NULL) {
		drop_unanswered(attached, packet);
		return;
	}
	switch (resolve_use(entry, now(attached))) {
	case RESOLVE_GO_AND_ASK:
		ask(attached, entry);
		transmit(attached, packet, entry->mac);
		break;
	case RESOLVE_GO:
		transmit(attached, packet, entry->mac);
		break;
	case RESOLVE_ASK:
		ask(attached, entry);
		hold_back(attached, packet, entry->address);
		break;
	case RESOLVE_WAIT:
		hold_back(attached, packet, entry->address);
		break;
	case RESOLVE_GIVE_UP:
		drop_unanswered(attached, packet);
		break;
	}
}

// Takes those that wait for the address off the list.
static struct packet *take_waiting(struct attached *attached, struct ip address) {
	struct packet *taken = NULL, **taken_end = &taken;
	struct packet **at = &attached->waiting;
	while (*at != NULL) {
		struct packet *packet = *at;
		if (!ip_equal(packet->via, address)) {
			at = &packet->next;
			continue;
		}
		*at = packet->next;
		packet->next = NULL;
		*taken_end = packet;
		taken_end = &packet->next;
		attached->waiting_count--;
	}
	attached->waiting_end = at;
	return taken;
}

static void settle_waiting(struct attached *attached, struct resolve_entry *entry, bool goes) {
	struct packet *next = take_waiting(attached, entry->address);
	while (next != NULL) {
		struct packet *packet = next;
		next = packet->next;
		packet->next = NULL;
		if (goes)
			transmit(attached, packet, entry->mac);
		else
			drop_unanswered(attached, packet);
	}
}

static bool has_waiting(const struct attached *attached, struct ip address) {
	const struct packet *packet = attached->waiting;
	while (packet != NULL && !ip_equal(packet->via, address))
		packet = packet->next;
	return packet != NULL;
}

void attached_ask_due(struct timer *timer, void *owner) {
	struct attached *attached = owner;
	for (size_t i = 0; i < attached->resolve.count; i++) {
		struct resolve_entry *entry = &attached->resolve.entries[i];
		if (!has_waiting(attached, entry->address))
			continue;
		switch (resolve_use(entry, now(attached))) {
		case RESOLVE_GO:
		case RESOLVE_GO_AND_ASK:
			settle_waiting(attached, entry, true);
			break;
		case RESOLVE_GIVE_UP:
			settle_waiting(attached, entry, false);
			break;
		case RESOLVE_ASK:
			ask(attached, entry);
			break;
		case RESOLVE_WAIT:
			break;
		}
	}
	if (attached->waiting != NULL)
		timer_start(world_loop(attached->world), timer, RESOLVE_ASK_NS);
}

static void flush_held(struct attached *attached) {
	struct packet *held = merge_end(&attached->arrived);
	if (held != NULL)
		send_packet(attached, held);
}

void attached_flush_due(struct timer *timer, void *owner) {
	struct attached *attached = owner;
	(void)timer;
	flush_held(attached);
	flush_out(attached);
}

// The device knows no trains.
static void take_pieces(struct attached *attached, uint32_t port, struct packet *train) {
	struct packet *next = packet_cut(pool_of(attached), train);
	while (next != NULL) {
		struct packet *packet = next;
		next = packet->next;
		packet->next = NULL;
		attached_take(attached, port, packet);
	}
}

// What arrives at the same instant may belong together: a segment is held until all of it is there.
void attached_take(void *owner, uint32_t port, struct packet *packet) {
	struct attached *attached = owner;
	if (packet_is_train(packet)) {
		take_pieces(attached, port, packet);
		return;
	}
	if (attached->state != INTERFACE_UP) {
		attached->counts.refused++;
		packet_put(pool_of(attached), packet);
		return;
	}
	attached->counts.packets_received++;
	attached->counts.bytes_received += packet->length;
	if (attached->is_read)
		clock_epoll_note_traffic(attached->clock, &attached->busy);
	if (merge_append(&attached->arrived, packet)) {
		packet_put(pool_of(attached), packet);
		return;
	}
	flush_held(attached);
	if (packet_protocol(packet) == PROTOCOL_TCP && merge_begin(&attached->arrived, packet))
		flush_soon(attached);
	else
		send_packet(attached, packet);
}

static void learn(struct attached *attached, struct ip address, const uint8_t mac[MAC_BYTES]) {
	struct resolve_entry *entry = resolve_find(&attached->resolve, address);
	if (entry != NULL && resolve_learn(entry, mac, now(attached)))
		settle_waiting(attached, entry, true);
}

// Questions and answers about neighbours. Whoever else is on the wire is none of the fabric's
// business: only the device itself gets answers, and only about others than itself.
static bool take_news(struct attached *attached, const uint8_t *frame, size_t length) {
	struct neighbor_news news = neighbor_read(frame, length);
	if (ip_is_none(news.sender))
		return false;
	learn(attached, news.sender, news.mac);
	bool is_question = !ip_is_none(news.target);
	if (is_question && resolve_find(&attached->resolve, news.sender) != NULL &&
		resolve_find(&attached->resolve, news.target) == NULL) {
		uint8_t answer[NEIGHBOR_ANSWER_MAX];
		size_t bytes = neighbor_answer(frame, length, answer);
		if (bytes != 0)
			send_frame(attached, answer, bytes);
	}
	return true;
}

static struct ip source_of(const uint8_t *bytes) {
	struct ip source;
	if (bytes[0] >> 4 == 6)
		ip_read_v6(&source, bytes + 8);
	else
		ip_read_v4(&source, bytes + 12);
	return source;
}

static void inject(struct attached *attached, struct packet *packet) {
	packet->via = frame_next_hop(attached->world, attached->port, packet_data(packet));
	world_inject(attached->world, attached->port, packet);
}

static void inject_held(struct attached *attached) {
	struct packet *held = merge_end(&attached->sent);
	if (held != NULL)
		inject(attached, held);
}

// What a device sends in one go crosses the network as one packet.
static void inject_or_hold(struct attached *attached, struct packet *packet) {
	attached->counts.packets_sent++;
	attached->counts.bytes_sent += packet->length;
	if (merge_append(&attached->sent, packet)) {
		packet_put(pool_of(attached), packet);
		return;
	}
	inject_held(attached);
	if (!merge_begin(&attached->sent, packet))
		inject(attached, packet);
}

// One frame, its headers in front of packet_data(). False when the packet was not taken.
static bool take_frame(struct attached *attached, struct packet *packet, size_t length) {
	const uint8_t *frame = packet_data(packet) - ETHERNET_HEADER_BYTES;
	struct virtio_net_hdr offload;
	memcpy(&offload, packet_data(packet) - FRONT_BYTES, sizeof(offload));
	if (length < FRONT_BYTES || take_news(attached, frame, length))
		return false;
	size_t least = length < ETHERNET_HEADER_BYTES + 1 || frame[ETHERNET_HEADER_BYTES] >> 4 == 4
		? IPV4_HEADER_BYTES
		: IPV6_HEADER_BYTES;
	if (frame_kind_of(frame, length) != FRAME_PACKET || length < ETHERNET_HEADER_BYTES + least ||
		memcmp(frame, neighbor_fabric_mac, MAC_BYTES) != 0) {
		attached->counts.ignored++;
		return false;
	}
	packet->length = frame_packet_bytes(packet_data(packet), length - ETHERNET_HEADER_BYTES);
	if (offload_read(&offload, packet) < 0) {
		attached->counts.ignored++;
		return false;
	}
	learn(attached, source_of(packet_data(packet)), frame + MAC_BYTES);
	clock_epoll_note_traffic(attached->clock, &attached->busy);
	inject_or_hold(attached, packet);
	return true;
}

// Frames of a VLAN belong to an interface of their own; the kernel hands them over without the tag,
// and says so beside them.
static bool is_tagged(struct msghdr *message) {
	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at != NULL; at = CMSG_NXTHDR(message, at)) {
		struct tpacket_auxdata aux;
		if (at->cmsg_level != SOL_PACKET || at->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(at), sizeof(aux));
		return (aux.tp_status & TP_STATUS_VLAN_VALID) != 0;
	}
	return false;
}

static void take_message(
	struct attached *attached, struct packet *packet, struct mmsghdr *message) {
	bool is_whole = message->msg_len > FRONT_BYTES && (message->msg_hdr.msg_flags & MSG_TRUNC) == 0;
	if (attached->state != INTERFACE_UP || !is_whole || is_tagged(&message->msg_hdr)) {
		attached->counts.ignored++;
		packet_put(pool_of(attached), packet);
	} else if (!take_frame(attached, packet, message->msg_len - OFFLOAD_BYTES)) {
		packet_put(pool_of(attached), packet);
	}
}

void attached_read(void *owner, uint32_t events) {
	struct attached *attached = owner;
	struct loop *loop = world_loop(attached->world);
	struct mmsghdr messages[ATTACHED_BATCH] = {0};
	struct iovec parts[ATTACHED_BATCH];
	_Alignas(struct cmsghdr) uint8_t controls[ATTACHED_BATCH][CONTROL_BYTES];
	// What is under way goes first, as with a TAP; an error has to be taken off the socket.
	if ((events & EPOLLERR) == 0 && instant_compare(loop_next_due(loop), loop_now(loop)) <= 0)
		return;
	for (unsigned i = 0; i < ATTACHED_BATCH; i++) {
		if (attached->spare[i] == NULL)
			attached->spare[i] = packet_get(pool_of(attached));
		struct packet *packet = attached->spare[i];
		parts[i].iov_base = packet_data(packet) - FRONT_BYTES;
		parts[i].iov_len =
			(size_t)(packet->bytes + PACKET_ROOM - (packet_data(packet) - FRONT_BYTES));
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
		messages[i].msg_hdr.msg_control = controls[i];
		messages[i].msg_hdr.msg_controllen = CONTROL_BYTES;
	}
	int count = recvmmsg(attached->source.fd, messages, ATTACHED_BATCH, MSG_DONTWAIT, NULL);
	if (count > 0)
		loop_catch_up(loop);
	for (int i = 0; i < count; i++) {
		struct packet *packet = attached->spare[i];
		attached->spare[i] = NULL;
		take_message(attached, packet, &messages[i]);
	}
	inject_held(attached);
}

void attached_drop_packets(struct attached *attached) {
	struct packet_pool *pool = pool_of(attached);
	for (unsigned i = 0; i < ATTACHED_BATCH; i++) {
		if (attached->spare[i] != NULL)
			packet_put(pool, attached->spare[i]);
		attached->spare[i] = NULL;
	}
	for (unsigned i = 0; i < attached->out_count; i++)
		packet_put(pool, attached->out[i]);
	attached->out_count = 0;
	struct packet *held = merge_end(&attached->arrived);
	if (held != NULL)
		packet_put(pool, held);
	while (attached->waiting != NULL) {
		struct packet *packet = attached->waiting;
		attached->waiting = packet->next;
		packet->next = NULL;
		packet_put(pool, packet);
	}
	attached->waiting_end = &attached->waiting;
	attached->waiting_count = 0;
}
