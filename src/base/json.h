// JSON documents on top of jansson: building them without checking each call, and writing them
// the one way interplane writes JSON.
//
// A value given to json_put or json_push is owned by the object or array afterwards. jansson keeps
// an object's keys in the order they were put, and so does the output.
#pragma once

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

struct text;

// Values nested deeper than this are our own mistake; jansson parses no deeper either.
#define JSON_DEPTH_MAX 2048

// A string; null when `text` is NULL. Bytes that aren't UTF-8 become U+FFFD.
json_t *json_text(const char *text);
json_t *json_textf(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Sets object[key], in its old place when the key was there. Takes over `value`, which isn't NULL.
void json_put(json_t *object, const char *key, json_t *value);
// The same with a key that is put together: json_putf(object, value, "%s#%d", name, number).
void json_putf(json_t *object, json_t *value, const char *key_format, ...)
	__attribute__((format(printf, 3, 4)));

void json_put_text(json_t *object, const char *key, const char *text);
void json_put_int(json_t *object, const char *key, long long value);
void json_put_real(json_t *object, const char *key, double value); // not finite: null
void json_put_hex(json_t *object, const char *key, const void *bytes, size_t length);
void json_put_bool(json_t *object, const char *key, int value);
json_t *json_put_object(json_t *object, const char *key); // a new one, owned by `object`
json_t *json_put_array(json_t *object, const char *key);

// What json_put_hex() put, added to `out`. -EINVAL when it is something else.
int json_get_hex(const json_t *object, const char *key, struct text *out);

void json_push(json_t *array, json_t *value);
void json_push_text(json_t *array, const char *text);
void json_push_int(json_t *array, long long value);
json_t *json_push_object(json_t *array);
json_t *json_push_array(json_t *array);

// One document and a newline: UTF-8, one space of indent a level, reals with at most three decimals
// and no trailing zeros.
void json_format(const json_t *value, struct text *out);
// The same to a file. -EIO when it could not be written.
int json_write(FILE *file, const json_t *value);
