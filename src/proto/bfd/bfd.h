// Bidirectional Forwarding Detection, asynchronous mode (RFC 5880, single hop 5881, multihop 5883).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"

#define BFD_PORT 3784
#define BFD_MULTIHOP_PORT 4784
#define BFD_PACKET_BYTES 24

enum bfd_state {
	BFD_ADMIN_DOWN = 0,
	BFD_DOWN = 1,
	BFD_INIT = 2,
	BFD_UP = 3,
};

// The diagnostics of RFC 5880 4.1 that this machine sets.
enum bfd_diagnostic {
	BFD_NO_DIAGNOSTIC = 0,
	BFD_DETECTION_EXPIRED = 1,
	BFD_NEIGHBOR_DOWN = 3,
	BFD_ADMINISTRATIVELY_DOWN = 7,
};

// Intervals go on the wire in whole microseconds. While the session is not up it sends no faster
// than once a second (6.8.3).
struct bfd_config {
	const char *name;           // picks the session's random stream: discriminator, jitter (6.8.7)
	int64_t desired_min_tx_ns;  // at least a microsecond
	int64_t required_min_rx_ns; // 0: the peer is to send nothing, which keeps the session down
	uint8_t detect_multiplier;  // at least 1
};

struct bfd_events {
	// Must neither free the session nor bring an answer back before it returns.
	void (*send)(void *owner, const uint8_t packet[BFD_PACKET_BYTES]);
	// The session came up (BFD_UP) or, having been up, went down (BFD_DOWN). May stop or free it.
	// Not called for what the owner did itself.
	void (*changed)(void *owner, enum bfd_state state, enum bfd_diagnostic why);
	void *owner;
};

struct bfd_session;

struct bfd_session *bfd_session_new(
	struct loop *loop, const struct bfd_config *config, const struct bfd_events *events);
void bfd_session_free(struct bfd_session *session);

// A new session is administratively down and silent until it is started.
void bfd_session_start(struct bfd_session *session);
void bfd_session_stop(struct bfd_session *session); // sends AdminDown once
// Other intervals from now on, agreed with the peer by a Poll Sequence (6.8.3).
void bfd_session_set_intervals(
	struct bfd_session *session, int64_t desired_min_tx_ns, int64_t required_min_rx_ns);
// A control packet from the peer. Malformed ones are dropped and counted (RFC 5880 6.8.6).
void bfd_session_input(struct bfd_session *session, const uint8_t *packet, size_t length);
enum bfd_state bfd_session_state(const struct bfd_session *session);
// The negotiated detection time (6.8.4), 0 before the peer was heard. Still there when it has
// expired.
int64_t bfd_session_detection_ns(const struct bfd_session *session);

// What the peer said last, BFD_DOWN before it was heard. BFD_ADMIN_DOWN tells a peer that was taken
// out of service from one that failed (RFC 5882 3.2).
enum bfd_state bfd_session_remote_state(const struct bfd_session *session);

struct bfd_counters {
	uint64_t packets_in, packets_out;
	uint64_t malformed;   // failed a check of 6.8.6 on the packet alone
	uint64_t misdirected; // named another session's discriminator
};
const struct bfd_counters *bfd_session_counters(const struct bfd_session *session);
