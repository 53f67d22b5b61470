/* SPDX-License-Identifier: GPL-2.0 */
/* The files. */
#ifndef CRS_DEBUGFS_H
#define CRS_DEBUGFS_H

void crs_debugfs_init(void);
void crs_debugfs_exit(void);

#endif /* CRS_DEBUGFS_H */
