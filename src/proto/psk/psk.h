// Key agreement for a tunnel from its shared key: one authenticated exchange over UDP.
//
// It stands where IKEv2 will stand and has its shape: an initiator and a responder, nonces, keys by
// HKDF from the shared key and both nonces (RFC 5869), an authenticator over the whole exchange,
// rekeying by lifetime, dead-peer detection, retransmission. Ends with different shared keys stay
// down and say so. It installs nothing: "child SA ready" goes to its owner.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"

#define PSK_PORT 500
#define PSK_KEY_BYTES 36 // AES-256 key and the 4-byte salt of RFC 4106
#define PSK_MESSAGE_MAX 256
#define PSK_DEAD_PEER_S 45 // how long silence may last unless a config says otherwise

enum psk_role {
	PSK_INITIATOR,
	PSK_RESPONDER,
};

struct psk_config {
	const char *name; // picks the random stream: nonces, SPIs; not kept
	enum psk_role role;
	const char *shared_key; // copied
	int64_t lifetime_ns;    // 0: 27,000 s
	int64_t dead_peer_ns;   // 0: PSK_DEAD_PEER_S; checked by probes
};

// One direction each; inbound SPI is what this end chose.
struct psk_keys {
	uint32_t inbound_spi, outbound_spi;
	uint8_t inbound_key[PSK_KEY_BYTES], outbound_key[PSK_KEY_BYTES];
};

enum psk_down {
	PSK_DOWN_KEY_MISMATCH, // the authenticator did not verify
	PSK_DOWN_DEAD_PEER,
	PSK_DOWN_DELETED,
};

struct psk_events {
	void (*send)(void *owner, const uint8_t *message, size_t length);
	// New keys: install both, then retire the old inbound SA after a grace the owner picks.
	void (*ready)(void *owner, const struct psk_keys *keys);
	// The keys are worth nothing any more; or, of a mismatch, there are none, said once until keys
	// are agreed again. An initiator goes on trying by itself.
	void (*down)(void *owner, enum psk_down why);
	void *owner;
};

struct psk_session;

struct psk_session *psk_session_new(
	struct loop *loop, const struct psk_config *config, const struct psk_events *events);
void psk_session_free(struct psk_session *session);
// An initiator sends, and sends again after 1, 2, 4, 8, 16 s, then every 30 s; only the first waits
// are work in flight (TIMER_WORK). A responder waits.
void psk_session_start(struct psk_session *session);
// Tells the peer when there are keys. No event follows.
void psk_session_stop(struct psk_session *session);
void psk_session_input(struct psk_session *session, const uint8_t *message, size_t length);
bool psk_session_is_up(const struct psk_session *session);
