/* SPDX-License-Identifier: GPL-2.0 */
/* The files. */
#ifndef CRS_DEBUGFS_H
#define CRS_DEBUGFS_H

#include <linux/seq_file.h>

/* Each file's rows, a vCPU's at a time: rows.c. */
extern const struct seq_operations crs_vcpus_sops;
extern const struct seq_operations crs_values_sops;
extern const struct seq_operations crs_bits_sops;
extern const struct seq_operations crs_sites_sops;
extern const struct seq_operations crs_times_sops;

void crs_head(struct seq_file *m, const char *file);
void crs_debugfs_init(void);
void crs_debugfs_exit(void);

#endif /* CRS_DEBUGFS_H */
