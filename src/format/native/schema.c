// The JSON Schema of the file, from the tables that read it.

#include <string.h>

#include "base/assert.h"
#include "format/native/bind.h"
#include "format/native/native.h"
#include "format/native/tables.h"

#define SCHEMA_DRAFT "https://json-schema.org/draft/2020-12/schema"

static json_t *schema_of_object(const struct object *object, json_t *definitions);

static json_t *typed(const char *type) {
	json_t *schema = json_object();

	json_put_text(schema, "type", type);
	return schema;
}

static json_t *pattern(const char *expression) {
	json_t *schema = typed("string");

	json_put_text(schema, "pattern", expression);
	return schema;
}

static json_t *words_schema(const char *const *words) {
	json_t *schema = typed("string");
	json_t *list = json_put_array(schema, "enum");

	for (; *words; words++)
		json_push_text(list, *words);
	return schema;
}

static json_t *number_schema(const struct field *field, int64_t most) {
	json_t *schema = typed("integer");

	json_put_int(schema, "minimum", field->min);
	json_put_int(schema, "maximum", field->max ? field->max : most);
	return schema;
}

static json_t *reference_to(const struct object *object, json_t *definitions) {
	json_t *schema = json_object();

	if (!json_object_get(definitions, object->name)) {
		json_put(definitions, object->name, json_null()); // keeps its place while it is made
		json_put(definitions, object->name, schema_of_object(object, definitions));
	}
	json_put(schema, "$ref", json_textf("#/$defs/%s", object->name));
	return schema;
}

// YAML leaves a value out as null.
static json_t *or_null(json_t *schema) {
	json_t *either = json_object();
	json_t *list = json_put_array(either, "anyOf");

	json_push(list, schema);
	json_push(list, typed("null"));
	return either;
}

static json_t *list_of(json_t *item) {
	json_t *schema = typed("array");

	json_put(schema, "items", item);
	return schema;
}

static json_t *one_or_list(json_t *item, bool may_be_wrapped) {
	json_t *either = json_object();
	json_t *list = json_put_array(either, "anyOf");

	json_push(list, json_deep_copy(item));
	json_push(list, list_of(item));
	json_push(list, typed("null"));
	if (may_be_wrapped) {
		json_t *wrapped = typed("object");
		json_t *properties = json_put_object(wrapped, "properties");
		json_put(properties, "addressPrefixes", list_of(json_deep_copy(json_array_get(list, 0))));
		json_put_bool(wrapped, "additionalProperties", 0);
		json_push(list, wrapped);
	}
	return either;
}

static json_t *named_schema(const struct field *field, json_t *definitions) {
	static const char *const names[] = {
		[NAME_NODE] = "^[A-Za-z0-9._](-?[A-Za-z0-9._])*$",
		[NAME_FREE] = "^[A-Za-z0-9._/](-?[A-Za-z0-9._/])*$",
		[NAME_ADDRESS] = "^[0-9A-Fa-f:.]+$",
	};
	json_t *schema = typed("object");

	json_put(json_put_object(schema, "propertyNames"), "pattern",
		json_text(names[field->object->name_kind]));
	json_put(schema, "additionalProperties", or_null(reference_to(field->object, definitions)));
	return or_null(schema);
}

static json_t *value_schema(const struct field *field, json_t *definitions) {
	struct field item = *field;
	size_t bytes = 0;

	switch (field->kind) {
	case FIELD_TEXT:
		return typed("string");
	case FIELD_BOOL:
	case FIELD_NOT:
		return typed("boolean");
	case FIELD_NUMBER:
	case FIELD_SIGNED:
		return number_schema(field, UINT32_MAX);
	case FIELD_SEED:
		return number_schema(field, INT64_MAX);
	case FIELD_DURATION:
	case FIELD_DURATION_OR_ZERO:
	case FIELD_DURATION_OR_UNSET:
		return pattern("^[0-9]+(\\.[0-9]+)? ?(ns|us|ms|s|m|h)$");
	case FIELD_RATE:
		return pattern("^[0-9]{1,9}(\\.[0-9]{1,3})? ?(bps|kbps|Mbps|Gbps|Tbps)$");
	case FIELD_LOSS:
		return pattern("^[0-9]{1,3}(\\.[0-9]{1,4})? ?%$");
	case FIELD_ADDRESS:
		return pattern("^([0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$");
	case FIELD_V4_NUMBER:
		return pattern("^[0-9]{1,3}(\\.[0-9]{1,3}){3}$");
	case FIELD_PREFIX:
	case FIELD_INTERFACE_ADDRESSES:
		if (field->kind == FIELD_PREFIX || field->count_offset == NO_OFFSET)
			return pattern(
				"^([0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)(/[0-9]{1,3})?$");
		item.count_offset = NO_OFFSET; // one item of the list
		return one_or_list(value_schema(&item, definitions), false);
	case FIELD_WORD:
		return words_schema(field->words);
	case FIELD_PICKS:
		return one_or_list(words_schema(field->words), false);
	case FIELD_TEXTS:
	case FIELD_WORDS:
	case FIELD_NUMBERS:
	case FIELD_ADDRESSES:
	case FIELD_V4_NUMBERS:
	case FIELD_PREFIXES:
		item.kind = bind_item_kind(field->kind, &bytes);
		return one_or_list(value_schema(&item, definitions), field->kind == FIELD_PREFIXES);
	case FIELD_OBJECT:
		return or_null(reference_to(field->object, definitions));
	case FIELD_NAMED:
		return named_schema(field, definitions);
	case FIELD_LISTED:
		return or_null(list_of(reference_to(field->object, definitions)));
	case FIELD_IGNORED:
	case FIELD_LATER:
		break;
	}
	return json_object();
}

static json_t *field_schema(const struct field *field, json_t *definitions) {
	json_t *schema = value_schema(field, definitions);

	if (field->doc && *field->doc)
		json_put_text(schema, "description", field->doc);
	if (field->fallback)
		json_put(schema, "$comment", json_textf("Default: %s.", field->fallback));
	return schema;
}

static const struct field *shorthand_of(const struct object *object) {
	for (const struct field *field = object->fields; object->shorthand && field->key; field++) {
		if (strcmp(field->key, object->shorthand) == 0)
			return field;
	}
	return NULL;
}

static json_t *map_schema(const struct object *object, json_t *definitions) {
	json_t *schema = typed("object");
	json_t *properties = json_put_object(schema, "properties");
	json_t *required = json_array();

	for (const struct field *field = object->fields; field->key; field++) {
		if (field->kind == FIELD_LATER)
			continue;
		json_put(properties, field->key, field_schema(field, definitions));
		if (field->required)
			json_push_text(required, field->key);
	}
	json_put_bool(schema, "additionalProperties", 0);
	if (json_array_size(required))
		json_put(schema, "required", required);
	else
		json_decref(required);
	return schema;
}

static json_t *schema_of_object(const struct object *object, json_t *definitions) {
	json_t *map = map_schema(object, definitions);
	const struct field *shorthand = shorthand_of(object);

	if (!shorthand) {
		json_put_text(map, "description", object->doc);
		return map;
	}
	json_t *either = json_object();
	json_put_text(either, "description", object->doc);
	json_t *list = json_put_array(either, "anyOf");
	json_push(list, map);
	json_push(list, value_schema(shorthand, definitions));
	return either;
}

json_t *native_schema(void) {
	json_t *definitions = json_object();
	json_t *root = schema_of_object(&native_root_object, definitions);
	json_t *schema = json_object();
	const char *key = NULL;
	json_t *value = NULL;

	json_put_text(schema, "$schema", SCHEMA_DRAFT);
	json_put_text(schema, "title", "interplane topology file");
	json_object_foreach(root, key, value) json_put(schema, key, json_incref(value));
	json_decref(root);
	json_put(schema, "$defs", definitions);
	return schema;
}
