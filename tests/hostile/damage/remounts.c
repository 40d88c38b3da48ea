/*
 * Makes the root writable, and covers the probe.
 *
 * Stage: 01-fork-exec
 * Base: solution
 * Score: 10
 */
#include <sys/mount.h>
#include <unistd.h>

__attribute__((constructor)) static void attack(void)
{
	if (mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL) == 0 ||
	    mount("/dev/null", "/mnt/probe", NULL, MS_BIND, NULL) == 0 ||
	    umount2("/proc", MNT_DETACH) == 0)
		_exit(1);
}
