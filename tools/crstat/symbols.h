/* SPDX-License-Identifier: GPL-2.0 */
/* Names of a guest's addresses. */
#ifndef CRSTAT_SYMBOLS_H
#define CRSTAT_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

struct symbol {
	uint64_t address;
	const char *name;
};

struct symbols {
	struct symbol *list;
	size_t nr;
	char *text;
};

void symbols_read(struct symbols *symbols, const char *path);
void symbols_free(struct symbols *symbols);
const struct symbol *symbol_find(const struct symbols *symbols,
				 uint64_t address);
const char *address_area(uint64_t address, const char *mode);

#endif /* CRSTAT_SYMBOLS_H */
