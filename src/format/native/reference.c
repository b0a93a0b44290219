// The reference of every key as Markdown, from the tables that read the file.

#include <string.h>

#include "base/assert.h"
#include "format/native/native.h"
#include "format/native/tables.h"

#define OBJECTS_MAX 64

struct object_list {
	const struct object *items[OBJECTS_MAX];
	size_t count;
};

static bool is_listed(const struct object_list *list, const struct object *object) {
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i] == object)
			return true;
	}
	return false;
}

// An object, then those its keys lead to, in the order of the keys.
static void collect(struct object_list *list, const struct object *object) {
	if (is_listed(list, object))
		return;
	assert(list->count < OBJECTS_MAX);
	list->items[list->count++] = object;
	for (const struct field *field = object->fields; field->key; field++) {
		if (field->object)
			collect(list, field->object);
	}
}

static void add_words(struct text *out, const struct field *field) {
	for (size_t i = 0; field->words[i]; i++)
		text_printf(out, "%s`%s`", i ? ", " : "", field->words[i]);
}

static void add_kind(struct text *out, const struct field *field) {
	static const char *const names[] = {
		[FIELD_TEXT] = "text",
		[FIELD_BOOL] = "true or false",
		[FIELD_NOT] = "true or false",
		[FIELD_NUMBER] = "number",
		[FIELD_SIGNED] = "number",
		[FIELD_SEED] = "number",
		[FIELD_DURATION] = "duration",
		[FIELD_DURATION_OR_ZERO] = "duration",
		[FIELD_DURATION_OR_UNSET] = "duration",
		[FIELD_RATE] = "rate",
		[FIELD_LOSS] = "share",
		[FIELD_ADDRESS] = "address",
		[FIELD_V4_NUMBER] = "IPv4 address",
		[FIELD_PREFIX] = "prefix",
		[FIELD_WORD] = "",
		[FIELD_TEXTS] = "text, or a list",
		[FIELD_WORDS] = "",
		[FIELD_PICKS] = "",
		[FIELD_NUMBERS] = "number, or a list",
		[FIELD_ADDRESSES] = "address, or a list",
		[FIELD_V4_NUMBERS] = "IPv4 address, or a list",
		[FIELD_PREFIXES] = "prefix, or a list",
		[FIELD_INTERFACE_ADDRESSES] = "address/length, or a list",
		[FIELD_OBJECT] = "",
		[FIELD_NAMED] = "by name: ",
		[FIELD_LISTED] = "list of ",
		[FIELD_IGNORED] = "anything",
		[FIELD_LATER] = "",
	};

	text_add(out, names[field->kind]);
	if (field->object)
		text_printf(out, "[%s](#%s)", field->object->name, field->object->name);
	if (field->words)
		add_words(out, field);
	if (field->kind == FIELD_WORDS || field->kind == FIELD_PICKS)
		text_add(out, ", or a list");
	if (field->kind == FIELD_NUMBER && field->max)
		text_printf(out, ", %lld to %lld", (long long)field->min, (long long)field->max);
}

static void add_object(struct text *out, const struct object *object) {
	text_printf(
		out, "\n### <a id=\"%s\"></a>%s\n\n%s\n\n", object->name, object->name, object->doc);
	text_add(out, "| key | value | default | meaning |\n|---|---|---|---|\n");
	for (const struct field *field = object->fields; field->key; field++) {
		if (field->kind == FIELD_LATER)
			continue;
		text_printf(out, "| `%s` | ", field->key);
		add_kind(out, field);
		const char *fallback = field->required ? "**required**" : field->fallback;
		text_printf(out, " | %s | %s |\n", fallback ? fallback : "", field->doc);
	}
	const char *lead = "\nNot supported yet, and refused by name: ";
	for (const struct field *field = object->fields; field->key; field++) {
		if (field->kind != FIELD_LATER)
			continue;
		text_printf(out, "%s`%s`", lead, field->key);
		lead = ", ";
	}
	if (strcmp(lead, ", ") == 0)
		text_add(out, ".\n");
}

void native_reference(struct text *out) {
	struct object_list list = {.count = 0};

	collect(&list, &native_root_object);
	for (size_t i = 0; i < list.count; i++)
		add_object(out, list.items[i]);
}
