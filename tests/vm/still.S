/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel of a guest that has no driver of anything: a PVH one that crashes as
 * soon as it runs. It is there while it stands still, and dead when it may go on.
 */
	.section .note.Xen, "a", @note
	.align 4
	.long 4		/* of the name */
	.long 4		/* of what follows it */
	.long 18	/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long _start

	.text
	.globl _start
_start:
	ud2

	.section .note.GNU-stack, "", @progbits
