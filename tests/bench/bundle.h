/* A container as crun and runc want it described. */
#ifndef BUNDLE_H
#define BUNDLE_H

/*
 * Writes DIR/config.json: /bin/true in `rootfs`, in all the namespaces that
 * these runtimes know and with the mounts, masks, capabilities and forbidden
 * system calls of box. Returns 0, or -1 with errno. OCI runtime specification.
 */
int write_bundle(const char *dir, const char *rootfs);

#endif
