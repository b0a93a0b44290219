#include "live/prober.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/instant.h"
#include "base/memory.h"
#include "live/netns.h"
#include "net/packet_format.h"

// Between probes, so that they don't queue behind each other anywhere.
#define GAP_NS (100 * US_NS)
#define PAYLOAD_BYTES 32
#define RECEIVE_BYTES 2048
#define SOCKET_ROOM_BYTES (1 << 20)

// Every host has a socket of each family: item 2i is IPv4's, 2i + 1 IPv6's.
struct prober {
	struct pollfd *items;
	size_t count, room;
	uint16_t identifier; // of the first 65,536 probes; then one more each
};

static int64_t now_ns(void) {
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND_NS + time.tv_nsec;
}

struct prober *prober_new(void) {
	struct prober *prober = memory_alloc(sizeof(*prober));
	prober->identifier = (uint16_t)(getpid() << 4);
	return prober;
}

void prober_free(struct prober *prober) {
	if (prober == NULL)
		return;
	for (size_t i = 0; i < prober->count; i++)
		close(prober->items[i].fd);
	free(prober->items);
	free(prober);
}

static int open_socket(struct prober *prober, int family) {
	int room = SOCKET_ROOM_BYTES;
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	struct pollfd item = {.fd = fd, .events = POLLIN};
	ARRAY_PUSH(prober, item);
	return 0;
}

int prober_add_host(struct prober *prober, int space) {
	size_t before = prober->count;
	int here = netns_here();
	if (here < 0) {
		close(space);
		return here;
	}
	int result = netns_return(space);
	if (result == 0)
		result = open_socket(prober, AF_INET);
	if (result == 0)
		result = open_socket(prober, AF_INET6);
	int back = netns_return(here);
	result = result < 0 ? result : back;
	while (result < 0 && prober->count > before)
		close(prober->items[--prober->count].fd);
	return result < 0 ? result : (int)(before / 2);
}

static socklen_t address_of(struct ip ip, struct sockaddr_storage *out) {
	*out = (struct sockaddr_storage){0};
	if (ip_is_v4(ip)) {
		struct sockaddr_in *v4 = (struct sockaddr_in *)out;
		v4->sin_family = AF_INET;
		v4->sin_addr.s_addr = htonl(ip_v4(ip));
		return sizeof(*v4);
	}
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	v6->sin6_family = AF_INET6;
	ip_write_v6(ip, v6->sin6_addr.s6_addr);
	return sizeof(*v6);
}

static void send_ask(struct prober *prober, struct prober_ask *ask, size_t index) {
	bool is_v4 = ip_is_v4(ask->destination);
	int fd = prober->items[2 * ask->host + !is_v4].fd;
	uint8_t bytes[ICMP_HEADER_BYTES + PAYLOAD_BYTES], payload[PAYLOAD_BYTES] = {0};
	struct writer out = writer_of(bytes, sizeof(bytes));
	struct flow_key key = {.destination = ask->destination};
	struct icmp_header icmp = {
		.type = is_v4 ? ICMP_ECHO : ICMPV6_ECHO,
		.identifier = (uint16_t)(prober->identifier + (index >> 16)),
		.sequence = (uint16_t)index,
	};
	// ICMPv6's checksum is the kernel's matter: only it knows the source.
	icmp_encode(&out, &key, &icmp, payload, sizeof(payload));
	int ttl = ask->ttl;
	setsockopt(fd, is_v4 ? IPPROTO_IP : IPPROTO_IPV6, is_v4 ? IP_TTL : IPV6_UNICAST_HOPS, &ttl,
		sizeof(ttl));
	struct sockaddr_storage to;
	socklen_t length = address_of(ask->destination, &to);
	ask->sent_ns = now_ns();
	// An error of an earlier packet may be reported here; then this one is sent by the second try.
	if (sendto(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&to, length) < 0)
		sendto(fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&to, length);
}

// Where an ICMP message's identifier and sequence stand: its own, or of the echo that it quotes.
static const uint8_t *find_echo(const uint8_t *icmp, size_t length, bool is_v4, bool *is_reply) {
	if (length < ICMP_HEADER_BYTES)
		return NULL;
	*is_reply = icmp[0] == (is_v4 ? ICMP_ECHO_REPLY : ICMPV6_ECHO_REPLY);
	if (*is_reply)
		return icmp;
	const uint8_t *quoted = icmp + ICMP_HEADER_BYTES;
	size_t left = length - ICMP_HEADER_BYTES;
	if (is_v4 ? icmp[0] != ICMP_UNREACHABLE && icmp[0] != ICMP_TIME_EXCEEDED
			  : icmp[0] >= ICMPV6_ECHO)
		return NULL;
	size_t header = IPV6_HEADER_BYTES;
	if (is_v4)
		header = left >= IPV4_HEADER_BYTES ? (size_t)(quoted[0] & 0x0f) * 4 : left;
	if (left < header + ICMP_HEADER_BYTES)
		return NULL;
	return quoted + header;
}

struct answers {
	struct prober *prober;
	struct prober_ask *asks;
	size_t count, open;
	int64_t now_ns;
};

static void take_answer(
	struct answers *answers, uint32_t host, struct ip from, const uint8_t *icmp, size_t length) {
	bool is_reply;
	const uint8_t *echo = find_echo(icmp, length, ip_is_v4(from), &is_reply);
	if (echo == NULL)
		return;
	uint16_t high = (uint16_t)(get_u16(echo + 4) - answers->prober->identifier);
	size_t index = (size_t)high << 16 | get_u16(echo + 6);
	if (index >= answers->count)
		return;
	struct prober_ask *ask = &answers->asks[index];
	if (ask->host != host || ask->rtt_ns >= 0 || ask->sent_ns == 0)
		return;
	ask->rtt_ns = answers->now_ns - ask->sent_ns;
	ask->answered_by = from;
	ask->is_reply = is_reply;
	answers->open--;
}

static void receive(struct answers *answers, size_t item) {
	uint8_t bytes[RECEIVE_BYTES];
	struct sockaddr_storage from;
	for (;;) {
		socklen_t from_length = sizeof(from);
		ssize_t got = recvfrom(answers->prober->items[item].fd, bytes, sizeof(bytes), 0,
			(struct sockaddr *)&from, &from_length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return;
		answers->now_ns = now_ns();
		struct ip source;
		size_t skip = 0;
		if (from.ss_family == AF_INET) {
			source = ip_of_v4(ntohl(((struct sockaddr_in *)&from)->sin_addr.s_addr));
			skip = got > 0 ? (size_t)(bytes[0] & 0x0f) * 4 : 0;
		} else {
			ip_read_v6(&source, ((struct sockaddr_in6 *)&from)->sin6_addr.s6_addr);
		}
		if (skip <= (size_t)got)
			take_answer(answers, (uint32_t)(item / 2), source, bytes + skip, (size_t)got - skip);
	}
}

// Until `until_ns`, or nobody's answer is missing any more.
static int listen_until(struct answers *answers, int64_t until_ns) {
	struct prober *prober = answers->prober;
	while (answers->open != 0) {
		int64_t left_ns = until_ns - now_ns();
		struct timespec wait = {.tv_sec = left_ns / SECOND_NS, .tv_nsec = left_ns % SECOND_NS};
		if (left_ns < 0)
			return 0;
		int ready = ppoll(prober->items, prober->count, &wait, NULL);
		if (ready < 0 && errno != EINTR)
			return -errno;
		for (size_t i = 0; ready > 0 && i < prober->count; i++) {
			if (prober->items[i].revents != 0)
				receive(answers, i);
		}
	}
	return 0;
}

int prober_run(struct prober *prober, struct prober_ask *asks, size_t count, int64_t timeout_ns) {
	struct answers answers = {.prober = prober, .asks = asks, .count = count, .open = count};
	int result = 0;
	assert(count <= PROBER_ASKS_MAX);
	for (size_t i = 0; i < count; i++) {
		asks[i].rtt_ns = -1;
		asks[i].sent_ns = 0;
	}
	for (size_t i = 0; i < count && result == 0; i++) {
		send_ask(prober, &asks[i], i);
		result = listen_until(&answers, asks[i].sent_ns + GAP_NS);
	}
	if (result == 0)
		result = listen_until(&answers, now_ns() + timeout_ns);
	prober->identifier = (uint16_t)(prober->identifier + 1 + (count >> 16));
	return result;
}
