// Assertions that stay in release builds: a broken invariant ends the program with its place.
#pragma once

void assert_failed(const char *condition, const char *file, int line) __attribute__((noreturn));

#undef assert
#define assert(condition) ((condition) ? (void)0 : assert_failed(#condition, __FILE__, __LINE__))
