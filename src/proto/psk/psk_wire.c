#include <errno.h>
#include <string.h>

#include "proto/psk/psk_int.h"

// RFC 7296 3.1 and 3.2.
#define HEADER_BYTES 28
#define PAYLOAD_HEADER_BYTES 4
#define VERSION_2_0 0x20
#define FLAG_INITIATOR 0x08
#define FLAG_RESPONSE 0x20
#define CRITICAL 0x80
#define PROTOCOL_IKE 1
#define PROTOCOL_ESP_SPI 3
#define AUTH_SHARED_KEY 2
#define PAYLOADS_MAX 16

enum payload {
	PAYLOAD_NONE = 0,
	PAYLOAD_AUTH = 39,
	PAYLOAD_NONCE = 40,
	PAYLOAD_NOTIFY = 41,
	PAYLOAD_DELETE = 42,
};

enum notify {
	NOTIFY_AUTHENTICATION_FAILED = 24,
	NOTIFY_CHILD_SPI = 40960, // the first status type for private use
};

static bool exchange_is_known(uint8_t type) {
	return type == PSK_EXCHANGE_INIT || type == PSK_EXCHANGE_AUTH || type == PSK_EXCHANGE_INFORM;
}

// RFC 7296 3.9, with the one length that is sent here.
static bool nonce_decode(struct reader *in, struct psk_message *message) {
	if (message->has_nonce)
		return false;
	message->has_nonce = true;
	read_bytes(in, message->nonce, sizeof(message->nonce));
	return true;
}

// RFC 7296 3.10.
static bool notify_decode(struct reader *in, struct psk_message *message) {
	uint8_t protocol = read_u8(in);
	uint8_t spi_bytes = read_u8(in);
	uint16_t type = read_u16(in);
	if (type == NOTIFY_AUTHENTICATION_FAILED) {
		bool is_first = !message->is_refusal;
		message->is_refusal = true;
		return is_first && protocol == 0 && spi_bytes == 0;
	}
	if (type != NOTIFY_CHILD_SPI || protocol != PROTOCOL_ESP_SPI || spi_bytes != 4)
		return false;
	bool is_first = message->child_spi == 0;
	message->child_spi = read_u32(in);
	return is_first && message->child_spi != 0;
}

// RFC 7296 3.11: of the agreement itself, so without SPIs.
static bool delete_decode(struct reader *in, struct psk_message *message) {
	bool is_first = !message->is_delete;
	message->is_delete = true;
	uint8_t protocol = read_u8(in);
	uint8_t spi_bytes = read_u8(in);
	uint16_t count = read_u16(in);
	return is_first && protocol == PROTOCOL_IKE && spi_bytes == 0 && count == 0;
}

// RFC 7296 3.8. Always the last payload, so that it covers all others.
static bool auth_decode(struct reader *in, uint8_t next, struct psk_message *message) {
	message->has_tag = true;
	uint8_t method = read_u8(in);
	uint8_t reserved = read_u8(in);
	uint16_t reserved_too = read_u16(in);
	read_bytes(in, message->tag, sizeof(message->tag));
	return next == PAYLOAD_NONE && method == AUTH_SHARED_KEY && reserved == 0 && reserved_too == 0;
}

static bool payload_decode(
	struct reader *in, uint8_t type, uint8_t *next, struct psk_message *message) {
	*next = read_u8(in);
	uint8_t flags = read_u8(in);
	uint16_t length = read_u16(in);
	if (in->short_read || length < PAYLOAD_HEADER_BYTES)
		return false;
	struct reader body = read_part(in, (size_t)length - PAYLOAD_HEADER_BYTES);
	bool is_sound = true;
	if (type == PAYLOAD_NONCE)
		is_sound = nonce_decode(&body, message);
	else if (type == PAYLOAD_NOTIFY)
		is_sound = notify_decode(&body, message);
	else if (type == PAYLOAD_DELETE)
		is_sound = delete_decode(&body, message);
	else if (type == PAYLOAD_AUTH)
		is_sound = auth_decode(&body, *next, message);
	else if ((flags & CRITICAL) == 0)
		return !body.short_read;
	else
		return false;
	return is_sound && !body.short_read && reader_left(&body) == 0;
}

int psk_message_decode(const uint8_t *bytes, size_t length, struct psk_message *out) {
	struct reader in = reader_of(bytes, length);
	struct psk_message message = {0};
	message.initiator_spi = read_u64(&in);
	message.responder_spi = read_u64(&in);
	uint8_t next = read_u8(&in);
	uint8_t version = read_u8(&in);
	uint8_t exchange = read_u8(&in);
	uint8_t flags = read_u8(&in);
	message.message_id = read_u32(&in);
	uint32_t length_field = read_u32(&in);
	if (in.short_read || version != VERSION_2_0 || !exchange_is_known(exchange) ||
		length_field != length || length > PSK_MESSAGE_MAX ||
		(flags & ~(FLAG_INITIATOR | FLAG_RESPONSE)) != 0)
		return -EBADMSG;
	message.exchange = (enum psk_exchange)exchange;
	message.from_initiator = (flags & FLAG_INITIATOR) != 0;
	message.is_response = (flags & FLAG_RESPONSE) != 0;
	for (int i = 0; next != PAYLOAD_NONE; i++)
		if (i == PAYLOADS_MAX || !payload_decode(&in, next, &next, &message))
			return -EBADMSG;
	if (reader_left(&in) != 0)
		return -EBADMSG;
	*out = message;
	return 0;
}

// Each payload's type stands in the one before it: `chain` is where the next type goes.
struct chain {
	struct writer *out;
	uint8_t *next;
};

static void payload_begin(struct chain *chain, enum payload type, size_t body_bytes) {
	if (chain->next != NULL)
		*chain->next = (uint8_t)type;
	chain->next = write_gap(chain->out, 1);
	write_u8(chain->out, 0);
	write_u16(chain->out, (uint16_t)(PAYLOAD_HEADER_BYTES + body_bytes));
}

static void payloads_encode(struct chain *chain, const struct psk_message *message) {
	struct writer *out = chain->out;
	if (message->has_nonce) {
		payload_begin(chain, PAYLOAD_NONCE, PSK_NONCE_BYTES);
		write_bytes(out, message->nonce, PSK_NONCE_BYTES);
	}
	if (message->child_spi != 0) {
		payload_begin(chain, PAYLOAD_NOTIFY, 8);
		write_u8(out, PROTOCOL_ESP_SPI);
		write_u8(out, 4);
		write_u16(out, NOTIFY_CHILD_SPI);
		write_u32(out, message->child_spi);
	}
	if (message->is_refusal) {
		payload_begin(chain, PAYLOAD_NOTIFY, 4);
		write_u16(out, 0);
		write_u16(out, NOTIFY_AUTHENTICATION_FAILED);
	}
	if (message->is_delete) {
		payload_begin(chain, PAYLOAD_DELETE, 4);
		write_u8(out, PROTOCOL_IKE);
		write_u8(out, 0);
		write_u16(out, 0);
	}
	if (message->has_tag) {
		payload_begin(chain, PAYLOAD_AUTH, 4 + PSK_TAG_BYTES);
		write_u8(out, AUTH_SHARED_KEY);
		write_u8(out, 0);
		write_u16(out, 0);
		write_bytes(out, message->tag, PSK_TAG_BYTES);
	}
}

void psk_message_encode(struct writer *out, const struct psk_message *message) {
	size_t before = writer_length(out);
	write_u64(out, message->initiator_spi);
	write_u64(out, message->responder_spi);
	struct chain chain = {.out = out, .next = write_gap(out, 1)};
	write_u8(out, VERSION_2_0);
	write_u8(out, (uint8_t)message->exchange);
	write_u8(out,
		(uint8_t)((message->from_initiator ? FLAG_INITIATOR : 0) |
			(message->is_response ? FLAG_RESPONSE : 0)));
	write_u32(out, message->message_id);
	uint8_t *length = write_gap(out, 4);
	payloads_encode(&chain, message);
	if (length != NULL)
		put_u32(length, (uint32_t)(writer_length(out) - before));
}
