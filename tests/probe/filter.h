/* What a container's system call filter does, seen from inside: harden.h. */
#ifndef FILTER_H
#define FILTER_H

/*
 * `status` if the filter for those who keep the capabilities does to each call
 * what it is to do, else 98, said to which it does not.
 */
int check_calls(unsigned long long kept, int status);

#endif
