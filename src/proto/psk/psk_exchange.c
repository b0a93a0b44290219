#include <string.h>

#include "base/assert.h"
#include "proto/psk/psk_session_int.h"

#define SPI_RESERVED 256 // RFC 4303 2.1

static struct psk_message message_of(
	const struct psk_session *session, enum psk_exchange exchange) {
	return (struct psk_message){
		.initiator_spi = session->exchange.material.initiator_spi,
		.responder_spi = session->exchange.material.responder_spi,
		.exchange = exchange,
		.from_initiator = session->role == PSK_INITIATOR,
		.is_response = session->role == PSK_RESPONDER,
		.message_id = exchange == PSK_EXCHANGE_AUTH,
	};
}

static size_t message_write(const struct psk_message *message, uint8_t out[PSK_MESSAGE_MAX]) {
	struct writer writer = writer_of(out, PSK_MESSAGE_MAX);
	psk_message_encode(&writer, message);
	assert(!writer.overflow);
	return writer_length(&writer);
}

void psk_transcript_add(struct exchange *exchange, const uint8_t *bytes, size_t length) {
	assert(exchange->transcript_bytes + length <= sizeof(exchange->transcript));
	memcpy(exchange->transcript + exchange->transcript_bytes, bytes, length);
	exchange->transcript_bytes += length;
}

// The authenticator of a message whose tag is its last bytes: over every message before it and over
// its own other bytes.
static void exchange_tag(const struct exchange *exchange, enum psk_role prover,
	const uint8_t *bytes, size_t length, uint8_t tag[PSK_TAG_BYTES]) {
	uint8_t text[sizeof(exchange->transcript) + PSK_MESSAGE_MAX];
	size_t covered = length - PSK_TAG_BYTES;
	memcpy(text, exchange->transcript, exchange->transcript_bytes);
	memcpy(text + exchange->transcript_bytes, bytes, covered);
	hmac_sha256(exchange->secrets.auth[prover], HASH_BYTES, text,
		exchange->transcript_bytes + covered, tag);
}

bool psk_exchange_verify(const struct psk_session *session, const uint8_t *bytes, size_t length) {
	uint8_t tag[PSK_TAG_BYTES];
	exchange_tag(&session->exchange, psk_other(session->role), bytes, length, tag);
	return secret_compare(tag, bytes + length - PSK_TAG_BYTES, PSK_TAG_BYTES) == 0;
}

static void exchange_send(struct psk_session *session, const struct psk_message *message) {
	struct exchange *exchange = &session->exchange;
	exchange->sent_bytes = message_write(message, exchange->sent);
	if (message->has_tag)
		exchange_tag(exchange, session->role, exchange->sent, exchange->sent_bytes,
			exchange->sent + exchange->sent_bytes - PSK_TAG_BYTES);
	psk_transcript_add(exchange, exchange->sent, exchange->sent_bytes);
	session->events.send(session->events.owner, exchange->sent, exchange->sent_bytes);
}

static void nonce_new(struct psk_session *session, uint8_t nonce[PSK_NONCE_BYTES]) {
	for (size_t i = 0; i < PSK_NONCE_BYTES; i += 8)
		put_u64(nonce + i, random_u64(&session->random));
}

static uint32_t child_spi_new(struct psk_session *session) {
	return (uint32_t)(SPI_RESERVED + random_below(&session->random, UINT32_MAX - SPI_RESERVED));
}

void psk_send_init(struct psk_session *session) {
	struct exchange *exchange = &session->exchange;
	struct psk_material *material = &exchange->material;
	secret_wipe(exchange, sizeof(*exchange));
	material->initiator_spi = random_u64(&session->random) | 1;
	nonce_new(session, material->initiator_nonce);
	material->initiator_child_spi = child_spi_new(session);
	struct psk_message message = message_of(session, PSK_EXCHANGE_INIT);
	message.has_nonce = true;
	memcpy(message.nonce, material->initiator_nonce, PSK_NONCE_BYTES);
	message.child_spi = material->initiator_child_spi;
	exchange_send(session, &message);
}

void psk_send_init_reply(struct psk_session *session) {
	struct psk_material *material = &session->exchange.material;
	material->responder_spi = random_u64(&session->random) | 1;
	nonce_new(session, material->responder_nonce);
	material->responder_child_spi = child_spi_new(session);
	psk_secrets_derive(material, session->shared_key, &session->exchange.secrets);
	struct psk_message message = message_of(session, PSK_EXCHANGE_INIT);
	message.has_nonce = true;
	memcpy(message.nonce, material->responder_nonce, PSK_NONCE_BYTES);
	message.child_spi = material->responder_child_spi;
	message.has_tag = true;
	exchange_send(session, &message);
}

void psk_send_auth(struct psk_session *session) {
	struct psk_message message = message_of(session, PSK_EXCHANGE_AUTH);
	message.has_tag = true;
	exchange_send(session, &message);
	session->exchange.attempts = 0;
}

// Unauthenticated, as there is no key that both ends have.
void psk_send_refusal(struct psk_session *session) {
	struct psk_message message = message_of(session, PSK_EXCHANGE_AUTH);
	message.is_refusal = true;
	exchange_send(session, &message);
}

void psk_send_inform(struct psk_session *session, struct psk_message *message) {
	uint8_t bytes[PSK_MESSAGE_MAX];
	message->initiator_spi = session->agreement.initiator_spi;
	message->responder_spi = session->agreement.responder_spi;
	message->exchange = PSK_EXCHANGE_INFORM;
	message->from_initiator = session->role == PSK_INITIATOR;
	message->has_tag = true;
	size_t length = message_write(message, bytes);
	hmac_sha256(session->agreement.probe[session->role], HASH_BYTES, bytes, length - PSK_TAG_BYTES,
		bytes + length - PSK_TAG_BYTES);
	session->events.send(session->events.owner, bytes, length);
}
