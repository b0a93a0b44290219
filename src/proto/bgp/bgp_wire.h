// BGP messages: bytes to structs and back, without state.
//
// A decoder fails with -EPROTO and what to say in the NOTIFICATION. Errors in path attributes that
// RFC 7606 softens are not failures: they show in the decoded update's `treatment`.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/wire.h"
#include "net/ip.h"
#include "route/attributes.h"

#define BGP_HEADER_BYTES 19
#define BGP_LENGTH_OFFSET 16 // behind the marker
#define BGP_MESSAGE_MAX 4096 // RFC 4271 4.1
#define BGP_AS_TRANS 23456u  // RFC 6793 9: stands for an ASN that needs four octets

enum bgp_message_type {
	BGP_OPEN = 1,
	BGP_UPDATE = 2,
	BGP_NOTIFICATION = 3,
	BGP_KEEPALIVE = 4,
	BGP_ROUTE_REFRESH = 5, // RFC 2918
};

enum bgp_error_code { // RFC 4271 4.5
	BGP_ERROR_NONE = 0,
	BGP_ERROR_HEADER = 1,
	BGP_ERROR_OPEN = 2,
	BGP_ERROR_UPDATE = 3,
	BGP_ERROR_HOLD = 4,
	BGP_ERROR_FSM = 5,
	BGP_CEASE = 6,
};

enum { // subcodes
	BGP_HEADER_NOT_SYNCHRONIZED = 1,
	BGP_HEADER_BAD_LENGTH = 2,
	BGP_HEADER_BAD_TYPE = 3,
	BGP_OPEN_BAD_VERSION = 1,
	BGP_OPEN_BAD_AS = 2,
	BGP_OPEN_BAD_IDENTIFIER = 3,
	BGP_OPEN_BAD_PARAMETER = 4,
	BGP_OPEN_BAD_HOLD = 6,
	BGP_OPEN_BAD_CAPABILITY = 7, // RFC 5492
	BGP_UPDATE_MALFORMED = 1,
	BGP_UPDATE_UNKNOWN_WELL_KNOWN = 2,
	BGP_UPDATE_BAD_OPTIONAL = 9,
	BGP_UPDATE_BAD_NETWORK = 10,
	BGP_CEASE_MAX_PREFIXES = 1, // RFC 4486
	BGP_CEASE_SHUTDOWN = 2,
	BGP_CEASE_REJECTED = 5,
	BGP_CEASE_COLLISION = 7,
};

#define BGP_ERROR_DATA_MAX 64

// What a NOTIFICATION says. code BGP_ERROR_NONE: nothing.
struct bgp_error {
	uint8_t code, subcode, length;
	uint8_t data[BGP_ERROR_DATA_MAX];
};

const char *bgp_error_text(uint8_t code, uint8_t subcode);

struct bgp_header {
	uint16_t length; // of the whole message
	uint8_t type;
};
int bgp_header_decode(
	const uint8_t bytes[BGP_HEADER_BYTES], struct bgp_header *out, struct bgp_error *error);

enum { // bit set of families
	BGP_IPV4 = 1 << 0,
	BGP_IPV6 = 1 << 1,
};

struct bgp_open {
	uint32_t asn, router_id;
	uint16_t hold_s;
	uint8_t families; // 0 offered by capability means IPv4, and is decoded as that
	bool has_refresh, has_as4;
};

// Bodies are what follows the header. Encoders write a whole message and return its length.
int bgp_open_decode(struct reader body, struct bgp_open *out, struct bgp_error *error);
size_t bgp_open_encode(const struct bgp_open *open, uint8_t out[BGP_MESSAGE_MAX]);
size_t bgp_keepalive_encode(uint8_t out[BGP_MESSAGE_MAX]);
int bgp_notification_decode(struct reader body, struct bgp_error *out); // -EPROTO: answer nothing
size_t bgp_notification_encode(const struct bgp_error *error, uint8_t out[BGP_MESSAGE_MAX]);
// *family 0 when it is one we do not speak.
int bgp_refresh_decode(struct reader body, uint8_t *family);
size_t bgp_refresh_encode(uint8_t family, uint8_t out[BGP_MESSAGE_MAX]);

// What both ends agreed on that the form of an UPDATE depends on.
struct bgp_codec {
	bool has_as4, is_external;
};

// Prefixes in wire form, checked already.
struct bgp_nlri {
	struct reader bytes;
	bool is_v6;
};
// The next prefix that is not meaningless (multicast, an IPv4 prefix in IPv6's clothes).
bool bgp_nlri_next(struct bgp_nlri *nlri, struct prefix *out);

enum bgp_treatment { // RFC 7606 2, from mild to severe
	BGP_TREAT_NORMAL,
	BGP_TREAT_DISCARD,  // an attribute was left out
	BGP_TREAT_WITHDRAW, // all reached prefixes are to be withdrawn
	BGP_TREAT_RESET,
};

// The classic fields of the message and its multiprotocol attributes.
enum { BGP_PART_CLASSIC, BGP_PART_MP, BGP_PARTS };

struct bgp_update {
	struct bgp_nlri withdrawn[BGP_PARTS], reached[BGP_PARTS];
	struct ip next_hop[BGP_PARTS];
	struct attributes_spec attributes; // next_hop unset; its arrays are the ones below
	struct as_hop as_path[AS_PATH_MAX];
	uint32_t communities[COMMUNITIES_MAX];
	uint8_t unknown[ATTRIBUTES_UNKNOWN_MAX];
	enum bgp_treatment treatment; // the most severe one met, never RESET
	uint8_t offender;             // attribute code it was met at
};
int bgp_update_decode(struct reader body, const struct bgp_codec *codec, struct bgp_update *out,
	struct bgp_error *error);

// attributes NULL: withdraws. All prefixes are of one family; attributes->next_hop fits it.
struct bgp_update_out {
	const struct attributes_spec *attributes;
	const struct prefix *prefixes;
	size_t count;
	bool is_v6;
};
// One message with as many prefixes as fit. Returns its length and how many it took; 0 when not
// even one fits beside the attributes.
size_t bgp_update_encode(const struct bgp_update_out *update, const struct bgp_codec *codec,
	uint8_t out[BGP_MESSAGE_MAX], size_t *taken);
