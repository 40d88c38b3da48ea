/* The links of the chain that lead to the VM. struct attempt, what(). */
#ifndef MACHINE_H
#define MACHINE_H

/* Each returns 0, or -1 with errno; ENOENT: nothing is there. */
int find_qemu(void);
int find_guest(void);

/* EACCES: not for us; ETIMEDOUT: it is there, but a guest does not come up. */
int try_kvm(void);

/* Boots it for a moment, and looks for the controllers in there. */
int boot_machine(void);

#endif
