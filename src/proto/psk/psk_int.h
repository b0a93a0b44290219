// Inside the key agreement: its messages, its table of states, its keys.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/wire.h"
#include "crypto/crypto.h"
#include "proto/psk/psk.h"

#define PSK_NONCE_BYTES 32
#define PSK_TAG_BYTES HASH_BYTES

// Messages have IKEv2's header and payloads (RFC 7296 3), so a capture shows them in order, but
// exchange types from its private range: no IKE daemon takes them for its own.
enum psk_exchange {
	PSK_EXCHANGE_INIT = 240,
	PSK_EXCHANGE_AUTH = 241,
	PSK_EXCHANGE_INFORM = 242, // probe, or farewell
};

struct psk_message {
	uint64_t initiator_spi, responder_spi; // of the agreement, not of ESP
	enum psk_exchange exchange;
	bool from_initiator, is_response;
	uint32_t message_id;
	bool has_nonce, is_refusal, is_delete, has_tag;
	uint8_t nonce[PSK_NONCE_BYTES];
	uint32_t child_spi;         // the sender's inbound ESP SPI; 0 when not carried
	uint8_t tag[PSK_TAG_BYTES]; // the message's last bytes, over all before them
};

// -EBADMSG, *out untouched, for anything that psk_message_encode() would not have written, but for
// unknown payloads that are not critical, which are passed over (RFC 7296 2.5).
int psk_message_decode(const uint8_t *bytes, size_t length, struct psk_message *out);
void psk_message_encode(struct writer *out, const struct psk_message *message);

// What both ends derive from the shared key, the nonces and the SPIs.
struct psk_material {
	uint64_t initiator_spi, responder_spi;
	uint32_t initiator_child_spi, responder_child_spi;
	uint8_t initiator_nonce[PSK_NONCE_BYTES], responder_nonce[PSK_NONCE_BYTES];
};

struct psk_secrets {
	uint8_t auth[2][HASH_BYTES];   // by enum psk_role: what that end proves itself with
	uint8_t probe[2][HASH_BYTES];  // what that end's later messages are authenticated with
	uint8_t esp[2][PSK_KEY_BYTES]; // what that end sends with
};

void psk_secrets_derive(
	const struct psk_material *material, const char *shared_key, struct psk_secrets *out);

enum psk_state {
	PSK_STOPPED,
	PSK_IDLE,          // no exchange in flight, with keys or without
	PSK_INIT_SENT,     // initiator
	PSK_AUTH_SENT,     // initiator
	PSK_INIT_ANSWERED, // responder
	PSK_STATE_COUNT,
};

enum psk_event {
	PSK_EVENT_START,
	PSK_EVENT_STOP,
	PSK_EVENT_BEGIN,      // time for new keys, or for another try
	PSK_EVENT_RETRANSMIT, // no answer yet
	PSK_EVENT_GIVE_UP,    // no answer for long: the other end may have forgotten the exchange
	PSK_EVENT_INIT_REQUEST,
	PSK_EVENT_REQUEST_AGAIN, // the request that was answered last, once more
	PSK_EVENT_INIT_REPLY_GOOD,
	PSK_EVENT_INIT_REPLY_BAD,
	PSK_EVENT_AUTH_REQUEST_GOOD,
	PSK_EVENT_AUTH_REQUEST_BAD,
	PSK_EVENT_AUTH_REPLY_GOOD,
	PSK_EVENT_REFUSED,
	PSK_EVENT_DEAD, // silent for too long, or the keys' life is over
	PSK_EVENT_DELETED,
	PSK_EVENT_COUNT,
};

// Performed in this order.
enum psk_action {
	PSK_ACT_DOWN_MISMATCH = 1 << 0,
	PSK_ACT_DOWN_DEAD = 1 << 1,
	PSK_ACT_DOWN_DELETED = 1 << 2,
	PSK_ACT_READY = 1 << 3,
	PSK_ACT_SEND_INIT = 1 << 4,
	PSK_ACT_SEND_INIT_REPLY = 1 << 5,
	PSK_ACT_SEND_AUTH = 1 << 6,
	PSK_ACT_SEND_AUTH_REPLY = 1 << 7,
	PSK_ACT_SEND_REFUSAL = 1 << 8,
	PSK_ACT_SEND_DELETE = 1 << 9,
	PSK_ACT_RESEND = 1 << 10,
	PSK_ACT_ARM_RETRY = 1 << 11,
};

struct psk_step {
	enum psk_state next;
	unsigned actions;
};

// What has no row changes nothing.
struct psk_step psk_fsm_step(enum psk_role role, enum psk_state state, enum psk_event event);
