#include "base/text.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

#define TEXT_FIRST_ROOM ((size_t)64)

void text_init(struct text *text) {
	*text = (struct text){0};
}

void text_done(struct text *text) {
	free(text->chars);
	text_init(text);
}

void text_clear(struct text *text) {
	text->length = 0;
	if (text->chars)
		text->chars[0] = '\0';
}

// Makes room for `more` characters and the NUL behind them.
static void text_reserve(struct text *text, size_t more) {
	size_t needed = text->length + more + 1;
	size_t room = text->room ? text->room : TEXT_FIRST_ROOM;

	assert(needed > more);
	if (needed <= text->room)
		return;
	while (room < needed)
		room = memory_product(room, 2);
	text->chars = memory_realloc(text->chars, room);
	text->room = room;
}

void text_add(struct text *text, const char *chars) {
	text_add_n(text, chars, strlen(chars));
}

void text_add_n(struct text *text, const char *chars, size_t length) {
	text_reserve(text, length);
	memcpy(text->chars + text->length, chars, length);
	text->length += length;
	text->chars[text->length] = '\0';
}

void text_add_char(struct text *text, char c) {
	text_add_n(text, &c, 1);
}

void text_printf(struct text *text, const char *format, ...) {
	va_list args;

	va_start(args, format);
	text_vprintf(text, format, args);
	va_end(args);
}

void text_vprintf(struct text *text, const char *format, va_list args) {
	va_list again;

	// Mostly it fits into the room there is, and is printed once.
	text_reserve(text, 0);
	size_t room = text->room - text->length;
	va_copy(again, args);
	int length = vsnprintf(text->chars + text->length, room, format, args);
	assert(length >= 0);
	if ((size_t)length >= room) {
		text_reserve(text, (size_t)length);
		vsnprintf(text->chars + text->length, (size_t)length + 1, format, again);
	}
	va_end(again);
	text->length += (size_t)length;
}

void text_pad_to(struct text *text, size_t column) {
	size_t width = 0;

	// UTF-8 continuation bytes are 10xxxxxx; every other byte begins a code point.
	for (size_t i = text->length; i > 0 && text->chars[i - 1] != '\n'; i--)
		width += ((unsigned char)text->chars[i - 1] & 0xc0) != 0x80;
	for (; width < column; width++)
		text_add_char(text, ' ');
}

const char *text_chars(const struct text *text) {
	return text->chars ? text->chars : "";
}

bool text_equal(const char *a, const char *b) {
	return strcmp(a, b) == 0;
}

bool text_starts_with(const char *text, const char *start) {
	return strncmp(text, start, strlen(start)) == 0;
}

static size_t smallest(size_t a, size_t b, size_t c) {
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

// Row i of the table of distances: between the first i characters of `a` and the first j of `b`.
// `before` and `last` are the two rows above. Returns the least entry.
static size_t distance_row(const char *a, const char *b, size_t i, size_t *rows[3]) {
	const size_t *before = rows[0], *last = rows[1];
	size_t *row = rows[2];
	size_t least = row[0] = i;

	for (size_t j = 1; b[j - 1]; j++) {
		size_t replaced = last[j - 1] + (a[i - 1] != b[j - 1]);
		row[j] = smallest(replaced, last[j] + 1, row[j - 1] + 1);
		if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			before[j - 2] + 1 < row[j])
			row[j] = before[j - 2] + 1;
		least = row[j] < least ? row[j] : least;
	}
	return least;
}

size_t text_distance(const char *a, const char *b, size_t limit) {
	size_t a_length = strlen(a);
	size_t b_length = strlen(b);
	size_t gap = a_length > b_length ? a_length - b_length : b_length - a_length;

	if (gap > limit)
		return limit + 1;
	size_t width = b_length + 1;
	size_t *all = memory_alloc(memory_product(3 * width, sizeof(*all)));
	size_t *rows[3] = {all, all + width, all + 2 * width};
	for (size_t j = 0; j <= b_length; j++)
		rows[2][j] = j;
	size_t least = 0;
	for (size_t i = 1; i <= a_length; i++) {
		size_t *spare = rows[0];
		rows[0] = rows[1];
		rows[1] = rows[2];
		rows[2] = spare;
		size_t least_above = least;
		least = distance_row(a, b, i, rows);
		// An entry follows from the two rows above it, so from here on none is within the limit.
		if (least > limit && least_above > limit)
			break;
	}
	size_t distance = rows[2][b_length];
	free(all);
	return distance > limit ? limit + 1 : distance;
}

static bool is_digit(char c) {
	return c >= '0' && c <= '9';
}

int text_to_int(const char *text, long long min, long long max, long long *out) {
	bool is_negative = text[0] == '-';
	const char *at = text + is_negative;
	long long value = 0;
	bool is_outside = false;

	if (!is_digit(*at))
		return -EINVAL;
	// Collected as a negative number, whose range is the larger one.
	for (; is_digit(*at); at++)
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_sub_overflow(value, *at - '0', &value)) {
			is_outside = true;
			value = 0;
		}
	if (*at)
		return -EINVAL;
	if (!is_negative && __builtin_sub_overflow(0, value, &value))
		is_outside = true;
	if (is_outside || value < min || value > max)
		return -ERANGE;
	*out = value;
	return 0;
}

struct time_unit {
	const char *name;
	long long ns;
};

static const struct time_unit TIME_UNITS[] = {
	{"ns", 1},
	{"us", 1000},
	{"ms", 1000000},
	{"s", 1000000000},
	{"m", 60000000000},
	{"h", 3600000000000},
};

static long long unit_ns(const char *name) {
	for (size_t i = 0; i < sizeof(TIME_UNITS) / sizeof(TIME_UNITS[0]); i++)
		if (text_equal(TIME_UNITS[i].name, name))
			return TIME_UNITS[i].ns;
	return 0;
}

int text_to_duration(const char *text, long long *out_ns) {
	const char *at = text;
	const char *fraction;
	long long total = 0;
	bool is_outside = false;

	if (!is_digit(*at))
		return -EINVAL;
	for (; is_digit(*at); at++)
		is_outside |= __builtin_mul_overflow(total, 10, &total) ||
			__builtin_add_overflow(total, *at - '0', &total);
	fraction = at;
	if (*at == '.') {
		if (!is_digit(*++at))
			return -EINVAL;
		fraction = at;
		at += strspn(at, "0123456789");
	}
	if (*at == ' ')
		at++;
	long long part = unit_ns(at);
	if (part == 0)
		return -EINVAL;
	is_outside |= __builtin_mul_overflow(total, part, &total);
	for (; is_digit(*fraction); fraction++) {
		// Finer than a nanosecond is refused rather than rounded.
		if (part % 10 != 0 && *fraction != '0')
			return -EINVAL;
		part = part % 10 == 0 ? part / 10 : 0;
		is_outside |= __builtin_add_overflow(total, part * (*fraction - '0'), &total);
	}
	if (is_outside)
		return -ERANGE;
	*out_ns = total;
	return 0;
}
