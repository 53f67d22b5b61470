/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the nested guest share. */
#ifndef CRGEN_NESTED_H
#define CRGEN_NESTED_H

#include "crgen.h"

/* A vCPU's pages: what its processor wants, and what L1 reads. */
#define NESTED_PAGE 0x1000UL
#define NESTED_PAGES 3

/* nested.c */
uint64_t nested_page(const struct vcpu *v, unsigned int n);
void *nested_memory(const struct vcpu *v, unsigned int n);
void nested_set_msr(const struct vcpu *v, uint32_t msr, uint64_t value);

/* nested_svm.c */
void svm_enable(const struct vcpu *v);
void svm_prepare(const struct vcpu *v, const struct step *s,
		 struct kvm_regs *regs);

/* nested_vmx.c */
void vmx_enable(const struct vcpu *v);
void vmx_prepare(const struct vcpu *v, const struct step *s,
		 struct kvm_regs *regs);

#endif /* CRGEN_NESTED_H */
