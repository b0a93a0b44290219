// The ends of what bench/live.py measures: the same sender and the same receiver whether a lab or a
// chain of the kernel's own namespaces lies between them. Each prints one line of JSON.
//
//   traffic flood ADDRESS SECONDS RATE BATCH [mixed]
//                                        64-byte datagrams, RATE a second or, with 0, all it can;
//                                        BATCH in a system call. mixed: each of these 32 of
//                                        another size, up to 64 bytes
//   traffic count SECONDS                how many arrived, from a moment after the first one on
//   traffic stream ADDRESS SECONDS       one TCP connection
//   traffic sink SECONDS                 how many bytes of it arrived
//   traffic echo ADDRESS COUNT           echoes one after the other, waiting awake
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/measure.h"

#define PORT 5201
#define DATAGRAM_BYTES 64
#define BATCH 32
#define BLOCK_BYTES (128 * 1024)
#define SECOND_NS 1000000000
#define MS_NS 1000000
// What a flow takes to come up to speed is not counted.
#define WARM_NS (200 * MS_NS)
// A receiver that gets nothing for so long ends.
#define SILENCE_NS (5LL * SECOND_NS)
#define NAP_NS (200 * 1000)
#define RECEIVE_ROOM (16 << 20)
#define ECHO_TIMEOUT_NS (100 * MS_NS)
#define ECHO_WARM 1000

static int checked(int result, const char *what) {
	if (result < 0) {
		perror(what);
		exit(1);
	}
	return result;
}

// What this process has cost so far.
static double cpu_seconds(void) {
	struct timespec used;
	checked(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used), "clock_gettime");
	return (double)used.tv_sec + (double)used.tv_nsec / SECOND_NS;
}

static int64_t seconds_of(const char *text) {
	return (int64_t)(strtod(text, NULL) * SECOND_NS);
}

static struct sockaddr_in address_of(const char *text) {
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	if (text != NULL && inet_pton(AF_INET, text, &address.sin_addr) != 1) {
		fprintf(stderr, "traffic: %s is no address\n", text);
		exit(1);
	}
	return address;
}

static int socket_to(int kind, int protocol, const char *text) {
	struct sockaddr_in address = address_of(text);
	int fd = checked(socket(AF_INET, kind, protocol), "socket");
	checked(connect(fd, (struct sockaddr *)&address, sizeof(address)), "connect");
	return fd;
}

static int socket_at(int kind) {
	struct sockaddr_in address = address_of(NULL);
	int on = 1;
	int fd = checked(socket(AF_INET, kind, 0), "socket");
	checked(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), "SO_REUSEADDR");
	checked(bind(fd, (struct sockaddr *)&address, sizeof(address)), "bind");
	return fd;
}

struct batch {
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	uint8_t bytes[BATCH][DATAGRAM_BYTES];
};

static void batch_init(struct batch *batch, bool is_mixed) {
	*batch = (struct batch){0};
	for (int i = 0; i < BATCH; i++) {
		size_t less = is_mixed ? (size_t)(BATCH - 1 - i) : 0;
		batch->parts[i] = (struct iovec){batch->bytes[i], DATAGRAM_BYTES - less};
		batch->messages[i].msg_hdr.msg_iov = &batch->parts[i];
		batch->messages[i].msg_hdr.msg_iovlen = 1;
	}
}

// `batch` says of which sizes.
static void flood(
	struct batch *batch, const char *to, int64_t for_ns, uint64_t rate, unsigned together) {
	int fd = socket_to(SOCK_DGRAM, 0, to);
	int64_t began = measure_now_ns();
	int64_t now = began;
	uint64_t sent = 0;
	assert(together >= 1 && together <= BATCH);
	while (now - began < for_ns) {
		uint64_t due = rate == 0 ? UINT64_MAX : (uint64_t)(now - began) * rate / SECOND_NS;
		if (due >= sent + (rate == 0 ? 0 : together)) {
			int count = sendmmsg(fd, batch->messages, together, 0);
			if (count < 0 && errno != ENOBUFS && errno != ECONNREFUSED)
				checked(count, "sendmmsg");
			sent += count > 0 ? (uint64_t)count : 0;
		}
		now = measure_now_ns();
	}
	printf("{\"sent\": %lu, \"seconds\": %.6f, \"cpuSeconds\": %.6f}\n", sent,
		(double)(now - began) / SECOND_NS, cpu_seconds());
}

static bool waits_for(int fd, int64_t ns) {
	struct pollfd waited = {.fd = fd, .events = POLLIN};
	return poll(&waited, 1, (int)(ns / MS_NS)) > 0;
}

// Naps instead of waiting at the socket: to be woken for each datagram costs whoever delivers it
// more than the whole way did, on either side, and says nothing about the way.
static void count_datagrams(int64_t for_ns) {
	static struct batch batch;
	const struct timespec nap = {.tv_nsec = NAP_NS};
	int fd = socket_at(SOCK_DGRAM);
	int room = RECEIVE_ROOM;
	checked(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)), "SO_RCVBUFFORCE");
	batch_init(&batch, false);
	if (!waits_for(fd, SILENCE_NS))
		checked(-1, "nothing came");
	int64_t began = measure_now_ns() + WARM_NS;
	int64_t now = began;
	uint64_t packets = 0;
	while (now - began < for_ns) {
		int count = recvmmsg(fd, batch.messages, BATCH, MSG_DONTWAIT, NULL);
		now = measure_now_ns();
		if (count > 0)
			packets += now >= began ? (uint64_t)count : 0;
		if (count < BATCH)
			nanosleep(&nap, NULL);
	}
	printf("{\"packets\": %lu, \"seconds\": %.6f, \"cpuSeconds\": %.6f}\n", packets,
		(double)(now - began) / SECOND_NS, cpu_seconds());
}

static void stream(const char *to, int64_t for_ns) {
	static uint8_t block[BLOCK_BYTES];
	int fd = socket_to(SOCK_STREAM, 0, to);
	int64_t began = measure_now_ns();
	uint64_t sent = 0;
	while (measure_now_ns() - began < for_ns) {
		ssize_t count = send(fd, block, sizeof(block), MSG_NOSIGNAL);
		if (count < 0)
			break;
		sent += (uint64_t)count;
	}
	printf("{\"sent\": %lu, \"cpuSeconds\": %.6f}\n", sent, cpu_seconds());
}

static void sink(int64_t for_ns) {
	static uint8_t block[BLOCK_BYTES];
	int listening = socket_at(SOCK_STREAM);
	checked(listen(listening, 1), "listen");
	if (!waits_for(listening, SILENCE_NS))
		checked(-1, "nobody connected");
	int fd = checked(accept(listening, NULL, NULL), "accept");
	int64_t began = measure_now_ns() + WARM_NS;
	int64_t now = began;
	uint64_t bytes = 0;
	do {
		ssize_t count = recv(fd, block, sizeof(block), 0);
		now = measure_now_ns();
		if (count <= 0)
			break;
		bytes += now >= began ? (uint64_t)count : 0;
	} while (now - began < for_ns);
	printf("{\"bytes\": %lu, \"seconds\": %.6f, \"cpuSeconds\": %.6f}\n", bytes,
		(double)(now - began) / SECOND_NS, cpu_seconds());
}

// Microseconds until the echo's answer is there; below 0 when none came.
static double echo_once(int fd, uint16_t sequence) {
	uint8_t message[sizeof(struct icmphdr) + DATAGRAM_BYTES] = {0};
	uint8_t answer[sizeof(message)];
	struct icmphdr header = {.type = ICMP_ECHO, .un.echo.sequence = htons(sequence)};
	memcpy(message, &header, sizeof(header));
	int64_t began = measure_now_ns();
	checked((int)send(fd, message, sizeof(message), 0), "send");
	for (;;) {
		ssize_t count = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
		int64_t took = measure_now_ns() - began;
		if (count > 0) {
			memcpy(&header, answer, sizeof(header));
			if (header.type == ICMP_ECHOREPLY && header.un.echo.sequence == htons(sequence))
				return (double)took / 1000;
		}
		if (took > ECHO_TIMEOUT_NS)
			return -1;
	}
}

static int compare_times(const void *a, const void *b) {
	double one = *(const double *)a, other = *(const double *)b;
	return (one > other) - (one < other);
}

static void echo(const char *to, size_t count) {
	int fd = socket_to(SOCK_DGRAM, IPPROTO_ICMP, to);
	double *times = calloc(count, sizeof(*times));
	size_t answered = 0;
	assert(times != NULL && count > 0);
	for (size_t i = 0; i < ECHO_WARM + count; i++) {
		double time = echo_once(fd, (uint16_t)i);
		if (i >= ECHO_WARM && time >= 0)
			times[answered++] = time;
	}
	if (answered == 0)
		checked(-1, "no answer");
	qsort(times, answered, sizeof(*times), compare_times);
	printf("{\"sent\": %zu, \"answered\": %zu, \"medianUs\": %.2f, \"p99Us\": %.2f}\n", count,
		answered, times[answered / 2], times[answered * 99 / 100]);
	free(times);
}

int main(int count, char **words) {
	static struct batch batch;
	bool is_mixed = count == 7 && strcmp(words[6], "mixed") == 0;
	if ((count == 6 || is_mixed) && strcmp(words[1], "flood") == 0) {
		batch_init(&batch, is_mixed);
		flood(&batch, words[2], seconds_of(words[3]), strtoull(words[4], NULL, 10),
			(unsigned)strtoul(words[5], NULL, 10));
	} else if (count == 3 && strcmp(words[1], "count") == 0)
		count_datagrams(seconds_of(words[2]));
	else if (count == 4 && strcmp(words[1], "stream") == 0)
		stream(words[2], seconds_of(words[3]));
	else if (count == 3 && strcmp(words[1], "sink") == 0)
		sink(seconds_of(words[2]));
	else if (count == 4 && strcmp(words[1], "echo") == 0)
		echo(words[2], strtoull(words[3], NULL, 10));
	else
		return 2;
	return 0;
}
