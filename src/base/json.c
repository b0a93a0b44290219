#include "base/json.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/assert.h"
#include "base/text.h"

#define REPLACEMENT "\xef\xbf\xbd" // U+FFFD in UTF-8

// jansson returns NULL only when memory runs out or a value is no value at all; either ends the
// program, as everywhere (docs/decisions/0001-out-of-memory.md).
static json_t *checked(json_t *value) {
	assert(value);
	return value;
}

// The length of the well-formed UTF-8 sequence at `at`, 0 when there is none (RFC 3629 4). The NUL
// at the end is no continuation byte, so no look goes beyond it.
static size_t utf8_length(const char *at) {
	const unsigned char *b = (const unsigned char *)at;
	size_t length = b[0] < 0x80 ? 1 : b[0] < 0xc2 ? 0 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;

	if (b[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	// Overlong forms, surrogates, and what lies beyond U+10FFFF.
	if ((b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f))
		return 0;
	if ((b[0] == 0xf0 && b[1] < 0x90) || (b[0] == 0xf4 && b[1] > 0x8f))
		return 0;
	return length;
}

json_t *json_text(const char *text) {
	struct text clean;

	if (!text)
		return json_null();
	json_t *value = json_string(text);
	if (value)
		return value;
	text_init(&clean);
	for (const char *at = text; *at;) {
		size_t length = utf8_length(at);
		if (length > 0)
			text_add_n(&clean, at, length);
		else
			text_add(&clean, REPLACEMENT);
		at += length > 0 ? length : 1;
	}
	value = checked(json_string(text_chars(&clean)));
	text_done(&clean);
	return value;
}

json_t *json_textf(const char *format, ...) {
	struct text text;
	va_list args;

	text_init(&text);
	va_start(args, format);
	text_vprintf(&text, format, args);
	va_end(args);
	json_t *value = json_text(text_chars(&text));
	text_done(&text);
	return value;
}

void json_put(json_t *object, const char *key, json_t *value) {
	// Through a string, so that a key that isn't UTF-8 is mended as a value is.
	json_t *name = json_text(key);
	int failed = json_object_set_new_nocheck(object, json_string_value(name), checked(value));

	assert(!failed);
	json_decref(name);
}

void json_putf(json_t *object, json_t *value, const char *key_format, ...) {
	struct text key;
	va_list args;

	text_init(&key);
	va_start(args, key_format);
	text_vprintf(&key, key_format, args);
	va_end(args);
	json_put(object, text_chars(&key), value);
	text_done(&key);
}

void json_put_text(json_t *object, const char *key, const char *text) {
	json_put(object, key, json_text(text));
}

void json_put_int(json_t *object, const char *key, long long value) {
	json_put(object, key, json_integer(value));
}

void json_put_real(json_t *object, const char *key, double value) {
	json_put(object, key, isfinite(value) ? json_real(value) : json_null());
}

void json_put_hex(json_t *object, const char *key, const void *bytes, size_t length) {
	static const char digits[] = "0123456789abcdef";
	const uint8_t *at = bytes;
	struct text text;
	text_init(&text);
	for (size_t i = 0; i < length; i++) {
		text_add_char(&text, digits[at[i] >> 4]);
		text_add_char(&text, digits[at[i] & 15]);
	}
	json_put_text(object, key, text_chars(&text));
	text_done(&text);
}

static int hex_value(char digit) {
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

int json_get_hex(const json_t *object, const char *key, struct text *out) {
	json_t *value = json_object_get(object, key);
	const char *digits = json_string_value(value);
	size_t length = json_string_length(value);
	if (digits == NULL || length % 2 != 0)
		return -EINVAL;
	for (size_t i = 0; i < length; i += 2) {
		int byte = hex_value(digits[i]) * 16 + hex_value(digits[i + 1]);
		if (hex_value(digits[i]) < 0 || hex_value(digits[i + 1]) < 0)
			return -EINVAL;
		text_add_char(out, (char)byte);
	}
	return 0;
}

void json_put_bool(json_t *object, const char *key, int value) {
	json_put(object, key, json_boolean(value));
}

json_t *json_put_object(json_t *object, const char *key) {
	json_t *value = json_object();

	json_put(object, key, value);
	return value;
}

json_t *json_put_array(json_t *object, const char *key) {
	json_t *value = json_array();

	json_put(object, key, value);
	return value;
}

void json_push(json_t *array, json_t *value) {
	int failed = json_array_append_new(array, checked(value));

	assert(!failed);
}

void json_push_text(json_t *array, const char *text) {
	json_push(array, json_text(text));
}

void json_push_int(json_t *array, long long value) {
	json_push(array, json_integer(value));
}

json_t *json_push_object(json_t *array) {
	json_t *value = json_object();

	json_push(array, value);
	return value;
}

json_t *json_push_array(json_t *array) {
	json_t *value = json_array();

	json_push(array, value);
	return value;
}

static void format_string(const char *chars, size_t length, struct text *out) {
	text_add_char(out, '"');
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)chars[i];
		if (c == '"' || c == '\\')
			text_printf(out, "\\%c", c);
		else if (c == '\n')
			text_add(out, "\\n");
		else if (c == '\t')
			text_add(out, "\\t");
		else if (c < 0x20 || c == 0x7f)
			text_printf(out, "\\u%04x", c);
		else
			text_add_char(out, (char)c);
	}
	text_add_char(out, '"');
}

static void format_real(double value, struct text *out) {
	text_printf(out, "%.3f", value);
	// "%.3f" always leaves a point, so the zeros end there at the latest.
	while (out->chars[out->length - 1] == '0')
		out->length--;
	if (out->chars[out->length - 1] == '.')
		out->length--;
	out->chars[out->length] = '\0';
	// A tiny negative number rounds to "-0", which is zero.
	if (out->length >= 2 && text_equal(out->chars + out->length - 2, "-0")) {
		out->length -= 2;
		text_add_char(out, '0');
	}
}

static void format_indent(size_t depth, struct text *out) {
	text_add_char(out, '\n');
	for (size_t i = 0; i < depth; i++)
		text_add_char(out, ' ');
}

static void format_value(const json_t *value, size_t depth, struct text *out);

static void format_array(const json_t *array, size_t depth, struct text *out) {
	size_t count = json_array_size(array);

	text_add_char(out, '[');
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			text_add_char(out, ',');
		format_indent(depth + 1, out);
		format_value(json_array_get(array, i), depth + 1, out);
	}
	if (count > 0)
		format_indent(depth, out);
	text_add_char(out, ']');
}

static void format_object(const json_t *object, size_t depth, struct text *out) {
	// jansson's iteration wants a mutable object, but changes nothing.
	json_t *members = (json_t *)(uintptr_t)object;
	bool is_first = true;

	text_add_char(out, '{');
	for (void *at = json_object_iter(members); at; at = json_object_iter_next(members, at)) {
		const char *key = json_object_iter_key(at);
		if (!is_first)
			text_add_char(out, ',');
		is_first = false;
		format_indent(depth + 1, out);
		format_string(key, strlen(key), out);
		text_add(out, ": ");
		format_value(json_object_iter_value(at), depth + 1, out);
	}
	if (!is_first)
		format_indent(depth, out);
	text_add_char(out, '}');
}

static void format_value(const json_t *value, size_t depth, struct text *out) {
	assert(depth < JSON_DEPTH_MAX);
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		format_object(value, depth, out);
		return;
	case JSON_ARRAY:
		format_array(value, depth, out);
		return;
	case JSON_STRING:
		format_string(json_string_value(value), json_string_length(value), out);
		return;
	case JSON_INTEGER:
		text_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return;
	case JSON_REAL:
		format_real(json_real_value(value), out);
		return;
	case JSON_TRUE:
		text_add(out, "true");
		return;
	case JSON_FALSE:
		text_add(out, "false");
		return;
	case JSON_NULL:
		text_add(out, "null");
		return;
	}
}

void json_format(const json_t *value, struct text *out) {
	format_value(value, 0, out);
	text_add_char(out, '\n');
}

int json_write(FILE *file, const json_t *value) {
	struct text text;

	text_init(&text);
	json_format(value, &text);
	size_t written = fwrite(text_chars(&text), 1, text.length, file);
	int result = written == text.length && fflush(file) == 0 ? 0 : -EIO;
	text_done(&text);
	return result;
}
