#include "base/diagnostics.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/marks.h"
#include "base/memory.h"
#include "base/text.h"

struct diagnostics {
	struct arena *arena; // the file names and texts
	struct marks *marks;
	struct diagnostic items[DIAGNOSTICS_MAX];
	size_t count;
	size_t left_out;
	size_t error_count; // those left out too
};

struct diagnostics *diagnostics_new(void) {
	struct diagnostics *list = memory_alloc(sizeof(*list));

	list->arena = arena_new();
	list->marks = marks_new();
	return list;
}

void diagnostics_free(struct diagnostics *list) {
	if (!list)
		return;
	arena_free(list->arena);
	marks_free(list->marks);
	free(list);
}

static bool is_known(const struct diagnostics *list, const struct place *place, const char *text) {
	for (size_t i = 0; place->line > 0 && i < list->count; i++) {
		const struct diagnostic *item = &list->items[i];
		if (item->place.line == place->line && item->place.column == place->column &&
			text_equal(item->text, text))
			return true;
	}
	return false;
}

// False when the list has it already.
static bool diagnostics_add(
	struct diagnostics *list, struct diagnostic item, const char *format, va_list args) {
	struct text text;

	if (list->count == DIAGNOSTICS_MAX) {
		list->left_out++;
		return true;
	}
	text_init(&text);
	text_vprintf(&text, format, args);
	if (is_known(list, &item.place, text_chars(&text))) {
		text_done(&text);
		return false;
	}
	item.text = arena_strdup(list->arena, text_chars(&text));
	text_done(&text);
	if (item.place.file)
		item.place.file = arena_strdup(list->arena, item.place.file);
	if (item.code)
		item.code = arena_strdup(list->arena, item.code);
	list->items[list->count++] = item;
	return true;
}

void diagnostics_tell(struct diagnostics *list, struct place place, const char *code,
	const char *format, va_list args) {
	enum severity severity = code == NULL ? SEVERITY_ERROR : SEVERITY_WARNING;

	if (diagnostics_add(list, (struct diagnostic){place, severity, code, NULL}, format, args))
		list->error_count += severity == SEVERITY_ERROR;
}

void diagnostics_error(struct diagnostics *list, struct place place, const char *format, ...) {
	va_list args;

	va_start(args, format);
	diagnostics_tell(list, place, NULL, format, args);
	va_end(args);
}

void diagnostics_warning(
	struct diagnostics *list, struct place place, const char *code, const char *format, ...) {
	va_list args;

	va_start(args, format);
	diagnostics_tell(list, place, code, format, args);
	va_end(args);
}

size_t diagnostics_count(const struct diagnostics *list) {
	return list->count;
}

bool diagnostics_is_full(const struct diagnostics *list) {
	return list->count == DIAGNOSTICS_MAX;
}

struct marks *diagnostics_marks(const struct diagnostics *list) {
	return list->marks;
}

size_t diagnostics_error_count(const struct diagnostics *list) {
	return list->error_count;
}

const struct diagnostic *diagnostics_at(const struct diagnostics *list, size_t index) {
	assert(index < list->count);
	return &list->items[index];
}

// Messages without a place come last: they sum up.
static int compare_files(const char *a, const char *b) {
	if (!a || !b)
		return (a == NULL) - (b == NULL);
	return strcmp(a, b);
}

static int compare_places(const void *left, const void *right) {
	const struct diagnostic *a = *(const struct diagnostic *const *)left;
	const struct diagnostic *b = *(const struct diagnostic *const *)right;
	int order = compare_files(a->place.file, b->place.file);

	if (order == 0)
		order = (a->place.line > b->place.line) - (a->place.line < b->place.line);
	if (order == 0)
		order = (a->place.column > b->place.column) - (a->place.column < b->place.column);
	// Both point into one array, so their order is that in which they were found.
	return order ? order : (a > b) - (a < b);
}

static const char *const SEVERITY_NAMES[] = {
	[SEVERITY_ERROR] = "error",
	[SEVERITY_WARNING] = "warning",
};

static void format_one(const struct diagnostic *item, struct text *out) {
	if (item->place.file) {
		text_printf(out, "%s:", item->place.file);
		if (item->place.line > 0)
			text_printf(out, "%d:", item->place.line);
		if (item->place.line > 0 && item->place.column > 0)
			text_printf(out, "%d:", item->place.column);
		text_add_char(out, ' ');
	}
	text_printf(out, "%s: %s", SEVERITY_NAMES[item->severity], item->text);
	if (item->code)
		text_printf(out, " [%s]", item->code);
	text_add_char(out, '\n');
}

static void sort(const struct diagnostics *list, const struct diagnostic **sorted) {
	for (size_t i = 0; i < list->count; i++)
		sorted[i] = &list->items[i];
	if (list->count > 0)
		qsort(sorted, list->count, sizeof(sorted[0]), compare_places);
}

void diagnostics_settle(struct diagnostics *list) {
	const struct diagnostic *sorted[DIAGNOSTICS_MAX];
	struct diagnostic kept[DIAGNOSTICS_MAX];
	size_t count = 0;

	sort(list, sorted);
	for (size_t i = 0; i < list->count; i++) {
		if (list->error_count == 0 || sorted[i]->severity == SEVERITY_ERROR)
			kept[count++] = *sorted[i];
	}
	list->count = count;
	if (count > 0)
		memcpy(list->items, kept, count * sizeof(kept[0]));
}

void diagnostics_format(const struct diagnostics *list, struct text *out) {
	const struct diagnostic *sorted[DIAGNOSTICS_MAX];

	sort(list, sorted);
	for (size_t i = 0; i < list->count; i++)
		format_one(sorted[i], out);
	if (list->left_out > 0)
		text_printf(out, "%zu more left out\n", list->left_out);
}
