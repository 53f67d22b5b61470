/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: one event for each count of crN_read and crN_write, one for
 * each of tpr_guest to tpr_other. A write whose value the emulator has to find
 * is reported once that is known, or at the vCPU's next access.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kvm_crstat

#if !defined(CRS_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define CRS_TRACE_H

#include <linux/tracepoint.h>

#include "event.h"
#include "vcpu.h"

/* TRACE_EVENT is laid out as a struct, not as a call. */
/* clang-format off */

TRACE_DEFINE_ENUM(CRS_GUEST);
TRACE_DEFINE_ENUM(CRS_APIC);
TRACE_DEFINE_ENUM(CRS_SYNC);
TRACE_DEFINE_ENUM(CRS_USER);
TRACE_DEFINE_ENUM(CRS_OTHER);

TRACE_EVENT(cr_access,
	TP_PROTO(const struct crs_stats *s, const struct crs_access *access,
		 bool known),
	TP_ARGS(s, access, known),

	TP_STRUCT__entry(
		__array(char, vm, CRS_VM_LEN)
		__field(u64, old)
		__field(u64, value)
		__field(u64, address)
		__field(int, vcpu)
		__field(u8, level)
		__field(u8, cr)
		__field(bool, write)
		__field(bool, known)
	),

	TP_fast_assign(
		memcpy(__entry->vm, s->vm, CRS_VM_LEN);
		__entry->old = access->old;
		__entry->value = known ? access->value : 0;
		__entry->address = access->address;
		__entry->vcpu = s->vcpu;
		__entry->level = s->level;
		__entry->cr = crs_reg_number(CRS_WHAT_REG(access->what));
		__entry->write = access->what & CRS_WHAT_WRITE;
		__entry->known = known;
	),

	TP_printk("vm %s vcpu %d level %u %s cr%u old 0x%llx %s 0x%llx address 0x%llx",
		  __entry->vm, __entry->vcpu, __entry->level,
		  __entry->write ? "write" : "read", __entry->cr, __entry->old,
		  __entry->known ? "value" : "unknown", __entry->value,
		  __entry->address)
);

TRACE_EVENT(tpr_write,
	TP_PROTO(const struct crs_stats *s, u8 origin, u8 tpr),
	TP_ARGS(s, origin, tpr),

	TP_STRUCT__entry(
		__array(char, vm, CRS_VM_LEN)
		__field(int, vcpu)
		__field(u8, level)
		__field(int, old)
		__field(u8, value)
		__field(u8, origin)
	),

	TP_fast_assign(
		memcpy(__entry->vm, s->vm, CRS_VM_LEN);
		__entry->vcpu = s->vcpu;
		__entry->level = s->level;
		__entry->old = s->tpr;
		__entry->value = tpr;
		__entry->origin = origin;
	),

	TP_printk("vm %s vcpu %d level %u old %d value %u origin %s",
		  __entry->vm, __entry->vcpu, __entry->level, __entry->old,
		  __entry->value,
		  __print_symbolic(__entry->origin,
				   { CRS_GUEST, "guest" }, { CRS_APIC, "apic" },
				   { CRS_SYNC, "sync" }, { CRS_USER, "user" },
				   { CRS_OTHER, "other" }))
);

/* clang-format on */

#endif /* CRS_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
