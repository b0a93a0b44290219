// Text that grows, and the few things done to strings in many places.
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

// `chars` is always NUL-terminated once anything was added; NULL before that.
struct text {
	char *chars;
	size_t length;
	size_t room;
};

void text_init(struct text *text);
void text_done(struct text *text);
void text_clear(struct text *text); // keeps the room
void text_add(struct text *text, const char *chars);
void text_add_n(struct text *text, const char *chars, size_t length);
void text_add_char(struct text *text, char c);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_vprintf(struct text *text, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
// Spaces until the current line is `column` characters wide (counting UTF-8 code points).
void text_pad_to(struct text *text, size_t column);
// "" when nothing was added; owned by the text.
const char *text_chars(const struct text *text);

bool text_equal(const char *a, const char *b);
bool text_starts_with(const char *text, const char *start);

// How many letters were put in, left out, replaced or swapped with their neighbour; never more than
// `limit` + 1.
size_t text_distance(const char *a, const char *b, size_t limit);

// A whole decimal number with nothing around it. -EINVAL when it is not one, -ERANGE when it is
// outside min..max; `*out` untouched then.
int text_to_int(const char *text, long long min, long long max, long long *out);

// "250ms", "2s", "1.5 s", "3m", "10us", "1h" to nanoseconds. -EINVAL, -ERANGE as above.
int text_to_duration(const char *text, long long *out_ns);
