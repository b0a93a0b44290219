#include "proto/bgp/bgp_wire.h"

#include <errno.h>
#include <string.h>

#include "proto/bgp/bgp_wire_int.h"

#define BGP_VERSION 4
#define MARKER_BYTES 16
#define PARAMETER_CAPABILITIES 2 // RFC 5492
#define CAPABILITY_MULTIPROTOCOL 1
#define CAPABILITY_REFRESH 2
#define CAPABILITY_AS4 65
#define OPEN_MIN_BYTES 29
#define REFRESH_BYTES 23

int bgp_fail(struct bgp_error *error, uint8_t code, uint8_t subcode) {
	*error = (struct bgp_error){.code = code, .subcode = subcode};
	return -EPROTO;
}

int bgp_fail_u16(struct bgp_error *error, uint8_t code, uint8_t subcode, uint16_t data) {
	bgp_fail(error, code, subcode);
	put_u16(error->data, data);
	error->length = 2;
	return -EPROTO;
}

struct error_word {
	uint8_t code, subcode;
	const char *text;
};

// A subcode of 0 stands for all that have no row of their own.
static const struct error_word ERROR_WORDS[] = {
	{BGP_ERROR_HEADER, BGP_HEADER_NOT_SYNCHRONIZED, "connection not synchronized"},
	{BGP_ERROR_HEADER, BGP_HEADER_BAD_LENGTH, "bad message length"},
	{BGP_ERROR_HEADER, BGP_HEADER_BAD_TYPE, "bad message type"},
	{BGP_ERROR_HEADER, 0, "message header error"},
	{BGP_ERROR_OPEN, BGP_OPEN_BAD_VERSION, "unsupported version"},
	{BGP_ERROR_OPEN, BGP_OPEN_BAD_AS, "bad peer AS"},
	{BGP_ERROR_OPEN, BGP_OPEN_BAD_IDENTIFIER, "bad BGP identifier"},
	{BGP_ERROR_OPEN, BGP_OPEN_BAD_HOLD, "unacceptable hold time"},
	{BGP_ERROR_OPEN, BGP_OPEN_BAD_CAPABILITY, "unsupported capability"},
	{BGP_ERROR_OPEN, 0, "OPEN message error"},
	{BGP_ERROR_UPDATE, BGP_UPDATE_MALFORMED, "malformed attribute list"},
	{BGP_ERROR_UPDATE, BGP_UPDATE_UNKNOWN_WELL_KNOWN, "unrecognized well-known attribute"},
	{BGP_ERROR_UPDATE, BGP_UPDATE_BAD_OPTIONAL, "optional attribute error"},
	{BGP_ERROR_UPDATE, BGP_UPDATE_BAD_NETWORK, "invalid network field"},
	{BGP_ERROR_UPDATE, 0, "UPDATE message error"},
	{BGP_ERROR_HOLD, 0, "hold timer expired"},
	{BGP_ERROR_FSM, 0, "message out of turn"},
	{BGP_CEASE, BGP_CEASE_MAX_PREFIXES, "too many prefixes"},
	{BGP_CEASE, BGP_CEASE_SHUTDOWN, "administrative shutdown"},
	{BGP_CEASE, BGP_CEASE_REJECTED, "connection rejected"},
	{BGP_CEASE, BGP_CEASE_COLLISION, "connection collision"},
	{BGP_CEASE, 0, "cease"},
};

const char *bgp_error_text(uint8_t code, uint8_t subcode) {
	for (size_t i = 0; i < sizeof(ERROR_WORDS) / sizeof(ERROR_WORDS[0]); i++)
		if (ERROR_WORDS[i].code == code &&
			(ERROR_WORDS[i].subcode == subcode || ERROR_WORDS[i].subcode == 0))
			return ERROR_WORDS[i].text;
	return "unknown error";
}

static bool length_fits_type(uint8_t type, uint16_t length) {
	switch ((enum bgp_message_type)type) {
	case BGP_OPEN:
		return length >= OPEN_MIN_BYTES;
	case BGP_UPDATE:
		return length >= BGP_HEADER_BYTES + 4;
	case BGP_NOTIFICATION:
		return length >= BGP_HEADER_BYTES + 2;
	case BGP_KEEPALIVE:
		return length == BGP_HEADER_BYTES;
	case BGP_ROUTE_REFRESH:
		return length == REFRESH_BYTES;
	}
	return false;
}

// RFC 4271 6.1.
int bgp_header_decode(
	const uint8_t bytes[BGP_HEADER_BYTES], struct bgp_header *out, struct bgp_error *error) {
	uint16_t length = get_u16(bytes + MARKER_BYTES);
	uint8_t type = bytes[MARKER_BYTES + 2];

	for (size_t i = 0; i < MARKER_BYTES; i++)
		if (bytes[i] != 0xff)
			return bgp_fail(error, BGP_ERROR_HEADER, BGP_HEADER_NOT_SYNCHRONIZED);
	if (length < BGP_HEADER_BYTES || length > BGP_MESSAGE_MAX)
		return bgp_fail_u16(error, BGP_ERROR_HEADER, BGP_HEADER_BAD_LENGTH, length);
	if (type < BGP_OPEN || type > BGP_ROUTE_REFRESH) {
		bgp_fail(error, BGP_ERROR_HEADER, BGP_HEADER_BAD_TYPE);
		error->data[0] = type;
		error->length = 1;
		return -EPROTO;
	}
	if (!length_fits_type(type, length))
		return bgp_fail_u16(error, BGP_ERROR_HEADER, BGP_HEADER_BAD_LENGTH, length);
	*out = (struct bgp_header){length, type};
	return 0;
}

struct writer bgp_message_begin(uint8_t out[BGP_MESSAGE_MAX], enum bgp_message_type type) {
	struct writer message = writer_of(out, BGP_MESSAGE_MAX);

	memset(write_gap(&message, MARKER_BYTES), 0xff, MARKER_BYTES);
	write_u16(&message, 0);
	write_u8(&message, (uint8_t)type);
	return message;
}

size_t bgp_message_end(struct writer *message) {
	size_t length = writer_length(message);

	if (message->overflow)
		return 0;
	put_u16(message->start + MARKER_BYTES, (uint16_t)length);
	return length;
}

uint8_t bgp_family(uint16_t afi, uint8_t safi) {
	if (safi != BGP_SAFI_UNICAST)
		return 0;
	if (afi == BGP_AFI_IPV4)
		return BGP_IPV4;
	return afi == BGP_AFI_IPV6 ? BGP_IPV6 : 0;
}

static bool capability_decode(uint8_t code, struct reader value, struct bgp_open *out) {
	if (code == CAPABILITY_MULTIPROTOCOL) {
		uint16_t afi = read_u16(&value);
		read_skip(&value, 1);
		uint8_t safi = read_u8(&value);
		out->families |= bgp_family(afi, safi);
		return !value.short_read && reader_left(&value) == 0;
	}
	if (code == CAPABILITY_REFRESH)
		out->has_refresh = true;
	if (code == CAPABILITY_AS4) {
		out->asn = read_u32(&value);
		out->has_as4 = true;
		return !value.short_read && reader_left(&value) == 0;
	}
	return true;
}

// Capabilities may stand in one parameter or in many.
static bool capabilities_decode(struct reader list, struct bgp_open *out, bool *has_families) {
	while (reader_left(&list) > 0) {
		uint8_t code = read_u8(&list);
		uint8_t length = read_u8(&list);
		struct reader value = read_part(&list, length);
		if (list.short_read || !capability_decode(code, value, out))
			return false;
		*has_families |= code == CAPABILITY_MULTIPROTOCOL;
	}
	return true;
}

static int parameters_decode(struct reader list, struct bgp_open *out, struct bgp_error *error) {
	bool has_families = false;

	while (reader_left(&list) > 0) {
		uint8_t type = read_u8(&list);
		uint8_t length = read_u8(&list);
		struct reader value = read_part(&list, length);
		if (list.short_read)
			return bgp_fail(error, BGP_ERROR_OPEN, 0);
		if (type != PARAMETER_CAPABILITIES)
			return bgp_fail(error, BGP_ERROR_OPEN, BGP_OPEN_BAD_PARAMETER);
		if (!capabilities_decode(value, out, &has_families))
			return bgp_fail(error, BGP_ERROR_OPEN, 0);
	}
	if (!has_families)
		out->families = BGP_IPV4; // a speaker from before RFC 4760
	return 0;
}

// RFC 4271 6.2; what depends on the peer's configuration is the session's business.
int bgp_open_decode(struct reader body, struct bgp_open *out, struct bgp_error *error) {
	struct bgp_open open = {0};
	uint8_t version = read_u8(&body);

	open.asn = read_u16(&body);
	open.hold_s = read_u16(&body);
	open.router_id = read_u32(&body);
	uint8_t length = read_u8(&body);
	struct reader parameters = read_part(&body, length);
	if (body.short_read || reader_left(&body) != 0)
		return bgp_fail(error, BGP_ERROR_OPEN, 0);
	if (version != BGP_VERSION)
		return bgp_fail_u16(error, BGP_ERROR_OPEN, BGP_OPEN_BAD_VERSION, BGP_VERSION);
	if (parameters_decode(parameters, &open, error) < 0)
		return -EPROTO;
	if (open.asn == 0)
		return bgp_fail(error, BGP_ERROR_OPEN, BGP_OPEN_BAD_AS); // RFC 7607
	if (open.hold_s == 1 || open.hold_s == 2)
		return bgp_fail(error, BGP_ERROR_OPEN, BGP_OPEN_BAD_HOLD);
	if (open.router_id == 0)
		return bgp_fail(error, BGP_ERROR_OPEN, BGP_OPEN_BAD_IDENTIFIER);
	*out = open;
	return 0;
}

static void write_capability(struct writer *out, uint8_t code, const void *value, uint8_t length) {
	write_u8(out, code);
	write_u8(out, length);
	write_bytes(out, value, length);
}

size_t bgp_open_encode(const struct bgp_open *open, uint8_t out[BGP_MESSAGE_MAX]) {
	static const uint8_t IPV4_UNICAST[] = {0, BGP_AFI_IPV4, 0, BGP_SAFI_UNICAST};
	static const uint8_t IPV6_UNICAST[] = {0, BGP_AFI_IPV6, 0, BGP_SAFI_UNICAST};
	struct writer message = bgp_message_begin(out, BGP_OPEN);
	uint8_t asn[4];

	put_u32(asn, open->asn);
	write_u8(&message, BGP_VERSION);
	write_u16(&message, (uint16_t)(open->asn > UINT16_MAX ? BGP_AS_TRANS : open->asn));
	write_u16(&message, open->hold_s);
	write_u32(&message, open->router_id);
	uint8_t *lengths = write_gap(&message, 3);
	if (open->families & BGP_IPV4)
		write_capability(&message, CAPABILITY_MULTIPROTOCOL, IPV4_UNICAST, sizeof(IPV4_UNICAST));
	if (open->families & BGP_IPV6)
		write_capability(&message, CAPABILITY_MULTIPROTOCOL, IPV6_UNICAST, sizeof(IPV6_UNICAST));
	if (open->has_refresh)
		write_capability(&message, CAPABILITY_REFRESH, NULL, 0);
	if (open->has_as4)
		write_capability(&message, CAPABILITY_AS4, asn, sizeof(asn));
	size_t capabilities = (size_t)(message.at - lengths) - 3;
	lengths[0] = (uint8_t)(capabilities + 2);
	lengths[1] = PARAMETER_CAPABILITIES;
	lengths[2] = (uint8_t)capabilities;
	return bgp_message_end(&message);
}

size_t bgp_keepalive_encode(uint8_t out[BGP_MESSAGE_MAX]) {
	struct writer message = bgp_message_begin(out, BGP_KEEPALIVE);

	return bgp_message_end(&message);
}

int bgp_notification_decode(struct reader body, struct bgp_error *out) {
	struct bgp_error error = {0};

	error.code = read_u8(&body);
	error.subcode = read_u8(&body);
	if (body.short_read)
		return -EPROTO;
	size_t left = reader_left(&body);
	error.length = (uint8_t)(left < BGP_ERROR_DATA_MAX ? left : BGP_ERROR_DATA_MAX);
	read_bytes(&body, error.data, error.length);
	*out = error;
	return 0;
}

size_t bgp_notification_encode(const struct bgp_error *error, uint8_t out[BGP_MESSAGE_MAX]) {
	struct writer message = bgp_message_begin(out, BGP_NOTIFICATION);

	write_u8(&message, error->code);
	write_u8(&message, error->subcode);
	write_bytes(&message, error->data, error->length);
	return bgp_message_end(&message);
}

int bgp_refresh_decode(struct reader body, uint8_t *family) {
	uint16_t afi = read_u16(&body);

	read_skip(&body, 1);
	uint8_t safi = read_u8(&body);
	if (body.short_read || reader_left(&body) != 0)
		return -EPROTO;
	*family = bgp_family(afi, safi);
	return 0;
}

size_t bgp_refresh_encode(uint8_t family, uint8_t out[BGP_MESSAGE_MAX]) {
	struct writer message = bgp_message_begin(out, BGP_ROUTE_REFRESH);

	write_u16(&message, family == BGP_IPV6 ? BGP_AFI_IPV6 : BGP_AFI_IPV4);
	write_u8(&message, 0);
	write_u8(&message, BGP_SAFI_UNICAST);
	return bgp_message_end(&message);
}
