// What the files of the codec share.
#pragma once

#include "proto/bgp/bgp_wire.h"

#define BGP_AFI_IPV4 1
#define BGP_AFI_IPV6 2
#define BGP_SAFI_UNICAST 1

// Both fill *error and return -EPROTO.
int bgp_fail(struct bgp_error *error, uint8_t code, uint8_t subcode);
int bgp_fail_u16(struct bgp_error *error, uint8_t code, uint8_t subcode, uint16_t data);

struct writer bgp_message_begin(uint8_t out[BGP_MESSAGE_MAX], enum bgp_message_type type);
size_t bgp_message_end(struct writer *message); // 0 when it did not fit

uint8_t bgp_family(uint16_t afi, uint8_t safi); // 0 when not one of ours

// Every prefix is whole and no longer than its family allows.
bool bgp_nlri_is_sound(struct bgp_nlri nlri);

// Path attributes, all of them, into `out`. -EPROTO and *error when the session must end.
int bgp_attributes_decode(struct reader list, const struct bgp_codec *codec, struct bgp_update *out,
	struct bgp_error *error);
// Everything but the multiprotocol attributes; NEXT_HOP only where `has_next_hop`.
void bgp_attributes_encode(struct writer *out, const struct attributes_spec *spec,
	const struct bgp_codec *codec, bool has_next_hop);
// Flags, code and an extended length to be filled in; NULL on overflow.
uint8_t *bgp_attribute_begin(struct writer *out, uint8_t code);
void bgp_attribute_end(struct writer *out, uint8_t *length);

enum { // attribute type codes
	ATTRIBUTE_ORIGIN = 1,
	ATTRIBUTE_AS_PATH = 2,
	ATTRIBUTE_NEXT_HOP = 3,
	ATTRIBUTE_MED = 4,
	ATTRIBUTE_LOCAL_PREFERENCE = 5,
	ATTRIBUTE_ATOMIC_AGGREGATE = 6,
	ATTRIBUTE_AGGREGATOR = 7,
	ATTRIBUTE_COMMUNITIES = 8,
	ATTRIBUTE_ORIGINATOR_ID = 9,
	ATTRIBUTE_CLUSTER_LIST = 10,
	ATTRIBUTE_MP_REACH = 14,
	ATTRIBUTE_MP_UNREACH = 15,
	ATTRIBUTE_EXTENDED_COMMUNITIES = 16,
	ATTRIBUTE_AS4_PATH = 17,
	ATTRIBUTE_AS4_AGGREGATOR = 18,
	ATTRIBUTE_LARGE_COMMUNITIES = 32,
};
