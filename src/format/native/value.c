// Scalars: from the text of the file to what the structs hold.

#include <errno.h>
#include <string.h>

#include "base/assert.h"
#include "base/marks.h"
#include "base/names.h"
#include "base/text.h"
#include "format/native/bind.h"
#include "route/attributes.h"
#include "topo/topo.h"

#define LISTED_WORDS_MAX 12 // a message lists no more words than these

static void mistake(struct binder *binder, const struct field *field, const struct tree_node *node,
	const char *what) {
	bind_mistake(binder, node->place, "%s: \"%s\" %s", field->key, node->text, what);
}

// What an unquoted IPv6 address turns into inside [] and {}: a map with one key.
static bool reads_like_ipv6(const struct tree_node *node) {
	return node->kind == TREE_MAP && node->count > 0 && strchr(node->keys[0]->text, ':') &&
		strspn(node->keys[0]->text, "0123456789abcdefABCDEF:") == strlen(node->keys[0]->text);
}

static bool is_scalar(
	struct binder *binder, const struct field *field, const struct tree_node *node) {
	if (node->kind == TREE_SCALAR)
		return true;
	if (reads_like_ipv6(node))
		bind_mistake(binder, node->keys[0]->place,
			"%s: an IPv6 address that ends in a colon reads as a map here; quote it: \"%s:\"",
			field->key, node->keys[0]->text);
	else if (node->kind == TREE_NULL && !node->is_quoted)
		bind_mistake(binder, node->place, "%s has no value", field->key);
	else
		bind_mistake(binder, node->place, "%s: expected a single value, not a %s", field->key,
			node->kind == TREE_MAP ? "map" : "list");
	return false;
}

const char *bind_nearest(const char *word, const char *const *words, size_t count) {
	struct names *known = names_new();
	const char *near = NULL;

	for (size_t i = 0; i < count; i++) {
		names_add(known, words[i]);
		if (!near && strcasecmp(words[i], word) == 0)
			near = words[i];
	}
	const char *name = near ? NULL : names_nearest(known, word);
	for (size_t i = 0; name && !near && i < count; i++) // not the table's copy, which goes
		near = text_equal(words[i], name) ? words[i] : NULL;
	names_free(known);
	return near;
}

const char *bind_suggestion(
	struct binder *binder, const char *word, const char *const *words, size_t count) {
	const char *near = bind_nearest(word, words, count), *result = "";
	struct text list;

	if (near)
		return arena_printf(binder->arena, "; did you mean \"%s\"?", near);
	text_init(&list);
	for (size_t i = 0; i < count; i++)
		text_printf(&list, "%s%s", i ? ", " : "", words[i]);
	if (count > 0 && count <= LISTED_WORDS_MAX)
		result = arena_printf(
			binder->arena, "; expected %s%s", count > 1 ? "one of " : "", text_chars(&list));
	text_done(&list);
	return result;
}

static void bind_word(struct binder *binder, const struct field *field,
	const struct tree_node *node, const char **out) {
	size_t count = 0;

	for (; field->words[count]; count++) {
		if (text_equal(field->words[count], node->text)) {
			*out = field->words[count];
			return;
		}
	}
	bind_mistake(binder, node->place, "%s: unknown word \"%s\"%s", field->key, node->text,
		bind_suggestion(binder, node->text, field->words, count));
}

static void bind_bool(
	struct binder *binder, const struct field *field, const struct tree_node *node, bool *out) {
	bool is_true = text_equal(node->text, "true"), is_false = text_equal(node->text, "false");

	if (node->is_quoted || (!is_true && !is_false))
		mistake(binder, field, node, "is not true or false");
	else
		*out = is_true;
}

static bool parse_number(struct binder *binder, const struct field *field,
	const struct tree_node *node, int64_t most, int64_t *out) {
	long long value = 0;
	int64_t least = field->min;

	if (field->max)
		most = field->max;
	int error = node->is_quoted ? -EINVAL : text_to_int(node->text, least, most, &value);
	if (error == -ERANGE)
		bind_mistake(binder, node->place, "%s: %s is outside of %lld to %lld", field->key,
			node->text, (long long)least, (long long)most);
	else if (error != 0)
		mistake(binder, field, node, "is not a whole number");
	*out = value;
	return error == 0;
}

static bool parse_duration(
	struct binder *binder, const struct field *field, const struct tree_node *node, int64_t *out) {
	long long value = 0;
	int error = text_to_duration(node->text, &value);

	if (error != 0 || value < 0) {
		mistake(binder, field, node, "is not a duration, such as 250ms, 2s or 3m");
		return false;
	}
	if (value < field->min || (field->max && value > field->max)) {
		mistake(binder, field, node, "is too short or too long");
		return false;
	}
	*out = value;
	return true;
}

// "1.5Gbps" with `digits` 3 is 1500 and "Gbps": a decimal times 10^digits, exactly.
static bool parse_decimal(const char *text, unsigned digits, uint64_t *out, const char **unit) {
	uint64_t value = 0;
	const char *at = text;
	size_t whole = strspn(at, "0123456789");

	if (whole == 0 || whole > 9)
		return false;
	for (; *at >= '0' && *at <= '9'; at++)
		value = value * 10 + (uint64_t)(*at - '0');
	bool has_point = *at == '.';
	at += has_point;
	if (has_point && (*at < '0' || *at > '9'))
		return false;
	for (unsigned i = 0; i < digits; i++) {
		bool has_digit = has_point && *at >= '0' && *at <= '9';
		value = value * 10 + (has_digit ? (uint64_t)(*at++ - '0') : 0);
	}
	if (*at >= '0' && *at <= '9')
		return false; // finer than can be held
	*unit = at + (*at == ' ');
	*out = value;
	return true;
}

static void bind_rate(
	struct binder *binder, const struct field *field, const struct tree_node *node, uint64_t *out) {
	static const struct {
		const char *unit;
		uint64_t thousandths;
	} units[] = {
		{"bps", 1},
		{"kbps", 1000},
		{"Mbps", 1000000},
		{"Gbps", 1000000000},
		{"Tbps", 1000000000000},
	};
	uint64_t value = 0;
	const char *unit = "";
	bool is_number = parse_decimal(node->text, 3, &value, &unit);

	for (size_t i = 0; is_number && i < sizeof(units) / sizeof(units[0]); i++) {
		uint64_t rate = 0;
		if (!text_equal(unit, units[i].unit) ||
			__builtin_mul_overflow(value, units[i].thousandths, &rate) || rate < 1000)
			continue;
		*out = rate / 1000;
		return;
	}
	mistake(binder, field, node, "is not a rate, such as 50Mbps or 10Gbps");
}

static void bind_loss(
	struct binder *binder, const struct field *field, const struct tree_node *node, uint32_t *out) {
	uint64_t value = 0;
	const char *unit = "";

	if (!parse_decimal(node->text, 4, &value, &unit) || !text_equal(unit, "%") || value > 1000000)
		mistake(binder, field, node, "is not a share, such as 0.1% or 5%");
	else
		*out = (uint32_t)value;
}

static bool parse_address(struct binder *binder, const struct field *field,
	const struct tree_node *node, struct ip *out) {
	if (ip_parse(node->text, out) == 0)
		return true;
	mistake(binder, field, node, "is not an address, such as 10.0.0.4");
	return false;
}

static void bind_prefix(struct binder *binder, const struct field *field,
	const struct tree_node *node, struct prefix *out) {
	struct prefix parsed = {IP_NONE, 0};
	char text[PREFIX_TEXT_BYTES];
	int error = prefix_parse(node->text, &parsed);

	if (error == -EDOM)
		bind_mistake(binder, node->place,
			"%s: \"%s\" has bits set behind its length; did you mean %s?", field->key, node->text,
			prefix_format(parsed, text));
	else if (error != 0)
		mistake(binder, field, node, "is not a prefix, such as 10.0.0.0/24");
	else
		*out = parsed;
}

static void bind_interface_address(struct binder *binder, const struct field *field,
	const struct tree_node *node, struct topo_address *out) {
	struct topo_address parsed;

	if (prefix_parse_interface(node->text, &parsed.address, &parsed.network) == 0)
		*out = parsed;
	else
		mistake(binder, field, node, "is not an interface's address, such as 10.0.0.1/24");
}

static void bind_seed(
	struct binder *binder, const struct field *field, const struct tree_node *node, uint64_t *out) {
	int64_t value = 0;

	if (parse_number(binder, field, node, INT64_MAX, &value))
		*out = (uint64_t)value;
}

static void bind_signed(
	struct binder *binder, const struct field *field, const struct tree_node *node, int64_t *out) {
	int64_t value = 0;

	if (parse_number(binder, field, node, UINT32_MAX, &value))
		*out = value;
}

static void bind_number(
	struct binder *binder, const struct field *field, const struct tree_node *node, uint32_t *out) {
	int64_t value = 0;

	if (parse_number(binder, field, node, UINT32_MAX, &value))
		*out = (uint32_t)value;
}

static void bind_v4_number(
	struct binder *binder, const struct field *field, const struct tree_node *node, uint32_t *out) {
	struct ip address = IP_NONE;

	if (!parse_address(binder, field, node, &address))
		return;
	if (ip_is_v4(address))
		*out = ip_v4(address);
	else
		mistake(binder, field, node, "is not written as an IPv4 address");
}

static void bind_duration(
	struct binder *binder, const struct field *field, const struct tree_node *node, int64_t *out) {
	int64_t value = 0;

	if (parse_duration(binder, field, node, &value))
		*out = value == 0 && field->kind == FIELD_DURATION_OR_ZERO ? -1 : value;
}

enum field_kind bind_item_kind(enum field_kind kind, size_t *bytes) {
	static const struct {
		enum field_kind list, item;
		size_t bytes;
	} lists[] = {
		{FIELD_TEXTS, FIELD_TEXT, sizeof(char *)},
		{FIELD_WORDS, FIELD_WORD, sizeof(char *)},
		{FIELD_NUMBERS, FIELD_NUMBER, sizeof(uint32_t)},
		{FIELD_ADDRESSES, FIELD_ADDRESS, sizeof(struct ip)},
		{FIELD_V4_NUMBERS, FIELD_V4_NUMBER, sizeof(uint32_t)},
		{FIELD_PREFIXES, FIELD_PREFIX, sizeof(struct prefix)},
		{FIELD_INTERFACE_ADDRESSES, FIELD_INTERFACE_ADDRESSES, sizeof(struct topo_address)},
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (lists[i].list != kind)
			continue;
		*bytes = lists[i].bytes;
		return lists[i].item;
	}
	*bytes = 0;
	return kind;
}

static void bind_scalar(
	struct binder *binder, const struct field *field, const struct tree_node *node, void *member) {
	if (!is_scalar(binder, field, node))
		return;
	switch (field->kind) {
	case FIELD_TEXT:
		*(const char **)member = node->text;
		break;
	case FIELD_BOOL:
		bind_bool(binder, field, node, member);
		break;
	case FIELD_NOT: {
		bool value = true;
		bind_bool(binder, field, node, &value);
		*(bool *)member = !value;
		break;
	}
	case FIELD_NUMBER:
		bind_number(binder, field, node, member);
		break;
	case FIELD_SIGNED:
		bind_signed(binder, field, node, member);
		break;
	case FIELD_SEED:
		bind_seed(binder, field, node, member);
		break;
	case FIELD_DURATION:
	case FIELD_DURATION_OR_ZERO:
	case FIELD_DURATION_OR_UNSET:
		bind_duration(binder, field, node, member);
		break;
	case FIELD_RATE:
		bind_rate(binder, field, node, member);
		break;
	case FIELD_LOSS:
		bind_loss(binder, field, node, member);
		break;
	case FIELD_ADDRESS:
		parse_address(binder, field, node, member);
		break;
	case FIELD_V4_NUMBER:
		bind_v4_number(binder, field, node, member);
		break;
	case FIELD_PREFIX:
		bind_prefix(binder, field, node, member);
		break;
	case FIELD_WORD:
		bind_word(binder, field, node, member);
		break;
	case FIELD_INTERFACE_ADDRESSES:
		bind_interface_address(binder, field, node, member);
		break;
	case FIELD_TEXTS:
	case FIELD_WORDS:
	case FIELD_PICKS:
	case FIELD_NUMBERS:
	case FIELD_ADDRESSES:
	case FIELD_V4_NUMBERS:
	case FIELD_PREFIXES:
	case FIELD_OBJECT:
	case FIELD_NAMED:
	case FIELD_LISTED:
	case FIELD_IGNORED:
	case FIELD_LATER:
		assert(!"a field of one value");
	}
}

bool bind_value(
	struct binder *binder, const struct field *field, const struct tree_node *node, void *member) {
	struct marks *marks = diagnostics_marks(binder->mistakes);
	size_t told = binder->told;

	marks_place_set(marks, member, node->place);
	bind_scalar(binder, field, node, member);
	if (binder->told != told)
		marks_doubt(marks, member);
	return binder->told == told;
}
