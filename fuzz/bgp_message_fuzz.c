// BGP messages off the wire: nothing crashes, and an UPDATE that decodes says the same after it was
// encoded and decoded again.
//
// The first byte chooses the form of the session, the rest is one message.

#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"
#include "proto/bgp/bgp_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

// Encoding and decoding again must give the same attributes, object for object.
static void check_round_trip(struct bgp_update *update, int part, const struct bgp_codec *codec) {
	static uint8_t message[BGP_MESSAGE_MAX];
	static struct bgp_update again;
	struct attributes_table *table = attributes_table_new();
	struct bgp_nlri nlri = update->reached[part];
	struct bgp_error error = {0};
	struct prefix prefix, got;
	size_t taken;

	if (bgp_nlri_next(&nlri, &prefix)) {
		update->attributes.next_hop = update->next_hop[part];
		struct attributes *first = attributes_intern(table, &update->attributes);
		struct bgp_update_out out = {&first->spec, &prefix, 1, !prefix_is_v4(prefix)};
		size_t length = bgp_update_encode(&out, codec, message, &taken);
		// Only old speakers can get a path, written twice, that fits no message.
		assert(length > 0 || !codec->has_as4);
		if (length > 0) {
			struct reader body = reader_of(message + BGP_HEADER_BYTES, length - BGP_HEADER_BYTES);
			assert(bgp_update_decode(body, codec, &again, &error) == 0);
			assert(again.treatment == BGP_TREAT_NORMAL);
			int where = out.is_v6 ? BGP_PART_MP : BGP_PART_CLASSIC;
			again.attributes.next_hop = again.next_hop[where];
			struct attributes *second = attributes_intern(table, &again.attributes);
			assert(!codec->has_as4 || first == second);
			assert(bgp_nlri_next(&again.reached[where], &got) && prefix_equal(got, prefix));
			attributes_unref(table, second);
		}
		attributes_unref(table, first);
	}
	attributes_table_free(table);
}

static void take_update(struct reader body, const struct bgp_codec *codec) {
	static struct bgp_update update;
	struct bgp_error error = {0};
	struct prefix prefix;

	if (bgp_update_decode(body, codec, &update, &error) < 0) {
		assert(error.code == BGP_ERROR_UPDATE);
		return;
	}
	for (int part = 0; part < BGP_PARTS; part++) {
		struct bgp_nlri withdrawn = update.withdrawn[part];
		while (bgp_nlri_next(&withdrawn, &prefix))
			assert(prefix_equal(prefix, prefix_of(prefix.base, prefix.bits)));
		if (update.treatment != BGP_TREAT_WITHDRAW)
			check_round_trip(&update, part, codec);
	}
}

static void take_open(struct reader body) {
	static uint8_t message[BGP_MESSAGE_MAX];
	struct bgp_error error = {0};
	struct bgp_open open, again;

	if (bgp_open_decode(body, &open, &error) < 0)
		return;
	size_t length = bgp_open_encode(&open, message);
	body = reader_of(message + BGP_HEADER_BYTES, length - BGP_HEADER_BYTES);
	// Without a family of ours the encoder says nothing of families, which means IPv4.
	if (open.families != 0 && (open.has_as4 || open.asn <= UINT16_MAX)) {
		assert(bgp_open_decode(body, &again, &error) == 0);
		assert(again.asn == open.asn && again.families == open.families);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
	struct bgp_codec codec = {0};
	struct bgp_header header;
	struct bgp_error error = {0};
	uint8_t family;

	if (size_bytes < 1 + BGP_HEADER_BYTES)
		return 0;
	codec.has_as4 = data[0] & 1;
	codec.is_external = data[0] & 2;
	if (bgp_header_decode(data + 1, &header, &error) < 0 || header.length > size_bytes - 1)
		return 0;
	struct reader body =
		reader_of(data + 1 + BGP_HEADER_BYTES, (size_t)header.length - BGP_HEADER_BYTES);
	switch ((enum bgp_message_type)header.type) {
	case BGP_OPEN:
		take_open(body);
		break;
	case BGP_UPDATE:
		take_update(body, &codec);
		break;
	case BGP_NOTIFICATION:
		(void)bgp_notification_decode(body, &error);
		(void)bgp_error_text(error.code, error.subcode);
		break;
	case BGP_ROUTE_REFRESH:
		(void)bgp_refresh_decode(body, &family);
		break;
	case BGP_KEEPALIVE:
		break;
	}
	return 0;
}
