/* Stage 06: the UTS namespace, a host name of one's own. */
#ifndef UTS_H
#define UTS_H

/*
 * Sets the host name of the UTS namespace that the caller is in. That this is
 * not the machine's own is for the caller to see to: root may change that too.
 * Returns 0, or -1 with errno: EINVAL when `name` is empty or longer than 64
 * bytes, EPERM without CAP_SYS_ADMIN in the owner of the namespace.
 * sethostname(2), uts_namespaces(7).
 */
int set_hostname(const char *name);

#endif
