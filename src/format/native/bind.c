#include "format/native/bind.h"

#include <stdarg.h>
#include <string.h>

#include "base/assert.h"
#include "base/marks.h"
#include "base/text.h"
#include "format/native/native.h"
#include "net/ip.h"

#define NAME_BYTES_MAX 80
#define KEYS_MAX 64                    // of one object, as many as a word has bits
#define MEMBER_BYTES_MAX ((size_t)128) // of a field that is no object

static void *member_at(void *base, uint16_t offset) {
	return (char *)base + offset;
}

void bind_mistake(struct binder *binder, struct place place, const char *format, ...) {
	va_list args;

	va_start(args, format);
	diagnostics_tell(binder->mistakes, place, NULL, format, args);
	va_end(args);
	binder->told++;
}

static void doubt(struct binder *binder, const void *member) {
	marks_doubt(diagnostics_marks(binder->mistakes), member);
}

static void doubt_object(struct binder *binder, const struct object *object, void *base);

static void doubt_field(struct binder *binder, const struct field *field, void *base) {
	if (field->kind == FIELD_OBJECT)
		doubt_object(binder, field->object, member_at(base, field->offset));
	else if (field->kind != FIELD_IGNORED && field->kind != FIELD_LATER)
		doubt(binder, member_at(base, field->offset));
}

static void doubt_object(struct binder *binder, const struct object *object, void *base) {
	for (const struct field *field = object->fields; field->key; field++)
		doubt_field(binder, field, base);
}

// False, once with a message, when the file costs more than it may.
static bool visit(struct binder *binder, const struct tree_node *node) {
	if (binder->visits > NATIVE_VISITS_MAX)
		return false;
	if (++binder->visits <= NATIVE_VISITS_MAX)
		return true;
	bind_mistake(binder, node->place,
		"the file has too many values once its aliases are followed; the limit is %d",
		NATIVE_VISITS_MAX);
	return false;
}

static bool is_nothing(const struct tree_node *node) {
	return node->kind == TREE_NULL;
}

// What is wrong with a name that is to stand in names of nodes and links ("a--b#2", "vnet/subnet").
static const char *name_mistake(const char *name, enum name_kind kind) {
	size_t length = strlen(name);

	if (length == 0)
		return "may not be empty";
	if (length > NAME_BYTES_MAX)
		return "is longer than 80 characters";
	for (const char *at = name; *at; at++) {
		bool is_alphanumeric =
			(*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9');
		if (!is_alphanumeric && !strchr(kind == NAME_NODE ? "._-" : "._-/", *at))
			return kind == NAME_NODE
				? "may hold only letters, digits, \".\", \"_\" and \"-\""
				: "may hold only letters, digits, \".\", \"_\", \"-\" and \"/\"";
	}
	if (name[0] == '-' || name[length - 1] == '-')
		return "may not begin or end with \"-\"";
	return strstr(name, "--") ? "may not hold \"--\", which joins the ends of a link" : NULL;
}

static void bind_name(
	struct binder *binder, const struct object *object, const struct tree_node *key, void *base) {
	void *member = member_at(base, object->name_offset);

	if (object->name_kind == NAME_ADDRESS) {
		static const struct field field = {.key = "neighbors", .kind = FIELD_ADDRESS};
		bind_value(binder, &field, key, member);
		return;
	}
	marks_place_set(diagnostics_marks(binder->mistakes), member, key->place);
	const char *mistake = name_mistake(key->text, object->name_kind);
	if (mistake) {
		bind_mistake(binder, key->place, "the name \"%s\" %s", key->text, mistake);
		doubt(binder, member);
	}
	*(const char **)member = key->text;
}

// Azure's own JSON wraps lists of prefixes: addressSpace: {addressPrefixes: [...]}.
static const struct tree_node *unwrap_prefixes(
	const struct field *field, const struct tree_node *node) {
	if (field->kind == FIELD_PREFIXES && node->kind == TREE_MAP && node->count == 1 &&
		text_equal(node->keys[0]->text, "addressPrefixes"))
		return node->values[0];
	return node;
}

static void bind_list(
	struct binder *binder, const struct field *field, const struct tree_node *given, void *base) {
	struct field item = *field;
	size_t bytes = 0;
	const struct tree_node *node = unwrap_prefixes(field, given);
	size_t *count = member_at(base, field->count_offset);
	void *slot = member_at(base, field->offset);

	item.kind = bind_item_kind(field->kind, &bytes);
	if (is_nothing(node))
		return;
	if (*count) {
		bind_mistake(binder, node->place, "%s says again what another key said", field->key);
		doubt(binder, slot);
		return;
	}
	size_t length = node->kind == TREE_LIST ? node->count : 1;
	char *items = arena_alloc(binder->arena, memory_product(length, bytes));
	size_t good = 0;
	marks_place_set(diagnostics_marks(binder->mistakes), slot, node->place);
	for (size_t i = 0; i < length; i++) {
		const struct tree_node *value = node->kind == TREE_LIST ? node->values[i] : node;
		if (!visit(binder, value))
			return;
		if (bind_value(binder, &item, value, items + good * bytes))
			good++;
		else
			doubt(binder, slot);
	}
	*(void **)slot = items;
	*count = good;
}

static void bind_picks(
	struct binder *binder, const struct field *field, const struct tree_node *node, void *base) {
	struct field item = *field;
	bool *picks = member_at(base, field->offset);
	size_t length = node->kind == TREE_LIST ? node->count : 1;

	item.kind = FIELD_WORD;
	for (size_t i = 0; i < length; i++) {
		const char *word = NULL;
		const struct tree_node *value = node->kind == TREE_LIST ? node->values[i] : node;
		if (!visit(binder, value))
			return;
		if (!bind_value(binder, &item, value, &word))
			doubt(binder, picks);
		for (size_t k = 0; word && field->words[k]; k++)
			picks[k] |= text_equal(field->words[k], word);
	}
}

// One thing of a FIELD_NAMED or FIELD_LISTED.
static void bind_item(struct binder *binder, const struct object *object,
	const struct tree_node *key, const struct tree_node *value, void *item) {
	bind_object(binder, object, value, item);
	if (!key)
		return;
	bind_name(binder, object, key, item);
	if (object->place_offset != NO_OFFSET)
		*(struct place *)member_at(item, object->place_offset) = key->place;
}

// The array of a FIELD_NAMED or FIELD_LISTED: one struct for each value. A thing whose name stood
// before is read for its own mistakes and left out.
static void bind_array(
	struct binder *binder, const struct field *field, const struct tree_node *node, void *base) {
	const struct object *object = field->object;
	enum tree_kind expected = field->kind == FIELD_NAMED ? TREE_MAP : TREE_LIST;
	size_t *count = member_at(base, field->count_offset);
	void *slot = member_at(base, field->offset);
	size_t kept = 0, next = 0;

	if (is_nothing(node))
		return;
	marks_place_set(diagnostics_marks(binder->mistakes), slot, node->place);
	if (node->kind != expected) {
		bind_mistake(binder, node->place, "%s: expected a %s", field->key,
			field->kind == FIELD_NAMED ? "map from names" : "list, each item behind a \"-\"");
		doubt(binder, slot);
		return;
	}
	for (size_t i = 0; i < node->count; i++)
		kept += expected != TREE_MAP || !node->keys[i]->is_repeated;
	char *items = arena_alloc(binder->arena, memory_product(kept, object->size));
	for (size_t i = 0; i < node->count; i++) {
		const struct tree_node *key = expected == TREE_MAP ? node->keys[i] : NULL;
		bool is_kept = !key || !key->is_repeated;
		void *item =
			is_kept ? items + next++ * object->size : arena_alloc(binder->arena, object->size);
		bind_item(binder, object, key, node->values[i], item);
	}
	*(void **)slot = items;
	*count = kept;
}

static void bind_later(
	struct binder *binder, const struct field *field, const struct tree_node *key) {
	bind_mistake(binder, key->place, "%s is not supported yet%s%s", field->key,
		*field->doc ? ": " : "", field->doc);
}

static void bind_field(
	struct binder *binder, const struct field *field, const struct tree_node *node, void *base) {
	size_t bytes = 0;

	if (!visit(binder, node))
		return;
	if (field->kind == FIELD_IGNORED)
		return;
	if (field->kind == FIELD_OBJECT)
		bind_object(binder, field->object, node, member_at(base, field->offset));
	else if (field->kind == FIELD_NAMED || field->kind == FIELD_LISTED)
		bind_array(binder, field, node, base);
	else if (field->kind == FIELD_PICKS)
		bind_picks(binder, field, node, base);
	else if (bind_item_kind(field->kind, &bytes), bytes)
		bind_list(binder, field, node, base);
	else
		bind_value(binder, field, node, member_at(base, field->offset));
	if (field->kind == FIELD_BOOL && field->count_offset != NO_OFFSET)
		*(bool *)member_at(base, field->count_offset) = true;
}

static void set_unset(const struct object *object, void *base) {
	for (const struct field *field = object->fields; field->key; field++) {
		if (field->kind == FIELD_SIGNED || field->kind == FIELD_DURATION_OR_UNSET)
			*(int64_t *)member_at(base, field->offset) = -1;
		else if (field->kind == FIELD_OBJECT)
			set_unset(field->object, member_at(base, field->offset));
	}
}

static const struct field *find_field(const struct object *object, const char *key) {
	for (const struct field *field = object->fields; field->key; field++) {
		if (text_equal(field->key, key))
			return field;
	}
	return NULL;
}

// The value of a key that stood before: read for its own mistakes, and left out.
static void bind_aside(
	struct binder *binder, const struct field *field, const struct tree_node *node) {
	struct {
		char member[MEMBER_BYTES_MAX];
		size_t count;
	} *room = arena_alloc(binder->arena, sizeof(*room));
	struct field aside = *field;

	aside.offset = 0;
	if (field->count_offset != NO_OFFSET)
		aside.count_offset = MEMBER_BYTES_MAX;
	if (field->kind != FIELD_OBJECT)
		bind_field(binder, &aside, node, room);
	else if (field->object->size > 0)
		bind_object(binder, field->object, node, arena_alloc(binder->arena, field->object->size));
}

static bool has_key(const struct tree_node *node, const char *key) {
	for (size_t i = 0; i < node->count; i++) {
		if (text_equal(node->keys[i]->text, key))
			return true;
	}
	return false;
}

// What stands under a misspelled key is read all the same where it is a part of the file with
// mistakes of its own, and others refer to what is in it.
static void bind_meant(struct binder *binder, const struct field *meant,
	const struct tree_node *node, const struct tree_node *value, void *base) {
	bool is_part = meant->kind == FIELD_NAMED || meant->kind == FIELD_LISTED ||
		(meant->kind == FIELD_OBJECT && value->kind == TREE_MAP);

	if (is_part && !has_key(node, meant->key)) {
		bind_field(binder, meant, value, base);
		return;
	}
	if (is_part)
		bind_aside(binder, meant, value);
	doubt_field(binder, meant, base);
}

// The bit of the field that the key probably means, 0: none.
static uint64_t report_unknown_key(struct binder *binder, const struct object *object,
	const struct tree_node *node, size_t index, void *base) {
	const struct tree_node *key = node->keys[index];
	const char *known[KEYS_MAX];
	size_t count = 0;

	for (const struct field *field = object->fields; field->key; field++) {
		assert(count < KEYS_MAX);
		if (field->kind != FIELD_LATER)
			known[count++] = field->key;
	}
	if (text_equal(key->text, "<<")) {
		bind_mistake(binder, key->place,
			"\"<<\" is not part of YAML 1.2; repeat the keys, or alias a whole value");
		doubt_object(binder, object, base);
		return UINT64_MAX;
	}
	bind_mistake(binder, key->place, "%s has no key \"%s\"%s", object->title, key->text,
		bind_suggestion(binder, key->text, known, count));
	const char *near = bind_nearest(key->text, known, count);
	if (!near)
		return 0;
	const struct field *meant = find_field(object, near);
	bind_meant(binder, meant, node, node->values[index], base);
	return UINT64_C(1) << (meant - object->fields);
}

// `meant`: the fields that misspelled keys stand for.
static void report_missing(struct binder *binder, const struct object *object,
	const struct tree_node *node, uint64_t meant, void *base) {
	for (const struct field *field = object->fields; field->key; field++) {
		bool found = !field->required || (meant >> (field - object->fields) & 1);
		for (size_t i = 0; !found && node->kind == TREE_MAP && i < node->count; i++)
			found = text_equal(node->keys[i]->text, field->key);
		if (found)
			continue;
		bind_mistake(binder, node->place, "%s needs \"%s\"", object->title, field->key);
		doubt_field(binder, field, base);
	}
}

// The fields that misspelled keys stand for, a bit each.
static uint64_t bind_pairs(
	struct binder *binder, const struct object *object, const struct tree_node *node, void *base) {
	uint64_t meant = 0;

	for (size_t i = 0; i < node->count; i++) {
		const struct field *field = find_field(object, node->keys[i]->text);
		if (!field)
			meant |= report_unknown_key(binder, object, node, i, base);
		else if (field->kind == FIELD_LATER)
			bind_later(binder, field, node->keys[i]);
		else if (node->keys[i]->is_repeated)
			bind_aside(binder, field, node->values[i]);
		else
			bind_field(binder, field, node->values[i], base);
	}
	return meant;
}

void bind_object(
	struct binder *binder, const struct object *object, const struct tree_node *node, void *base) {
	if (!visit(binder, node))
		return;
	set_unset(object, base);
	if (object->place_offset != NO_OFFSET)
		*(struct place *)member_at(base, object->place_offset) = node->place;
	if (object->given_offset != NO_OFFSET)
		*(bool *)member_at(base, object->given_offset) = !is_nothing(node);
	if (node->kind == TREE_MAP) {
		uint64_t meant = bind_pairs(binder, object, node, base);
		report_missing(binder, object, node, meant, base);
	} else if (object->shorthand && !is_nothing(node)) {
		bind_field(binder, find_field(object, object->shorthand), node, base);
	} else if (is_nothing(node)) {
		report_missing(binder, object, node, 0, base);
	} else {
		doubt_object(binder, object, base);
		bind_mistake(binder, node->place, "%s is a map of its keys, not a %s", object->title,
			node->kind == TREE_LIST ? "list" : "single value");
	}
}
