/* Stage 06: the UTS namespace, a host name of one's own. */
#ifndef UTS_H
#define UTS_H

/*
 * Sets the host name of the UTS namespace that the caller is in, which must
 * not be the machine's own. Returns 0, or -1 with errno: EINVAL when `name` is
 * empty or longer than 64 bytes, EPERM outside a namespace of one's own.
 * sethostname(2), uts_namespaces(7).
 */
int set_hostname(const char *name);

#endif
