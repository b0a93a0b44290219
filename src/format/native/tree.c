#include "format/native/tree.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <libfyaml.h>

#include "base/assert.h"
#include "base/names.h"
#include "format/native/native.h"

// Maps with fewer keys than this are searched for keys that stand twice by comparing all of them.
#define FEW_KEYS 12

struct anchor_list {
	struct tree_node **items; // by number in `anchor_names`; NULL while the anchored node is read
	size_t count, room;
};

struct node_stack {
	struct tree_node **items;
	size_t count, room;
};

struct reading {
	struct fy_parser *parser;
	struct fy_diag *diag;
	const char *name, *chars;
	size_t length;
	struct arena *arena;
	struct diagnostics *mistakes;
	struct names *anchor_names;
	struct anchor_list anchors;
	struct node_stack stack; // children of the collections being read
	size_t node_count;
	bool has_failed;
};

static struct place place_at(const struct reading *in, const struct fy_mark *mark) {
	struct place place = {in->name, 0, 0};

	if (mark) {
		place.line = mark->line + 1;
		place.column = mark->column + 1;
	}
	return place;
}

static struct tree_node *fail(struct reading *in, struct place place, const char *what) {
	if (!in->has_failed)
		diagnostics_error(in->mistakes, place, "%s", what);
	in->has_failed = true;
	return NULL;
}

static struct tree_node *fail_limit(
	struct reading *in, struct place place, const char *what, size_t limit) {
	if (!in->has_failed)
		diagnostics_error(in->mistakes, place, "%s; the limit is %zu", what, limit);
	in->has_failed = true;
	return NULL;
}

static struct tree_node *new_node(struct reading *in, enum tree_kind kind, struct place place) {
	if (++in->node_count > NATIVE_NODES_MAX)
		return fail_limit(in, place, "the file has too many values", NATIVE_NODES_MAX);
	struct tree_node *node = ARENA_NEW(in->arena, struct tree_node);
	node->kind = kind;
	node->place = place;
	return node;
}

static char *token_text(struct reading *in, struct fy_token *token) {
	size_t length = 0;
	const char *chars = fy_token_get_text(token, &length);

	return arena_strndup(in->arena, chars ? chars : "", chars ? length : 0);
}

// YAML 1.2's core schema, 10.3.2.
static bool is_null_word(const char *text) {
	return !*text || strcmp(text, "~") == 0 || strcmp(text, "null") == 0 ||
		strcmp(text, "Null") == 0 || strcmp(text, "NULL") == 0;
}

static struct tree_node *read_scalar(
	struct reading *in, struct fy_event *event, struct place place) {
	struct tree_node *node = new_node(in, TREE_SCALAR, place);
	size_t length = 0;

	if (!node)
		return NULL;
	enum fy_scalar_style style =
		event->scalar.value ? fy_token_scalar_style(event->scalar.value) : FYSS_PLAIN;
	node->is_quoted = style != FYSS_PLAIN;
	if (style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED)
		node->place.column--; // the mark stands behind the quote
	const char *chars = fy_token_get_text(event->scalar.value, &length);
	if (chars && memchr(chars, 0, length))
		return fail(in, node->place, "the text has a NUL character in it");
	node->text = arena_strndup(in->arena, chars ? chars : "", chars ? length : 0);
	if (!node->is_quoted && is_null_word(node->text))
		node->kind = TREE_NULL;
	return node;
}

static struct tree_node *read_alias(
	struct reading *in, struct fy_event *event, struct place place) {
	char *name = token_text(in, event->alias.anchor);
	uint32_t number = names_find(in->anchor_names, name);

	if (number == NAME_NONE) {
		if (!in->has_failed)
			diagnostics_error(
				in->mistakes, place, "nothing before this is anchored as \"&%s\"", name);
		in->has_failed = true;
		return NULL;
	}
	if (!in->anchors.items[number])
		return fail(in, place, "the alias stands inside of what it refers to");
	return in->anchors.items[number];
}

static uint32_t open_anchor(struct reading *in, struct fy_token *token) {
	if (!token)
		return NAME_NONE;
	uint32_t number = names_add(in->anchor_names, token_text(in, token));
	if (number == in->anchors.count)
		ARRAY_PUSH(&in->anchors, NULL);
	in->anchors.items[number] = NULL;
	return number;
}

static void push(struct reading *in, struct tree_node *node) {
	ARRAY_PUSH(&in->stack, node);
}

// `count` of the stack's nodes from `base` on, every `step`-th.
static struct tree_node **take(struct reading *in, size_t base, size_t step, size_t count) {
	struct tree_node **items = ARENA_ARRAY(in->arena, struct tree_node *, count);

	for (size_t i = 0; i < count; i++)
		items[i] = in->stack.items[base + i * step];
	return items;
}

// An alias may have put the same node into several maps, so the mark goes to a copy.
static void report_twice(
	struct reading *in, struct tree_node *map, size_t key, const struct tree_node *first) {
	struct tree_node *repeated = ARENA_NEW(in->arena, struct tree_node);

	diagnostics_error(in->mistakes, map->keys[key]->place,
		"the key \"%s\" stands in line %d already", map->keys[key]->text, first->place.line);
	*repeated = *map->keys[key];
	repeated->is_repeated = true;
	map->keys[key] = repeated;
}

static void find_keys_twice(struct reading *in, struct tree_node *map) {
	if (map->count < FEW_KEYS) {
		for (size_t i = 1; i < map->count; i++) {
			for (size_t k = 0; k < i; k++) {
				if (strcmp(map->keys[i]->text, map->keys[k]->text) == 0) {
					report_twice(in, map, i, map->keys[k]);
					break;
				}
			}
		}
		return;
	}
	struct names *seen = names_new();
	const struct tree_node **first = memory_alloc(memory_product(map->count, sizeof(*first)));
	for (size_t i = 0; i < map->count; i++) {
		uint32_t number = names_add(seen, map->keys[i]->text);
		if (first[number])
			report_twice(in, map, i, first[number]);
		else
			first[number] = map->keys[i];
	}
	free(first);
	names_free(seen);
}

// An IPv6 address that ends in "::" is the usual reason for a colon that YAML can't place.
static bool line_has_double_colon(const struct reading *in, int line) {
	const char *at = in->chars, *end = in->chars + in->length;

	for (int i = 1; i < line && at < end; i++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		at = newline ? newline + 1 : end;
	}
	for (; at + 1 < end && *at != '\n'; at++) {
		if (at[0] == ':' && at[1] == ':')
			return true;
	}
	return false;
}

// The first of libfyaml's messages; the rest follow from it.
static void report_syntax(struct reading *in) {
	void *previous = NULL;
	struct fy_diag_error *error =
		in->has_failed ? NULL : fy_diag_errors_iterate(in->diag, &previous);

	if (error) {
		struct place place = {in->name, error->line, error->column};
		diagnostics_error(in->mistakes, place, "not valid YAML: %s%s", error->msg,
			line_has_double_colon(in, error->line) ? " (an IPv6 address has to be quoted here)"
												   : "");
		in->has_failed = true;
	}
	fail(in, (struct place){in->name, 0, 0}, "not valid YAML");
}

static void discard_output(struct fy_diag *diag, void *user, const char *chars, size_t length) {
	(void)diag;
	(void)user;
	(void)chars;
	(void)length;
}

static bool start_parser(struct reading *in) {
	struct fy_diag_cfg diag_config;

	fy_diag_cfg_default(&diag_config);
	diag_config.fp = NULL;
	diag_config.output_fn = discard_output;
	in->diag = fy_diag_create(&diag_config);
	if (!in->diag)
		return false;
	fy_diag_set_collect_errors(in->diag, true);
	const struct fy_parse_cfg config = {
		.search_path = "",
		.flags =
			FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE | FYPCF_ALLOW_DUPLICATE_KEYS,
		.diag = in->diag,
	};
	in->parser = fy_parser_create(&config);
	return in->parser && fy_parser_set_string(in->parser, in->chars, in->length) == 0;
}

// How many bytes the UTF-8 sequence at `at` has (RFC 3629 4); 0 when it is none or a NUL.
static size_t sequence_bytes(const unsigned char *at, size_t left) {
	static const struct {
		unsigned char first, last, second_least, second_most;
		size_t bytes;
	} forms[] = {
		{0x01, 0x7f, 0, 0, 1},
		{0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (at[0] < forms[i].first || at[0] > forms[i].last)
			continue;
		if (forms[i].bytes > left)
			return 0;
		for (size_t k = 1; k < forms[i].bytes; k++) {
			unsigned char least = k == 1 ? forms[i].second_least : 0x80;
			unsigned char most = k == 1 ? forms[i].second_most : 0xbf;
			if (at[k] < least || at[k] > most)
				return 0;
		}
		return forms[i].bytes;
	}
	return 0;
}

// libfyaml passes over bytes that are not UTF-8, so that a value would silently be lost.
static bool is_all_utf8(struct reading *in) {
	const unsigned char *bytes = (const unsigned char *)in->chars;
	struct place place = {in->name, 1, 1};
	size_t step = 0;

	for (size_t i = 0; i < in->length; i += step) {
		step = sequence_bytes(bytes + i, in->length - i);
		if (step == 0) {
			fail(in, place, "not UTF-8 text");
			return false;
		}
		place.line += bytes[i] == '\n';
		place.column = bytes[i] == '\n' ? 1 : place.column + 1;
	}
	return true;
}

static struct fy_event *next_event(struct reading *in) {
	struct fy_event *event = in->has_failed ? NULL : fy_parser_parse(in->parser);

	if (!event)
		report_syntax(in);
	return event;
}

static struct tree_node *read_node(struct reading *in, struct fy_event *event, unsigned depth);

static bool is_end(const struct fy_event *event) {
	return event->type == FYET_MAPPING_END || event->type == FYET_SEQUENCE_END;
}

// Reads what belongs into a map or list until its end; false after a mistake.
static bool read_children(struct reading *in, const struct tree_node *parent, unsigned depth) {
	for (size_t count = 0; count <= 2 * (size_t)NATIVE_NODES_MAX; count++) {
		struct fy_event *event = next_event(in);
		if (!event)
			return false;
		bool ended = is_end(event);
		struct tree_node *child = ended ? NULL : read_node(in, event, depth + 1);
		fy_parser_event_free(in->parser, event);
		if (ended)
			return true;
		if (!child)
			return false;
		bool is_key = parent->kind == TREE_MAP && count % 2 == 0;
		if (is_key && child->kind != TREE_SCALAR && child->kind != TREE_NULL) {
			fail(in, child->place, "a key is a single word here");
			return false;
		}
		if (!child->place.line && in->stack.count) // nothing written: where its key stands
			child->place = in->stack.items[in->stack.count - 1]->place;
		push(in, child);
	}
	fail_limit(in, parent->place, "too many values in one place", NATIVE_NODES_MAX);
	return false;
}

static struct tree_node *read_collection(
	struct reading *in, enum tree_kind kind, struct place place, unsigned depth) {
	struct tree_node *node = new_node(in, kind, place);
	size_t base = in->stack.count;

	if (!node)
		return NULL;
	if (depth >= NATIVE_DEPTH_MAX)
		return fail_limit(in, place, "nested too deeply", NATIVE_DEPTH_MAX);
	if (!read_children(in, node, depth))
		return NULL;
	size_t step = kind == TREE_MAP ? 2 : 1;
	assert((in->stack.count - base) % step == 0);
	node->count = (in->stack.count - base) / step;
	if (kind == TREE_MAP)
		node->keys = take(in, base, step, node->count);
	node->values = take(in, base + step - 1, step, node->count);
	in->stack.count = base;
	if (kind == TREE_MAP)
		find_keys_twice(in, node);
	return node;
}

static struct tree_node *read_node(struct reading *in, struct fy_event *event, unsigned depth) {
	struct place place = place_at(in, fy_event_start_mark(event));
	struct tree_node *node = NULL;
	uint32_t anchor = NAME_NONE;

	switch (event->type) {
	case FYET_ALIAS:
		place.column--; // the mark stands behind the "*"
		return read_alias(in, event, place);
	case FYET_SCALAR:
		anchor = open_anchor(in, event->scalar.anchor);
		node = read_scalar(in, event, place);
		break;
	case FYET_SEQUENCE_START:
		anchor = open_anchor(in, event->sequence_start.anchor);
		node = read_collection(in, TREE_LIST, place, depth);
		break;
	case FYET_MAPPING_START:
		anchor = open_anchor(in, event->mapping_start.anchor);
		node = read_collection(in, TREE_MAP, place, depth);
		break;
	case FYET_NONE:
	case FYET_STREAM_START:
	case FYET_STREAM_END:
	case FYET_DOCUMENT_START:
	case FYET_DOCUMENT_END:
	case FYET_MAPPING_END:
	case FYET_SEQUENCE_END:
		return fail(in, place, "a value is missing here");
	}
	if (anchor != NAME_NONE)
		in->anchors.items[anchor] = node;
	return node;
}

// The one document: its start, its root, its end, and nothing behind it.
static struct tree_node *read_document(struct reading *in) {
	static const enum fy_event_type expected[] = {
		FYET_STREAM_START, FYET_DOCUMENT_START, FYET_NONE, FYET_DOCUMENT_END, FYET_STREAM_END};
	struct tree_node *root = NULL;

	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		struct fy_event *event = next_event(in);
		if (!event)
			return NULL;
		struct place place = place_at(in, fy_event_start_mark(event));
		enum fy_event_type type = event->type;
		if (expected[i] == FYET_NONE)
			root = read_node(in, event, 0);
		fy_parser_event_free(in->parser, event);
		if (expected[i] == FYET_NONE && !root)
			return NULL;
		if (expected[i] == FYET_NONE || type == expected[i])
			continue;
		if (type == FYET_STREAM_END)
			return fail(in, (struct place){in->name, 1, 1}, "the file is empty");
		return fail(in, place, "a second document starts here; a file holds one");
	}
	return root;
}

const struct tree_node *tree_parse(const char *name, const char *chars, size_t length,
	struct arena *arena, struct diagnostics *mistakes) {
	struct reading in = {
		.name = arena_strdup(arena, name),
		.chars = chars,
		.length = length,
		.arena = arena,
		.mistakes = mistakes,
	};
	struct tree_node *root = NULL;

	if (length > NATIVE_BYTES_MAX)
		return fail_limit(
			&in, (struct place){in.name, 0, 0}, "the file has too many bytes", NATIVE_BYTES_MAX);
	if (!is_all_utf8(&in))
		return NULL;
	in.anchor_names = names_new();
	if (start_parser(&in))
		root = read_document(&in);
	else
		fail(&in, (struct place){in.name, 0, 0}, "the YAML parser could not be started");
	if (in.parser)
		fy_parser_destroy(in.parser);
	if (in.diag)
		fy_diag_destroy(in.diag);
	names_free(in.anchor_names);
	free(in.anchors.items);
	free(in.stack.items);
	return in.has_failed ? NULL : root;
}
