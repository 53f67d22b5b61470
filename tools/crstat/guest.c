// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "guest.h"

/* A longer name would push the numbers aside. */
#define MAX_NAME 32

static int compare_vms(const void *a, const void *b)
{
	const struct guest *x = a, *y = b;

	return strcmp(x->vm, y->vm);
}

static int compare_names(const void *a, const void *b)
{
	const struct guest *x = a, *y = b;

	if (!x->name || !y->name)
		return !!x->name - !!y->name;
	return strcmp(x->name, y->name);
}

/* A name with a blank would be two columns, one with an escape no text. */
static bool printable(const char *name)
{
	size_t len = 0;

	while (name[len] > ' ' && name[len] < 0x7f)
		len++;
	return len && len <= MAX_NAME && !name[len];
}

/*
 * The name in the value of -name: "NAME", "NAME,process=P" or, anywhere among
 * its settings, "guest=NAME".
 */
static char *name_of_option(const char *option)
{
	char *copy = or_fail(strdup(option));
	char *rest = copy;
	char *setting;
	char *name = NULL;

	while ((setting = strsep(&rest, ","))) {
		if (!strncmp(setting, "guest=", 6))
			name = setting + 6;
		else if (setting == copy && !strchr(setting, '='))
			name = setting;
	}
	name = name && printable(name) ? or_fail(strdup(name)) : NULL;
	free(copy);
	return name;
}

static char *name_of_process(const struct source *source, uint64_t pid)
{
	size_t len;
	char *line = source_command_line(source, pid, &len);
	char *name = NULL;

	for (char *arg = line; line && arg < line + len;) {
		char *next = arg + strlen(arg) + 1;

		if (next < line + len &&
		    (!strcmp(arg, "-name") || !strcmp(arg, "--name"))) {
			name = name_of_option(next);
			break;
		}
		arg = next;
	}
	free(line);
	return name;
}

static void name_recorded(struct guests *guests, const struct source *source)
{
	struct table names;

	source_optional(source, FILE_guests, &names);
	for (size_t i = 0; i < names.nr_rows; i++) {
		const struct cell *row = table_row(&names, i);
		struct guest key = { .vm = cell_word(&row[GUESTS_of]) };
		struct guest *guest = bsearch(&key, guests->list, guests->nr,
					      sizeof(key), compare_vms);

		if (guest && printable(cell_word(&row[GUESTS_guest])) &&
		    !guest->name)
			guest->name =
				or_fail(strdup(cell_word(&row[GUESTS_guest])));
	}
	table_free(&names);
}

/* The VMs with live vCPUs; who else has the process now can't be known. */
static void list_vms(struct guests *guests, const struct table *table)
{
	const char *last = "";
	size_t max = 0;
	size_t nr = 0;

	for (size_t i = 0; i < table->nr_rows; i++) {
		const struct cell *row = table_row(table, i);

		if (row[ID_vm].type != CELL_WORD ||
		    row[ID_pid].type != CELL_NUMBER ||
		    !cell_is(&row[ID_state], "live") ||
		    cell_is(&row[ID_vm], last))
			continue;
		if (nr == max) {
			max = max ? 2 * max : 16;
			guests->list = or_fail(reallocarray(
				guests->list, max, sizeof(*guests->list)));
		}
		last = row[ID_vm].word;
		guests->list[nr++] =
			(struct guest){ last, row[ID_pid].number, NULL };
	}
	if (nr)
		qsort(guests->list, nr, sizeof(*guests->list), compare_vms);
	for (size_t i = 0; i < nr; i++)
		if (!guests->nr ||
		    strcmp(guests->list[guests->nr - 1].vm, guests->list[i].vm))
			guests->list[guests->nr++] = guests->list[i];
}

/* A name that two VMs have tells neither. */
static void drop_shared_names(struct guests *guests)
{
	struct guest *list = guests->list;
	size_t end;

	qsort(list, guests->nr, sizeof(*list), compare_names);
	for (size_t i = 0; i < guests->nr; i = end) {
		end = i + 1;
		while (end < guests->nr && !compare_names(&list[i], &list[end]))
			end++;
		for (size_t k = i; k < end && end - i > 1; k++) {
			free(list[k].name);
			list[k].name = NULL;
		}
	}
	qsort(list, guests->nr, sizeof(*list), compare_vms);
}

/**
 * guests_find - find the names of a table's VMs
 * @guests: filled in; valid as long as @table is
 * @source: where the command lines of the VMs' processes are
 * @table: of a file whose rows begin with CRS_ID_COLUMNS
 */
void guests_find(struct guests *guests, const struct source *source,
		 const struct table *table)
{
	*guests = (struct guests){ 0 };
	list_vms(guests, table);
	if (!guests->nr)
		return;
	if (source->snapshot)
		name_recorded(guests, source);
	for (size_t i = 0; i < guests->nr && !source->snapshot; i++)
		guests->list[i].name =
			name_of_process(source, guests->list[i].pid);
	drop_shared_names(guests);
}

/**
 * guests_free - free what was found
 * @guests: of guests_find()
 */
void guests_free(struct guests *guests)
{
	for (size_t i = 0; i < guests->nr; i++)
		free(guests->list[i].name);
	free(guests->list);
}

/**
 * guest_own_name - the name that people gave a guest
 * @guests: of guests_find()
 * @vm: cell with KVM's name of it
 *
 * Return: the name, NULL where it has none.
 */
const char *guest_own_name(const struct guests *guests, const struct cell *vm)
{
	struct guest key = { .vm = cell_word(vm) };
	const struct guest *guest = NULL;

	if (guests->nr)
		guest = bsearch(&key, guests->list, guests->nr, sizeof(key),
				compare_vms);
	return guest ? guest->name : NULL;
}

/**
 * guest_name - what to call a VM
 * @guests: of guests_find()
 * @vm: cell with KVM's name of it
 *
 * Return: the guest's own name if it has one, else KVM's.
 */
const char *guest_name(const struct guests *guests, const struct cell *vm)
{
	const char *name = guest_own_name(guests, vm);

	return name ? name : cell_word(vm);
}
