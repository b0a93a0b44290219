#include "format/native/bind.h"

#include <string.h>

#include "base/assert.h"
#include "base/text.h"
#include "format/native/native.h"
#include "net/ip.h"

#define NAME_BYTES_MAX 80
#define KEYS_MAX 64 // of one object

static void *member_at(void *base, uint16_t offset) {
	return (char *)base + offset;
}

// False, once with a message, when the file costs more than it may.
static bool visit(struct binder *binder, const struct tree_node *node) {
	if (binder->visits > NATIVE_VISITS_MAX)
		return false;
	if (++binder->visits <= NATIVE_VISITS_MAX)
		return true;
	diagnostics_error(binder->mistakes, node->place,
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
	const char *mistake = name_mistake(key->text, object->name_kind);
	if (mistake)
		diagnostics_error(binder->mistakes, key->place, "the name \"%s\" %s", key->text, mistake);
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

	item.kind = bind_item_kind(field->kind, &bytes);
	if (is_nothing(node))
		return;
	if (*count) {
		diagnostics_error(
			binder->mistakes, node->place, "%s says again what another key said", field->key);
		return;
	}
	size_t length = node->kind == TREE_LIST ? node->count : 1;
	char *items = arena_alloc(binder->arena, memory_product(length, bytes));
	for (size_t i = 0; i < length; i++) {
		const struct tree_node *value = node->kind == TREE_LIST ? node->values[i] : node;
		if (!visit(binder, value))
			return;
		bind_value(binder, &item, value, items + i * bytes);
	}
	*(void **)member_at(base, field->offset) = items;
	*count = length;
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
		bind_value(binder, &item, value, &word);
		for (size_t k = 0; word && field->words[k]; k++)
			picks[k] |= text_equal(field->words[k], word);
	}
}

// The array of a FIELD_NAMED or FIELD_LISTED: one struct for each value.
static void bind_array(
	struct binder *binder, const struct field *field, const struct tree_node *node, void *base) {
	const struct object *object = field->object;
	enum tree_kind expected = field->kind == FIELD_NAMED ? TREE_MAP : TREE_LIST;
	size_t *count = member_at(base, field->count_offset);

	if (is_nothing(node))
		return;
	if (node->kind != expected) {
		diagnostics_error(binder->mistakes, node->place, "%s: expected a %s", field->key,
			field->kind == FIELD_NAMED ? "map from names" : "list, each item behind a \"-\"");
		return;
	}
	char *items = arena_alloc(binder->arena, memory_product(node->count, object->size));
	for (size_t i = 0; i < node->count; i++) {
		void *item = items + i * object->size;
		bind_object(binder, object, node->values[i], item);
		if (expected != TREE_MAP)
			continue;
		bind_name(binder, object, node->keys[i], item);
		if (object->place_offset != NO_OFFSET)
			*(struct place *)member_at(item, object->place_offset) = node->keys[i]->place;
	}
	*(void **)member_at(base, field->offset) = items;
	*count = node->count;
}

static void bind_later(
	struct binder *binder, const struct field *field, const struct tree_node *key) {
	diagnostics_error(binder->mistakes, key->place, "%s is not supported yet%s%s", field->key,
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

static void report_unknown_key(
	struct binder *binder, const struct object *object, const struct tree_node *key) {
	const char *known[KEYS_MAX];
	size_t count = 0;

	for (const struct field *field = object->fields; field->key; field++) {
		assert(count < KEYS_MAX);
		if (field->kind != FIELD_LATER)
			known[count++] = field->key;
	}
	if (text_equal(key->text, "<<"))
		diagnostics_error(binder->mistakes, key->place,
			"\"<<\" is not part of YAML 1.2; repeat the keys, or alias a whole value");
	else
		diagnostics_error(binder->mistakes, key->place, "%s has no key \"%s\"%s", object->title,
			key->text, bind_suggestion(binder, key->text, known, count));
}

static void report_missing(
	struct binder *binder, const struct object *object, const struct tree_node *node) {
	for (const struct field *field = object->fields; field->key; field++) {
		bool found = !field->required;
		for (size_t i = 0; !found && node->kind == TREE_MAP && i < node->count; i++)
			found = text_equal(node->keys[i]->text, field->key);
		if (!found)
			diagnostics_error(
				binder->mistakes, node->place, "%s needs \"%s\"", object->title, field->key);
	}
}

static void bind_pairs(
	struct binder *binder, const struct object *object, const struct tree_node *node, void *base) {
	for (size_t i = 0; i < node->count; i++) {
		const struct field *field = find_field(object, node->keys[i]->text);
		if (!field)
			report_unknown_key(binder, object, node->keys[i]);
		else if (field->kind == FIELD_LATER)
			bind_later(binder, field, node->keys[i]);
		else
			bind_field(binder, field, node->values[i], base);
	}
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
		bind_pairs(binder, object, node, base);
		report_missing(binder, object, node);
	} else if (object->shorthand && !is_nothing(node)) {
		bind_field(binder, find_field(object, object->shorthand), node, base);
	} else if (is_nothing(node)) {
		report_missing(binder, object, node);
	} else {
		diagnostics_error(binder->mistakes, node->place, "%s is a map of its keys, not a %s",
			object->title, node->kind == TREE_LIST ? "list" : "single value");
	}
}
