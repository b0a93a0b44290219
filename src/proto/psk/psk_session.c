#include "proto/psk/psk.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "proto/psk/psk_session_int.h"

#define LIFETIME_DEFAULT_NS (27000 * SECOND_NS)

// A message and its bytes, which its tag covers.
struct heard {
	struct psk_message message;
	const uint8_t *bytes;
	size_t length;
};

struct psk_session *psk_session_new(
	struct loop *loop, const struct psk_config *config, const struct psk_events *events) {
	struct psk_session *session = memory_alloc(sizeof(*session));
	session->loop = loop;
	session->events = *events;
	session->role = config->role;
	session->shared_key = memory_strdup(config->shared_key);
	session->lifetime_ns = config->lifetime_ns > 0 ? config->lifetime_ns : LIFETIME_DEFAULT_NS;
	session->dead_peer_ns =
		config->dead_peer_ns > 0 ? config->dead_peer_ns : PSK_DEAD_PEER_S * SECOND_NS;
	const char *purpose = config->role == PSK_INITIATOR ? "psk initiator" : "psk responder";
	random_init(&session->random, loop_seed(loop), config->name, purpose);
	psk_timers_init(session);
	return session;
}

void psk_session_free(struct psk_session *session) {
	if (session == NULL)
		return;
	timer_stop(session->loop, &session->retransmit);
	timer_stop(session->loop, &session->begin);
	timer_stop(session->loop, &session->probe);
	timer_stop(session->loop, &session->expiry);
	secret_wipe(session->shared_key, strlen(session->shared_key));
	free(session->shared_key);
	secret_wipe(session, sizeof(*session));
	free(session);
}

void psk_session_start(struct psk_session *session) {
	if (session->state != PSK_STOPPED)
		return;
	session->was_up = false;
	session->is_mismatch = false;
	psk_session_event(session, PSK_EVENT_START);
}

void psk_session_stop(struct psk_session *session) {
	psk_session_event(session, PSK_EVENT_STOP);
}

bool psk_session_is_up(const struct psk_session *session) {
	return session->is_up;
}

static bool is_of_exchange(const struct psk_session *session, const struct psk_message *message) {
	const struct psk_material *material = &session->exchange.material;
	return message->initiator_spi == material->initiator_spi &&
		message->responder_spi == material->responder_spi;
}

static void request_keep(struct exchange *exchange, const struct heard *heard) {
	memcpy(exchange->request, heard->bytes, heard->length);
	exchange->request_bytes = heard->length;
	psk_transcript_add(exchange, heard->bytes, heard->length);
}

// Opens an exchange beside the keys in use: it takes an authenticated answer to replace those. One
// exchange at a time, the newest, so that asking costs the responder no memory.
static void hear_init_request(struct psk_session *session, const struct heard *heard) {
	const struct psk_message *message = &heard->message;
	struct exchange *exchange = &session->exchange;
	if (!message->has_nonce || message->child_spi == 0 || message->initiator_spi == 0 ||
		message->responder_spi != 0)
		return;
	secret_wipe(exchange, sizeof(*exchange));
	exchange->material.initiator_spi = message->initiator_spi;
	exchange->material.initiator_child_spi = message->child_spi;
	memcpy(exchange->material.initiator_nonce, message->nonce, PSK_NONCE_BYTES);
	request_keep(exchange, heard);
	psk_session_event(session, PSK_EVENT_INIT_REQUEST);
}

static void hear_auth_request(struct psk_session *session, const struct heard *heard) {
	if (session->state != PSK_INIT_ANSWERED || !is_of_exchange(session, &heard->message))
		return;
	if (heard->message.is_refusal) {
		psk_session_event(session, PSK_EVENT_REFUSED);
		return;
	}
	bool is_good =
		heard->message.has_tag && psk_exchange_verify(session, heard->bytes, heard->length);
	request_keep(&session->exchange, heard);
	psk_session_event(session, is_good ? PSK_EVENT_AUTH_REQUEST_GOOD : PSK_EVENT_AUTH_REQUEST_BAD);
}

// A request that comes again is answered again with the same bytes (RFC 7296 2.1).
static void hear_request(struct psk_session *session, const struct heard *heard) {
	const struct exchange *exchange = &session->exchange;
	if (session->state == PSK_STOPPED)
		return;
	if (heard->length == exchange->request_bytes &&
		memcmp(heard->bytes, exchange->request, heard->length) == 0)
		psk_session_event(session, PSK_EVENT_REQUEST_AGAIN);
	else if (heard->message.exchange == PSK_EXCHANGE_INIT)
		hear_init_request(session, heard);
	else
		hear_auth_request(session, heard);
}

static void hear_init_reply(struct psk_session *session, const struct heard *heard) {
	const struct psk_message *message = &heard->message;
	struct psk_material *material = &session->exchange.material;
	if (session->state != PSK_INIT_SENT || message->initiator_spi != material->initiator_spi ||
		message->responder_spi == 0 || !message->has_nonce || message->child_spi == 0 ||
		!message->has_tag)
		return;
	material->responder_spi = message->responder_spi;
	material->responder_child_spi = message->child_spi;
	memcpy(material->responder_nonce, message->nonce, PSK_NONCE_BYTES);
	psk_secrets_derive(material, session->shared_key, &session->exchange.secrets);
	bool is_good = psk_exchange_verify(session, heard->bytes, heard->length);
	psk_transcript_add(&session->exchange, heard->bytes, heard->length);
	psk_session_event(session, is_good ? PSK_EVENT_INIT_REPLY_GOOD : PSK_EVENT_INIT_REPLY_BAD);
}

// An answer that does not verify is someone else's noise: the responder has proved itself before.
static void hear_auth_reply(struct psk_session *session, const struct heard *heard) {
	if (session->state != PSK_AUTH_SENT || !is_of_exchange(session, &heard->message))
		return;
	if (heard->message.is_refusal)
		psk_session_event(session, PSK_EVENT_REFUSED);
	else if (heard->message.has_tag && psk_exchange_verify(session, heard->bytes, heard->length))
		psk_session_event(session, PSK_EVENT_AUTH_REPLY_GOOD);
}

static bool inform_verify(const struct psk_session *session, const struct heard *heard) {
	const struct agreement *agreement = &session->agreement;
	uint8_t tag[PSK_TAG_BYTES];
	if (!session->is_up || !heard->message.has_tag ||
		heard->message.initiator_spi != agreement->initiator_spi ||
		heard->message.responder_spi != agreement->responder_spi)
		return false;
	hmac_sha256(agreement->probe[psk_other(session->role)], HASH_BYTES, heard->bytes,
		heard->length - PSK_TAG_BYTES, tag);
	return secret_compare(tag, heard->message.tag, PSK_TAG_BYTES) == 0;
}

// Message ids rise, so that an old message played again is no sign of life.
static void hear_inform(struct psk_session *session, const struct heard *heard) {
	const struct psk_message *message = &heard->message;
	struct agreement *agreement = &session->agreement;
	if (!inform_verify(session, heard))
		return;
	if (message->is_response) {
		if (message->message_id != agreement->probes_sent ||
			message->message_id == agreement->probes_answered)
			return;
		agreement->probes_answered = message->message_id;
		psk_agreement_heard(session);
		return;
	}
	if (message->message_id <= agreement->probes_heard)
		return;
	agreement->probes_heard = message->message_id;
	if (message->is_delete) {
		psk_session_event(session, PSK_EVENT_DELETED);
		return;
	}
	psk_agreement_heard(session);
	struct psk_message answer = {.message_id = message->message_id, .is_response = true};
	psk_send_inform(session, &answer);
}

void psk_session_input(struct psk_session *session, const uint8_t *message, size_t length) {
	struct heard heard = {.bytes = message, .length = length};
	if (psk_message_decode(message, length, &heard.message) != 0 ||
		heard.message.from_initiator == (session->role == PSK_INITIATOR))
		return;
	if (heard.message.exchange == PSK_EXCHANGE_INFORM)
		hear_inform(session, &heard);
	else if (heard.message.is_response != (session->role == PSK_INITIATOR))
		return;
	else if (session->role == PSK_RESPONDER)
		hear_request(session, &heard);
	else if (heard.message.exchange == PSK_EXCHANGE_INIT)
		hear_init_reply(session, &heard);
	else
		hear_auth_reply(session, &heard);
}
