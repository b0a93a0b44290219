// What is wrong with a user's input: a list of messages with their places, in the order found.
//
// Libraries add to it and return; only faces print it. A message names the value and what was
// expected; the place is printed before it, so the text does not repeat it.
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct marks;
struct text;

// file NULL: no place known. line and column count from 1; 0 is "not known".
struct place {
	const char *file;
	int line;
	int column;
};

enum severity {
	SEVERITY_ERROR,
	SEVERITY_WARNING,
};

struct diagnostic {
	struct place place;
	enum severity severity;
	const char *code; // short stable name of a lint, or NULL
	const char *text;
};

// Holds at most DIAGNOSTICS_MAX messages and counts the rest.
#define DIAGNOSTICS_MAX 200

struct diagnostics;

struct diagnostics *diagnostics_new(void);
void diagnostics_free(struct diagnostics *list);

// Copies the file name and the text. The same text at the same place is told once: a value that is
// used in several ways, or through an alias, is mistaken once.
void diagnostics_error(struct diagnostics *list, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void diagnostics_warning(struct diagnostics *list, struct place place, const char *code,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

// The same with the arguments of a caller's own. code NULL: an error.
void diagnostics_tell(struct diagnostics *list, struct place place, const char *code,
	const char *format, va_list args) __attribute__((format(printf, 4, 0)));

// Of the values that were loaded: where they stand, and which of them were mistaken (base/marks.h).
struct marks *diagnostics_marks(const struct diagnostics *list);

// No further message is kept, so none needs to be made with care.
bool diagnostics_is_full(const struct diagnostics *list);

size_t diagnostics_count(const struct diagnostics *list);
size_t diagnostics_error_count(const struct diagnostics *list);
const struct diagnostic *diagnostics_at(const struct diagnostics *list, size_t index);

// Puts the messages in the order of their places. Beside errors the warnings go: any of them may
// follow from one of the mistakes.
void diagnostics_settle(struct diagnostics *list);

// One line each: "file:line:column: error: text", sorted by place, then a closing line when some
// were left out.
void diagnostics_format(const struct diagnostics *list, struct text *out);
