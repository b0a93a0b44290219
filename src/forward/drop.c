#include "forward/drop.h"

#include "base/assert.h"

const char *drop_name(enum drop drop) {
	static const char *const names[] = {
#define DROP_NAME(constant, name, text) name,
		DROPS(DROP_NAME)
#undef DROP_NAME
	};
	assert((unsigned)drop < DROP_COUNT);
	return names[drop];
}

const char *drop_text(enum drop drop) {
	static const char *const texts[] = {
#define DROP_TEXT(constant, name, text) text,
		DROPS(DROP_TEXT)
#undef DROP_TEXT
	};
	assert((unsigned)drop < DROP_COUNT);
	return texts[drop];
}
