// SPDX-License-Identifier: GPL-2.0
/* What is known besides the module's files: KVM's parameters, guests' names. */
#include <inttypes.h>
#include <sys/utsname.h>

#include "crstat.h"
#include "read/read.h"

/* A longer name would push the numbers aside. */
#define MAX_NAME 32

/* A word, unless there is a byte in it that no file of the module holds. */
static struct word *plain_word(const char *text, size_t max)
{
	size_t len = 0;

	while (text[len] > ' ' && text[len] < 0x7f)
		len++;
	return len && len <= max && !text[len] ? word_keep(text, len) : NULL;
}

/*
 * The name in the value of -name: "NAME", "NAME,process=P" or, anywhere among
 * its settings, "guest=NAME".
 */
static struct word *name_of_option(char *option)
{
	char *rest = option, *setting, *name = "";

	while ((setting = strsep(&rest, ",")))
		if (!strncmp(setting, "guest=", 6))
			name = setting + 6;
		else if (setting == option && !strchr(setting, '='))
			name = setting;
	return plain_word(name, MAX_NAME);
}

static struct word *name_of_process(const struct source *source, uint64_t pid)
{
	char *path = text_of("%s/proc/%" PRIu64 "/cmdline",
			     source->captured ? source->path : "", pid);
	struct word *word = NULL;
	size_t len;
	char *line = slurp(path, &len), *next;

	for (char *arg = line; arg && !word && arg < line + len; arg = next) {
		next = arg + strlen(arg) + 1;
		if (next < line + len &&
		    (!strcmp(arg, "-name") || !strcmp(arg, "--name")))
			word = name_of_option(next);
	}
	free(line);
	free(path);
	return word;
}

static struct word *name_recorded(const struct source *source,
				  const struct cell *vm)
{
	for_each_row(row, &source->tables[FILE_guests])
		if (rows_equal(&row[GUESTS_of], vm, 1))
			return plain_word(cell_word(&row[GUESTS_guest]),
					  MAX_NAME);
	return NULL;
}

/*
 * Find the names of the VMs of a table of vCPUs. Who else has the process of
 * one that is gone can't be known, and a name that two VMs have tells neither.
 */
void source_names(const struct source *source, const struct table *table)
{
	const struct word *last = NULL;

	for_each_row(row, table)
		if (row[ID_vm].type == CELL_WORD)
			row[ID_vm].word->guest = NULL;
	for_each_row(row, table) {
		struct word *vm = row[ID_vm].word;

		if (row[ID_vm].type != CELL_WORD || vm == last ||
		    row[ID_pid].type != CELL_NUMBER ||
		    !cell_is(&row[ID_state], "live"))
			continue;
		last = vm;
		vm->guest = source->recording ?
				    name_recorded(source, &row[ID_vm]) :
				    name_of_process(source, row[ID_pid].number);
		if (vm->guest)
			vm->guest->vm = NULL;
	}
	/* Where two have it, it is its own: no VM is called by itself. */
	for_each_row(row, table) {
		struct word *vm = row[ID_vm].word;

		if (row[ID_vm].type == CELL_WORD && vm->guest &&
		    vm->guest->vm != vm)
			vm->guest->vm = vm->guest->vm ? vm->guest : vm;
	}
}

/* The name that people gave a VM, NULL where it has none for itself. */
const char *guest_own_name(const struct cell *vm)
{
	const struct word *name = vm->type == CELL_WORD ? vm->word->guest :
							  NULL;

	return name && name->vm == vm->word ? name->text : NULL;
}

/* What to call a VM: the guest's own name if it has one, else KVM's. */
const char *guest_name(const struct cell *vm)
{
	return guest_own_name(vm) ?: cell_word(vm);
}

static struct cell word_of(const char *text)
{
	struct word *word = plain_word(text, SIZE_MAX);

	return (struct cell){ word ? CELL_WORD : CELL_NONE, .word = word };
}

/* Whose rows are said cell by cell. */
_Static_assert(NR_SNAPSHOT == 4 && NR_PARAMETERS == 3 && NR_GUESTS == 2, "");

/* When, where, by which parameters, and which guests: of this machine now. */
void source_describe(struct source *source)
{
	/* Parameters of KVM that decide what exits. */
	static const char *const parameters[][2] = {
		{ "kvm_amd", "npt" },
		{ "kvm_amd", "avic" },
		{ "kvm_intel", "ept" },
		{ "kvm_intel", "unrestricted_guest" },
		{ "kvm_intel", "flexpriority" },
		{ "kvm_intel", "enable_apicv" },
	};
	struct table *tables = source->tables;
	struct utsname name;
	size_t len;

	if (source->recording)
		return;
	source->there |= BIT(FILE_snapshot) | BIT(FILE_parameters) |
			 BIT(FILE_guests);
	uname(&name);
	table_add(&tables[FILE_snapshot],
		  (struct cell[]){
			  { CELL_NUMBER, .number = source->unix_ms },
			  { CELL_NUMBER, .number = source->seconds * 1e3 },
			  word_of(name.nodename),
			  word_of(name.release) });
	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
		const char *module = parameters[i][0], *of = parameters[i][1];
		char *path = source->captured ?
				     text_of("%s/parameters/%s/%s",
					     source->path, module, of) :
				     text_of("/sys/module/%s/parameters/%s",
					     module, of);
		char *value = slurp(path, &len);

		if (value)
			table_add(&tables[FILE_parameters],
				  (struct cell[]){
					  word_of(module), word_of(of),
					  word_of(strtok(value, "\n") ?: "") });
		free(value);
		free(path);
	}
	/* Names alone: other arguments of a process are no one's business. */
	source_names(source, &tables[FILE_vcpus]);
	for_each_row(vcpu, &tables[FILE_vcpus]) {
		const char *guest = guest_own_name(&vcpu[ID_vm]);

		if (guest && cell_is(&vcpu[ID_state], "live") &&
		    !name_recorded(source, &vcpu[ID_vm]))
			table_add(&tables[FILE_guests],
				  (struct cell[]){ word_of(guest),
						   vcpu[ID_vm] });
	}
}

/* What a parameter of KVM is set to; "unknown" where that is not known. */
const char *source_parameter(const struct source *source, const char *name)
{
	for_each_row(row, &source->tables[FILE_parameters])
		if (cell_is(&row[PARAMETERS_name], name))
			return cell_word(&row[PARAMETERS_value]);
	return "unknown";
}
