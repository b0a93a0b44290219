// Path attributes on the wire: a table with a row per attribute.

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "proto/bgp/bgp_wire_int.h"

enum { // flags, RFC 4271 4.3
	FLAG_OPTIONAL = 0x80,
	FLAG_TRANSITIVE = 0x40,
	FLAG_PARTIAL = 0x20,
	FLAG_EXTENDED = 0x10,
};
#define FLAGS_FIXED (FLAG_OPTIONAL | FLAG_TRANSITIVE)
#define FLAGS_USED 0xf0 // the lower half is ignored when received and sent as zero

enum { // AS path segment types
	SEGMENT_SET = 1,
	SEGMENT_SEQUENCE = 2,
};
#define SEGMENT_MAX 255 // its count is one octet

struct decoding {
	struct bgp_update *update;
	const struct bgp_codec *codec;
	struct bgp_error *error;
	struct as_hop as4_path[AS_PATH_MAX];
	uint16_t as4_count;
	uint32_t seen[256 / 32]; // attribute codes met so far
};

struct attribute {
	uint8_t flags, code;
	struct reader value;
};

// False when the value is malformed.
typedef bool decode_fn(struct decoding *decoding, const struct attribute *attribute);

// `unit`: the length is a multiple of it. `is_internal`: ignored from external peers. `on_error`:
// what RFC 7606 7 demands.
struct attribute_row {
	uint8_t code, flags;
	uint16_t min_bytes, max_bytes;
	uint8_t unit;
	bool is_internal;
	enum bgp_treatment on_error;
	decode_fn *decode;
};

static bool decode_origin(struct decoding *decoding, const struct attribute *attribute) {
	struct reader in = attribute->value;
	uint8_t origin = read_u8(&in);

	if (origin > ORIGIN_INCOMPLETE)
		return false;
	decoding->update->attributes.origin = origin;
	return true;
}

// AS 0 is malformed by RFC 7607, confederation segments from outside one by RFC 5065 5.
static bool read_as_path(
	struct reader in, bool has_as4, struct as_hop out[AS_PATH_MAX], uint16_t *count) {
	uint8_t sets = 0;
	uint16_t total = 0;

	while (reader_left(&in) > 0) {
		uint8_t type = read_u8(&in);
		uint8_t length = read_u8(&in);
		if (length == 0 || (type != SEGMENT_SET && type != SEGMENT_SEQUENCE))
			return false;
		if (length > AS_PATH_MAX - total)
			return false;
		if (type == SEGMENT_SET)
			sets++;
		for (uint8_t i = 0; i < length; i++) {
			uint32_t asn = has_as4 ? read_u32(&in) : read_u16(&in);
			if (asn == 0) // also what a short read gives
				return false;
			out[total++] = (struct as_hop){asn, type == SEGMENT_SET ? sets : 0};
		}
	}
	*count = total;
	return true;
}

static bool decode_as_path(struct decoding *decoding, const struct attribute *attribute) {
	return read_as_path(attribute->value, decoding->codec->has_as4, decoding->update->as_path,
		&decoding->update->attributes.as_count);
}

// RFC 6793 6: between two new speakers it must not appear and is discarded.
static bool decode_as4_path(struct decoding *decoding, const struct attribute *attribute) {
	if (decoding->codec->has_as4)
		return false;
	return read_as_path(attribute->value, true, decoding->as4_path, &decoding->as4_count);
}

static bool is_host(struct ip address) {
	return !ip_is_unusable_host(address) && !ip_is_multicast(address) && !ip_is_loopback(address);
}

static bool decode_next_hop(struct decoding *decoding, const struct attribute *attribute) {
	struct ip address;

	ip_read_v4(&address, attribute->value.at);
	decoding->update->next_hop[BGP_PART_CLASSIC] = address;
	return is_host(address);
}

static bool decode_med(struct decoding *decoding, const struct attribute *attribute) {
	struct reader in = attribute->value;

	decoding->update->attributes.med = read_u32(&in);
	decoding->update->attributes.has_med = true;
	return true;
}

static bool decode_local_preference(struct decoding *decoding, const struct attribute *attribute) {
	struct reader in = attribute->value;

	decoding->update->attributes.local_preference = read_u32(&in);
	decoding->update->attributes.has_local_preference = true;
	return true;
}

static bool decode_atomic(struct decoding *decoding, const struct attribute *attribute) {
	(void)attribute;
	decoding->update->attributes.atomic_aggregate = true;
	return true;
}

static int compare_u32(const void *a, const void *b) {
	const uint32_t *x = a;
	const uint32_t *y = b;

	return (*x > *y) - (*x < *y);
}

static bool decode_communities(struct decoding *decoding, const struct attribute *attribute) {
	struct bgp_update *update = decoding->update;
	struct reader in = attribute->value;
	uint16_t count = 0;
	uint16_t kept = 0;

	while (reader_left(&in) > 0)
		update->communities[count++] = read_u32(&in);
	qsort(update->communities, count, sizeof(*update->communities), compare_u32);
	for (uint16_t i = 0; i < count; i++)
		if (i == 0 || update->communities[i] != update->communities[i - 1])
			update->communities[kept++] = update->communities[i];
	update->attributes.community_count = kept;
	return true;
}

// Recognised but of no use here: only a route reflector acts on them.
static bool decode_ignored(struct decoding *decoding, const struct attribute *attribute) {
	(void)decoding;
	(void)attribute;
	return true;
}

// Keeps an attribute as it came, to be passed on.
static bool keep(struct decoding *decoding, uint8_t flags, const struct attribute *attribute) {
	struct bgp_update *update = decoding->update;
	size_t used = update->attributes.unknown_bytes;
	size_t length = reader_left(&attribute->value);
	struct writer out = writer_of(update->unknown + used, ATTRIBUTES_UNKNOWN_MAX - used);

	write_u8(&out, flags);
	write_u8(&out, attribute->code);
	if (flags & FLAG_EXTENDED)
		write_u16(&out, (uint16_t)length);
	else
		write_u8(&out, (uint8_t)length);
	write_bytes(&out, attribute->value.at, length);
	if (out.overflow)
		return false;
	update->attributes.unknown_bytes = (uint16_t)(used + writer_length(&out));
	return true;
}

static bool decode_opaque(struct decoding *decoding, const struct attribute *attribute) {
	return keep(decoding, attribute->flags, attribute);
}

#define AGGREGATOR_AS2_BYTES 6
#define AGGREGATOR_AS4_BYTES 8

// Kept in its four-octet form whatever the session's.
static bool decode_aggregator(struct decoding *decoding, const struct attribute *attribute) {
	struct reader in = attribute->value;
	bool has_as4 = decoding->codec->has_as4;
	uint8_t value[AGGREGATOR_AS4_BYTES];

	if (reader_left(&in) != (has_as4 ? AGGREGATOR_AS4_BYTES : AGGREGATOR_AS2_BYTES))
		return false;
	uint32_t asn = has_as4 ? read_u32(&in) : read_u16(&in);
	uint32_t address = read_u32(&in);
	if (asn == 0) // RFC 7607
		return false;
	put_u32(value, asn);
	put_u32(value + 4, address);
	struct attribute wide = *attribute;
	wide.value = reader_of(value, sizeof(value));
	return keep(decoding, FLAGS_FIXED | (attribute->flags & FLAG_PARTIAL), &wide);
}

#define IPV4_BYTES 4
#define IPV6_BYTES 16

static bool read_mp_next_hop(struct reader in, bool is_v6, struct ip *out) {
	size_t length = reader_left(&in);

	// A link-local address may follow the global one (RFC 2545 3); it is not needed here.
	if (is_v6 ? length != IPV6_BYTES && length != 2 * IPV6_BYTES : length != IPV4_BYTES)
		return false;
	if (is_v6)
		ip_read_v6(out, in.at);
	else
		ip_read_v4(out, in.at);
	return true;
}

static bool decode_mp_reach(struct decoding *decoding, const struct attribute *attribute) {
	struct bgp_update *update = decoding->update;
	struct reader in = attribute->value;
	uint16_t afi = read_u16(&in);
	uint8_t safi = read_u8(&in);
	uint8_t length = read_u8(&in);
	struct reader next_hop = read_part(&in, length);
	struct ip address;

	read_skip(&in, 1);
	if (in.short_read)
		return false;
	uint8_t family = bgp_family(afi, safi);
	if (family == 0)
		return true; // nobody asked for it
	struct bgp_nlri nlri = {in, family == BGP_IPV6};
	if (!read_mp_next_hop(next_hop, nlri.is_v6, &address) || !bgp_nlri_is_sound(nlri))
		return false;
	update->reached[BGP_PART_MP] = nlri;
	update->next_hop[BGP_PART_MP] = address;
	if ((!is_host(address) || ip_is_v4(address) == nlri.is_v6) &&
		update->treatment < BGP_TREAT_WITHDRAW) {
		update->treatment = BGP_TREAT_WITHDRAW;
		update->offender = ATTRIBUTE_MP_REACH;
	}
	return true;
}

static bool decode_mp_unreach(struct decoding *decoding, const struct attribute *attribute) {
	struct reader in = attribute->value;
	uint16_t afi = read_u16(&in);
	uint8_t safi = read_u8(&in);

	if (in.short_read)
		return false;
	uint8_t family = bgp_family(afi, safi);
	struct bgp_nlri nlri = {in, family == BGP_IPV6};
	if (family == 0)
		return true;
	if (!bgp_nlri_is_sound(nlri))
		return false;
	decoding->update->withdrawn[BGP_PART_MP] = nlri;
	return true;
}

#define WELL_KNOWN FLAG_TRANSITIVE
#define OPTIONAL FLAG_OPTIONAL
#define PASSED_ON (FLAG_OPTIONAL | FLAG_TRANSITIVE)
#define ANY_BYTES UINT16_MAX

static const struct attribute_row ROWS[] = {
	{ATTRIBUTE_ORIGIN, WELL_KNOWN, 1, 1, 1, false, BGP_TREAT_WITHDRAW, decode_origin},
	{ATTRIBUTE_AS_PATH, WELL_KNOWN, 0, ANY_BYTES, 1, false, BGP_TREAT_WITHDRAW, decode_as_path},
	{ATTRIBUTE_NEXT_HOP, WELL_KNOWN, 4, 4, 1, false, BGP_TREAT_WITHDRAW, decode_next_hop},
	{ATTRIBUTE_MED, OPTIONAL, 4, 4, 1, false, BGP_TREAT_WITHDRAW, decode_med},
	{ATTRIBUTE_LOCAL_PREFERENCE, WELL_KNOWN, 4, 4, 1, true, BGP_TREAT_WITHDRAW,
		decode_local_preference},
	{ATTRIBUTE_ATOMIC_AGGREGATE, WELL_KNOWN, 0, 0, 1, false, BGP_TREAT_DISCARD, decode_atomic},
	{ATTRIBUTE_AGGREGATOR, PASSED_ON, 6, 8, 1, false, BGP_TREAT_DISCARD, decode_aggregator},
	{ATTRIBUTE_COMMUNITIES, PASSED_ON, 4, 4 * COMMUNITIES_MAX, 4, false, BGP_TREAT_WITHDRAW,
		decode_communities},
	{ATTRIBUTE_ORIGINATOR_ID, OPTIONAL, 4, 4, 1, true, BGP_TREAT_WITHDRAW, decode_ignored},
	{ATTRIBUTE_CLUSTER_LIST, OPTIONAL, 4, ANY_BYTES, 4, true, BGP_TREAT_WITHDRAW, decode_ignored},
	{ATTRIBUTE_MP_REACH, OPTIONAL, 5, ANY_BYTES, 1, false, BGP_TREAT_RESET, decode_mp_reach},
	{ATTRIBUTE_MP_UNREACH, OPTIONAL, 3, ANY_BYTES, 1, false, BGP_TREAT_RESET, decode_mp_unreach},
	{ATTRIBUTE_EXTENDED_COMMUNITIES, PASSED_ON, 8, ANY_BYTES, 8, false, BGP_TREAT_WITHDRAW,
		decode_opaque},
	{ATTRIBUTE_AS4_PATH, PASSED_ON, 0, ANY_BYTES, 1, false, BGP_TREAT_DISCARD, decode_as4_path},
	{ATTRIBUTE_AS4_AGGREGATOR, PASSED_ON, 8, 8, 1, false, BGP_TREAT_DISCARD, decode_ignored},
	{ATTRIBUTE_LARGE_COMMUNITIES, PASSED_ON, 12, ANY_BYTES, 12, false, BGP_TREAT_WITHDRAW,
		decode_opaque},
};

static const struct attribute_row *row_of(uint8_t code) {
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++)
		if (ROWS[i].code == code)
			return &ROWS[i];
	return NULL;
}

static void treat(struct decoding *decoding, enum bgp_treatment treatment, uint8_t code) {
	struct bgp_update *update = decoding->update;

	if (treatment <= update->treatment)
		return;
	update->treatment = treatment;
	update->offender = code;
}

static int decode_unknown(struct decoding *decoding, const struct attribute *attribute) {
	if (!(attribute->flags & FLAG_OPTIONAL))
		return bgp_fail(decoding->error, BGP_ERROR_UPDATE, BGP_UPDATE_UNKNOWN_WELL_KNOWN);
	if ((attribute->flags & FLAG_TRANSITIVE) &&
		!keep(decoding, attribute->flags | FLAG_PARTIAL, attribute))
		treat(decoding, BGP_TREAT_DISCARD, attribute->code);
	return 0;
}

static bool length_fits(const struct attribute_row *row, size_t length) {
	return length >= row->min_bytes && length <= row->max_bytes && length % row->unit == 0;
}

static int decode_one(struct decoding *decoding, const struct attribute *attribute) {
	const struct attribute_row *row = row_of(attribute->code);
	uint32_t *word = &decoding->seen[attribute->code / 32];
	uint32_t bit = UINT32_C(1) << attribute->code % 32;

	if (*word & bit) { // RFC 7606 3 g: the first one counts, save for the multiprotocol ones
		if (row && row->on_error == BGP_TREAT_RESET)
			return bgp_fail(decoding->error, BGP_ERROR_UPDATE, BGP_UPDATE_MALFORMED);
		return 0;
	}
	*word |= bit;
	if (!row)
		return decode_unknown(decoding, attribute);
	if (row->is_internal && decoding->codec->is_external)
		return 0;
	enum bgp_treatment treatment = BGP_TREAT_NORMAL;
	if ((attribute->flags & FLAGS_FIXED) != row->flags) // RFC 7606 3 c
		treatment = BGP_TREAT_WITHDRAW;
	if (!length_fits(row, reader_left(&attribute->value)) || !row->decode(decoding, attribute))
		treatment = row->on_error > treatment ? row->on_error : treatment;
	if (treatment == BGP_TREAT_RESET)
		return bgp_fail(decoding->error, BGP_ERROR_UPDATE, BGP_UPDATE_BAD_OPTIONAL);
	treat(decoding, treatment, attribute->code);
	return 0;
}

static bool was_seen(const struct decoding *decoding, uint8_t code) {
	return decoding->seen[code / 32] >> code % 32 & 1;
}

// RFC 7606 3 d.
static void check_mandatory(struct decoding *decoding) {
	struct bgp_update *update = decoding->update;
	bool has_classic = reader_left(&update->reached[BGP_PART_CLASSIC].bytes) > 0;
	bool has_mp = reader_left(&update->reached[BGP_PART_MP].bytes) > 0;

	if (!has_classic && !has_mp)
		return;
	if (!was_seen(decoding, ATTRIBUTE_ORIGIN))
		treat(decoding, BGP_TREAT_WITHDRAW, ATTRIBUTE_ORIGIN);
	if (!was_seen(decoding, ATTRIBUTE_AS_PATH))
		treat(decoding, BGP_TREAT_WITHDRAW, ATTRIBUTE_AS_PATH);
	if (has_classic && !was_seen(decoding, ATTRIBUTE_NEXT_HOP))
		treat(decoding, BGP_TREAT_WITHDRAW, ATTRIBUTE_NEXT_HOP);
}

static unsigned hops_length(const struct as_hop *hops, size_t count) {
	unsigned length = 0;

	for (size_t i = 0; i < count; i++)
		length += hops[i].set == 0 || i == 0 || hops[i - 1].set != hops[i].set;
	return length;
}

// RFC 6793 4.2.3: what old speakers put in front stays, behind it comes the true path.
static void merge_as4_path(struct decoding *decoding) {
	struct bgp_update *update = decoding->update;
	unsigned old = hops_length(update->as_path, update->attributes.as_count);
	unsigned wide = hops_length(decoding->as4_path, decoding->as4_count);
	uint16_t count = 0;

	if (decoding->as4_count == 0 || old < wide)
		return;
	while (count < update->attributes.as_count &&
		hops_length(update->as_path, count + 1U) <= old - wide)
		count++;
	// Sets of the two parts must not run together.
	uint8_t last_set = 0;
	for (uint16_t i = 0; i < count; i++)
		last_set = update->as_path[i].set > last_set ? update->as_path[i].set : last_set;
	for (uint16_t i = 0; i < decoding->as4_count && count < AS_PATH_MAX; i++) {
		struct as_hop hop = decoding->as4_path[i];
		if (hop.set != 0)
			hop.set = (uint8_t)(hop.set + last_set);
		update->as_path[count++] = hop;
	}
	update->attributes.as_count = count;
}

int bgp_attributes_decode(struct reader list, const struct bgp_codec *codec, struct bgp_update *out,
	struct bgp_error *error) {
	struct decoding decoding = {.update = out, .codec = codec, .error = error};

	while (reader_left(&list) > 0) {
		struct attribute attribute = {0};
		attribute.flags = read_u8(&list) & FLAGS_USED;
		attribute.code = read_u8(&list);
		uint16_t length = attribute.flags & FLAG_EXTENDED ? read_u16(&list) : read_u8(&list);
		attribute.value = read_part(&list, length);
		if (list.short_read) { // RFC 7606 4: the rest is unreadable, the prefixes are not
			treat(&decoding, BGP_TREAT_WITHDRAW, attribute.code);
			break;
		}
		if (decode_one(&decoding, &attribute) < 0)
			return -EPROTO;
	}
	check_mandatory(&decoding);
	merge_as4_path(&decoding);
	return 0;
}

uint8_t *bgp_attribute_begin(struct writer *out, uint8_t code) {
	const struct attribute_row *row = row_of(code);

	assert(row != NULL);
	write_u8(out, row->flags | FLAG_EXTENDED);
	write_u8(out, code);
	return write_gap(out, 2);
}

void bgp_attribute_end(struct writer *out, uint8_t *length) {
	if (!out->overflow)
		put_u16(length, (uint16_t)(out->at - length - 2));
}

static void write_attribute_header(struct writer *out, uint8_t code, uint8_t length) {
	write_u8(out, row_of(code)->flags);
	write_u8(out, code);
	write_u8(out, length);
}

static void write_attribute_u32(struct writer *out, uint8_t code, uint32_t value) {
	write_attribute_header(out, code, 4);
	write_u32(out, value);
}

static size_t segment_length(const struct attributes_spec *spec, size_t from) {
	size_t length = 1;

	while (from + length < spec->as_count && length < SEGMENT_MAX &&
		spec->as_path[from + length].set == spec->as_path[from].set)
		length++;
	return length;
}

static void write_as_path(
	struct writer *out, uint8_t code, const struct attributes_spec *spec, bool has_as4) {
	uint8_t *begin = bgp_attribute_begin(out, code);

	for (size_t i = 0; i < spec->as_count;) {
		size_t length = segment_length(spec, i);
		write_u8(out, spec->as_path[i].set ? SEGMENT_SET : SEGMENT_SEQUENCE);
		write_u8(out, (uint8_t)length);
		for (size_t end = i + length; i < end; i++) {
			uint32_t asn = spec->as_path[i].asn;
			if (has_as4)
				write_u32(out, asn);
			else
				write_u16(out, (uint16_t)(asn > UINT16_MAX ? BGP_AS_TRANS : asn));
		}
	}
	bgp_attribute_end(out, begin);
}

static bool has_wide_asn(const struct attributes_spec *spec) {
	for (size_t i = 0; i < spec->as_count; i++)
		if (spec->as_path[i].asn > UINT16_MAX)
			return true;
	return false;
}

// Only speakers of four-octet ASNs can read the AGGREGATOR as it is kept.
static void write_kept(
	struct writer *out, const struct attributes_spec *spec, const struct bgp_codec *codec) {
	struct reader in = reader_of(spec->unknown, spec->unknown_bytes);

	while (reader_left(&in) > 0) {
		const uint8_t *begin = in.at;
		uint8_t flags = read_u8(&in);
		uint8_t code = read_u8(&in);
		uint16_t length = flags & FLAG_EXTENDED ? read_u16(&in) : read_u8(&in);
		read_skip(&in, length);
		assert(!in.short_read);
		if (codec->has_as4 || code != ATTRIBUTE_AGGREGATOR)
			write_bytes(out, begin, (size_t)(in.at - begin));
	}
}

void bgp_attributes_encode(struct writer *out, const struct attributes_spec *spec,
	const struct bgp_codec *codec, bool has_next_hop) {
	write_attribute_header(out, ATTRIBUTE_ORIGIN, 1);
	write_u8(out, (uint8_t)spec->origin);
	write_as_path(out, ATTRIBUTE_AS_PATH, spec, codec->has_as4);
	if (has_next_hop)
		write_attribute_u32(out, ATTRIBUTE_NEXT_HOP, ip_v4(spec->next_hop));
	if (spec->has_med)
		write_attribute_u32(out, ATTRIBUTE_MED, spec->med);
	if (spec->has_local_preference && !codec->is_external)
		write_attribute_u32(out, ATTRIBUTE_LOCAL_PREFERENCE, spec->local_preference);
	if (spec->atomic_aggregate)
		write_attribute_header(out, ATTRIBUTE_ATOMIC_AGGREGATE, 0);
	if (spec->community_count > 0) {
		uint8_t *begin = bgp_attribute_begin(out, ATTRIBUTE_COMMUNITIES);
		for (size_t i = 0; i < spec->community_count; i++)
			write_u32(out, spec->communities[i]);
		bgp_attribute_end(out, begin);
	}
	if (!codec->has_as4 && has_wide_asn(spec))
		write_as_path(out, ATTRIBUTE_AS4_PATH, spec, true);
	write_kept(out, spec, codec);
}
