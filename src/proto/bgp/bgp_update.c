// UPDATE messages, RFC 4271 4.3 and RFC 4760.

#include <errno.h>
#include <string.h>

#include "proto/bgp/bgp_wire_int.h"

#define IPV4_LENGTH_MAX 32
#define IPV6_LENGTH_MAX 128
#define IP_BYTES 16

static size_t prefix_bytes(unsigned length) {
	return (length + 7) / 8;
}

bool bgp_nlri_is_sound(struct bgp_nlri nlri) {
	while (reader_left(&nlri.bytes) > 0) {
		uint8_t length = read_u8(&nlri.bytes);
		if (length > (nlri.is_v6 ? IPV6_LENGTH_MAX : IPV4_LENGTH_MAX))
			return false;
		read_skip(&nlri.bytes, prefix_bytes(length));
	}
	return !nlri.bytes.short_read;
}

static struct prefix nlri_read(struct bgp_nlri *nlri) {
	uint8_t bytes[IP_BYTES] = {0};
	struct ip base;
	uint8_t length = read_u8(&nlri->bytes);

	read_bytes(&nlri->bytes, bytes, prefix_bytes(length));
	if (nlri->is_v6) {
		ip_read_v6(&base, bytes);
		return prefix_of(base, length);
	}
	ip_read_v4(&base, bytes);
	return prefix_of(base, PREFIX_V4_BITS + length);
}

// RFC 4271 6.3: a prefix that makes no sense is ignored, the others stay.
bool bgp_nlri_next(struct bgp_nlri *nlri, struct prefix *out) {
	while (reader_left(&nlri->bytes) > 0) {
		struct prefix prefix = nlri_read(nlri);
		if (nlri->bytes.short_read)
			return false;
		if (prefix_is_v4(prefix) == nlri->is_v6)
			continue;
		if (!prefix_is_default(prefix) && ip_is_multicast(prefix.base))
			continue;
		*out = prefix;
		return true;
	}
	return false;
}

int bgp_update_decode(struct reader body, const struct bgp_codec *codec, struct bgp_update *out,
	struct bgp_error *error) {
	uint16_t withdrawn_bytes = read_u16(&body);
	struct reader withdrawn = read_part(&body, withdrawn_bytes);
	uint16_t attribute_bytes = read_u16(&body);
	struct reader attributes = read_part(&body, attribute_bytes);

	*out = (struct bgp_update){.treatment = BGP_TREAT_NORMAL};
	out->attributes.as_path = out->as_path;
	out->attributes.communities = out->communities;
	out->attributes.unknown = out->unknown;
	if (body.short_read)
		return bgp_fail(error, BGP_ERROR_UPDATE, BGP_UPDATE_MALFORMED);
	out->withdrawn[BGP_PART_CLASSIC].bytes = withdrawn;
	out->reached[BGP_PART_CLASSIC].bytes = body;
	// RFC 7606 5.3: with a prefix that can't be read, nobody knows which ones were meant.
	if (!bgp_nlri_is_sound(out->withdrawn[BGP_PART_CLASSIC]) ||
		!bgp_nlri_is_sound(out->reached[BGP_PART_CLASSIC]))
		return bgp_fail(error, BGP_ERROR_UPDATE, BGP_UPDATE_BAD_NETWORK);
	return bgp_attributes_decode(attributes, codec, out, error);
}

// False when it does not fit any more; nothing is written then.
static bool write_prefix(struct writer *out, struct prefix prefix, bool is_v6) {
	uint8_t bytes[IP_BYTES];
	unsigned length = prefix_length(prefix);

	if ((size_t)(out->end - out->at) < 1 + prefix_bytes(length))
		return false;
	if (is_v6)
		ip_write_v6(prefix.base, bytes);
	else
		ip_write_v4(prefix.base, bytes);
	write_u8(out, (uint8_t)length);
	write_bytes(out, bytes, prefix_bytes(length));
	return true;
}

static size_t write_prefixes(struct writer *out, const struct bgp_update_out *update) {
	size_t taken = 0;

	while (taken < update->count && write_prefix(out, update->prefixes[taken], update->is_v6))
		taken++;
	return taken;
}

static size_t write_v4(
	struct writer *message, const struct bgp_update_out *update, const struct bgp_codec *codec) {
	uint8_t *length = write_gap(message, 2);

	if (!update->attributes) {
		message->end -= 2; // kept for the attributes' length
		size_t taken = write_prefixes(message, update);
		put_u16(length, (uint16_t)(message->at - length - 2));
		message->end += 2;
		write_u16(message, 0);
		return taken;
	}
	length = write_gap(message, 2);
	bgp_attributes_encode(message, update->attributes, codec, true);
	if (message->overflow)
		return 0;
	put_u16(length, (uint16_t)(message->at - length - 2));
	return write_prefixes(message, update);
}

static void write_family(struct writer *out) {
	write_u16(out, BGP_AFI_IPV6);
	write_u8(out, BGP_SAFI_UNICAST);
}

// RFC 7606 5.1: the multiprotocol attribute comes first. The others are written to a buffer to know
// what room they need.
static size_t write_v6(
	struct writer *message, const struct bgp_update_out *update, const struct bgp_codec *codec) {
	uint8_t others[BGP_MESSAGE_MAX];
	uint8_t next_hop[IP_BYTES];
	struct writer rest = writer_of(others, sizeof(others));
	uint8_t code = update->attributes ? ATTRIBUTE_MP_REACH : ATTRIBUTE_MP_UNREACH;

	write_u16(message, 0);
	uint8_t *length = write_gap(message, 2);
	uint8_t *begin = bgp_attribute_begin(message, code);
	write_family(message);
	if (update->attributes) {
		bgp_attributes_encode(&rest, update->attributes, codec, false);
		ip_write_v6(update->attributes->next_hop, next_hop);
		write_u8(message, IP_BYTES);
		write_bytes(message, next_hop, IP_BYTES);
		write_u8(message, 0);
	}
	if (rest.overflow || writer_length(&rest) > (size_t)(message->end - message->at))
		return 0;
	message->end -= writer_length(&rest);
	size_t taken = write_prefixes(message, update);
	message->end += writer_length(&rest);
	bgp_attribute_end(message, begin);
	write_bytes(message, others, writer_length(&rest));
	put_u16(length, (uint16_t)(message->at - length - 2));
	return taken;
}

size_t bgp_update_encode(const struct bgp_update_out *update, const struct bgp_codec *codec,
	uint8_t out[BGP_MESSAGE_MAX], size_t *taken) {
	struct writer message = bgp_message_begin(out, BGP_UPDATE);

	*taken = update->is_v6 ? write_v6(&message, update, codec) : write_v4(&message, update, codec);
	return *taken > 0 ? bgp_message_end(&message) : 0;
}
