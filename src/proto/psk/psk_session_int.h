// Inside a session: its state, shared by what it says (exchange), what it does (act) and what it
// hears (session).
#pragma once

#include "base/random.h"
#include "proto/psk/psk_int.h"

#define MESSAGES_IN_EXCHANGE 4

// The exchange in flight, or the last one, whose answer may be asked for again.
struct exchange {
	struct psk_material material;
	struct psk_secrets secrets;
	uint8_t transcript[MESSAGES_IN_EXCHANGE * PSK_MESSAGE_MAX];
	size_t transcript_bytes;
	uint8_t request[PSK_MESSAGE_MAX]; // of a responder: the one answered last
	size_t request_bytes;
	uint8_t sent[PSK_MESSAGE_MAX]; // sent again when no answer comes, or on the same request
	size_t sent_bytes;
	int attempts;
};

// What the keys in use leave behind for probes.
struct agreement {
	uint64_t initiator_spi, responder_spi;
	uint8_t probe[2][HASH_BYTES];
	uint32_t probes_sent, probes_answered; // message ids: our last, the last the peer answered
	uint32_t probes_heard;                 // the peer's last
	instant heard;
};

struct psk_session {
	struct loop *loop;
	struct psk_events events;
	enum psk_role role;
	char *shared_key;
	int64_t lifetime_ns, dead_peer_ns;
	struct random random;
	enum psk_state state;
	bool is_up, was_up; // was_up: since the start
	bool is_mismatch;   // said so already
	struct exchange exchange;
	struct agreement agreement;
	struct timer retransmit, begin, probe, expiry;
};

static inline enum psk_role psk_other(enum psk_role role) {
	return role == PSK_INITIATOR ? PSK_RESPONDER : PSK_INITIATOR;
}

// Decides by the table, then acts.
void psk_session_event(struct psk_session *session, enum psk_event event);
void psk_session_act(struct psk_session *session, unsigned actions);
// The peer proved that it is alive.
void psk_agreement_heard(struct psk_session *session);
void psk_timers_init(struct psk_session *session);

void psk_transcript_add(struct exchange *exchange, const uint8_t *bytes, size_t length);
// Does the other end's tag, the message's last bytes, prove that it has the shared key?
bool psk_exchange_verify(const struct psk_session *session, const uint8_t *bytes, size_t length);
void psk_send_init(struct psk_session *session);
void psk_send_init_reply(struct psk_session *session);
void psk_send_auth(struct psk_session *session);
void psk_send_refusal(struct psk_session *session);
// A probe, its answer or a farewell, under the keys in use.
void psk_send_inform(struct psk_session *session, struct psk_message *message);
