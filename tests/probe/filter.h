/* What a container's system call filter does, seen from inside: harden.h. */
#ifndef FILTER_H
#define FILTER_H

/*
 * `status` if the filter for those who keep the capabilities does to each call
 * what it is to do, else 98, said to which it does not.
 */
int check_calls(unsigned long long kept, int status);

/* 0 if a system call could be made as a 32-bit program makes it, 77 if none. */
int foreign(void);

#endif
