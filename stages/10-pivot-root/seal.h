/*
 * A copy of oneself that nobody can write. Given.
 *
 * A process that joins a container can be looked at from inside: through
 * /proc/PID/exe the container could overwrite the very program that joined
 * (CVE-2019-5736). So the program first becomes a sealed copy in memory.
 */
#ifndef SEAL_H
#define SEAL_H

/*
 * Executes the same program with the same arguments from a sealed memfd,
 * unless it runs from one already. Returns 0 in the copy, or -1 with errno.
 * memfd_create(2), fcntl(2) F_ADD_SEALS, fexecve(3).
 */
int become_sealed(char **argv);

#endif
