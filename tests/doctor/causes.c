#include "causes.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"

static struct advice *current;

static void why(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void cure(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void why(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(current->why, sizeof(current->why), format, arguments);
	va_end(arguments);
}

static void cure(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(current->cure, sizeof(current->cure), format, arguments);
	va_end(arguments);
}

/* ---- what the machine says of itself ---- */

/* A number of /proc/sys, "kernel/pid_max"; -1 when it is not there. */
static long sysctl_value(const char *name)
{
	char path[128], text[64];

	snprintf(path, sizeof(path), "/proc/sys/%s", name);
	if (read_file(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return -1;
	return strtol(text, NULL, 10);
}

static bool is_filtered(void)
{
	char text[8192], *at;

	if (read_file(AT_FDCWD, "/proc/self/status", text, sizeof(text)) <= 0)
		return false;
	at = strstr(text, "\nSeccomp:");
	return at && strtol(at + strlen("\nSeccomp:"), NULL, 10) == 2;
}

static bool is_podman(void)
{
	return access("/run/.containerenv", F_OK) == 0;
}

static bool is_container(void)
{
	return is_podman() || access("/.dockerenv", F_OK) == 0 ||
	       getenv("container") != NULL;
}

/* Calls each() with every line of the file until it returns true. */
static bool any_line(const char *path, bool (*each)(char *line))
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	bool found = false;

	while (file && !found && getline(&line, &room, file) > 0)
		found = each(line);
	free(line);
	if (file)
		fclose(file);
	return found;
}

/* Field five of a line of mountinfo is the mount point. */
static bool is_below_proc(char *line)
{
	char point[256];

	return sscanf(line, "%*s %*s %*s %*s %255s", point) == 1 &&
	       strncmp(point, "/proc/", 6) == 0;
}

static bool is_version_1(char *line)
{
	return strstr(line, " - cgroup ") != NULL;
}

static bool is_version_2(char *line)
{
	return strstr(line, " - cgroup2 ") != NULL;
}

/* "4:memory:/": a controller that version 1 has taken. */
static bool is_memory_of_1(char *line)
{
	return strstr(line, ":memory:") != NULL;
}

/* "memory 0 1 0": in the kernel, and switched off at boot. */
static bool is_memory_off(char *line)
{
	int enabled;

	return sscanf(line, "memory %*d %*d %d", &enabled) == 1 && enabled == 0;
}

static const char mountinfo[] = "/proc/self/mountinfo";

static const char *user_name(void)
{
	const struct passwd *user = getpwuid(geteuid());

	return user ? user->pw_name : "NAME";
}

/* ---- causes that several links share ---- */

static void use_the_vm(void)
{
	cure("nothing to be done from here; the kit uses its VM");
}

static void loosen_container(void)
{
	if (is_podman())
		cure("podman run --security-opt seccomp=unconfined "
		     "--security-opt unmask=ALL ...");
	else
		cure("docker run --security-opt seccomp=unconfined "
		     "--security-opt apparmor=unconfined "
		     "--security-opt systempaths=unconfined ...");
}

/* Which sysctl counts the namespaces of this link; NULL: none. */
static const char *counter_of(enum link_id id)
{
	static const struct {
		enum link_id id;
		const char *name;
	} counters[] = {
		{USER_NAMESPACE, "user"}, {MOUNT_NAMESPACE, "mnt"},
		{PID_NAMESPACE, "pid"},	  {NETWORK_NAMESPACE, "net"},
		{UTS_NAMESPACE, "uts"},	  {IPC_NAMESPACE, "ipc"},
		{TIME_NAMESPACE, "time"}, {CGROUP_NAMESPACE, "cgroup"},
	};

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		if (counters[i].id == id)
			return counters[i].name;
	return NULL;
}

static bool used_up(enum link_id id, int error)
{
	const char *name = counter_of(id);
	char path[64];
	long most;

	if (!name || (error != ENOSPC && error != EUSERS))
		return false;
	snprintf(path, sizeof(path), "user/max_%s_namespaces", name);
	most = sysctl_value(path);
	if (most == 0)
		why("user.max_%s_namespaces is 0: none are allowed", name);
	else
		why("all of user.max_%s_namespaces (%ld) are in use, or they "
		    "are nested too deep",
		    name, most);
	cure("sudo sysctl -w user.max_%s_namespaces=15000", name);
	return true;
}

/* Privileges that an ordinary user is kept from having, even in there. */
static bool locked(enum link_id id, int error)
{
	if (geteuid() == 0 || (error != EPERM && error != EACCES))
		return false;
	if (id == USER_NAMESPACE &&
	    sysctl_value("kernel/unprivileged_userns_clone") == 0) {
		why("kernel.unprivileged_userns_clone is 0: for root only");
		cure("sudo sysctl -w kernel.unprivileged_userns_clone=1");
		return true;
	}
	if (sysctl_value("kernel/apparmor_restrict_unprivileged_userns") > 0) {
		why("AppArmor takes the capabilities away from user "
		    "namespaces of ordinary users "
		    "(kernel.apparmor_restrict_unprivileged_userns is 1)");
		cure("sudo sysctl -w "
		     "kernel.apparmor_restrict_unprivileged_userns=0");
		return true;
	}
	return false;
}

static bool filtered(int error)
{
	if (!is_filtered() || (error != EPERM && error != ENOSYS))
		return false;
	why("a system call filter (seccomp) refuses it, as containers have "
	    "one");
	loosen_container();
	return true;
}

static void namespace(enum link_id id, int error)
{
	if (used_up(id, error) || locked(id, error) || filtered(error))
		return;
	if (error == EINVAL || error == ENOSYS) {
		why("this kernel was built without it, or is too old");
		use_the_vm();
	} else if (error == EPERM || error == EACCES) {
		why("refused: by a security module, or because this is a "
		    "chroot(2)");
		use_the_vm();
	}
}

/* A new proc or sysfs shows only what the present one shows in full. */
static void revealing(enum link_id id, int error, const char *what)
{
	if (error == EPERM && !is_filtered() && !locked(id, error) &&
	    (is_container() || any_line(mountinfo, is_below_proc))) {
		why("parts of %s are hidden here, as containers do, and the "
		    "kernel gives no new one that would show them",
		    what);
		loosen_container();
	} else if (!current->why[0]) {
		namespace(id, error);
	}
}

static void module(const char *name, enum link_id id, int error)
{
	if (error == ENODEV || error == EOPNOTSUPP) {
		why("the kernel has no %s, or has not loaded it", name);
		cure("sudo modprobe %s", name);
	} else {
		namespace(id, error);
	}
}

/* ---- cgroups ---- */

#define UNIFIED "systemd.unified_cgroup_hierarchy=1"

static void no_hierarchy(void)
{
	if (any_line(mountinfo, is_version_1)) {
		why("only version 1 is mounted here");
		cure("boot the machine with " UNIFIED ", or let the kit use "
		     "its VM");
	} else if (any_line(mountinfo, is_version_2)) {
		why("it is mounted, but not the part that this process is in");
		use_the_vm();
	} else {
		why("it is not mounted");
		cure("sudo mount -t cgroup2 none /sys/fs/cgroup");
	}
}

static void delegate(void)
{
	if (geteuid() == 0)
		cure("systemd-run --scope -p Delegate=yes make, or let the kit "
		     "use its VM");
	else
		cure("systemd-run --user --scope -p Delegate=yes sh, for boxes "
		     "of your own: the tests use the VM");
}

static void no_controllers(void)
{
	if (any_line("/proc/self/cgroup", is_memory_of_1)) {
		why("version 1 has them here: a hybrid host");
		cure("boot the machine with " UNIFIED ", or let the kit use "
		     "its VM");
	} else if (any_line("/proc/cgroups", is_memory_off)) {
		why("the kernel was booted with the memory controller off");
		cure("boot the machine with cgroup_enable=memory");
	} else if (geteuid() == 0) {
		why("they are not handed down to the group that this process "
		    "is in");
		delegate();
	} else {
		why("they are not all handed down to this user");
		cure("sudo systemctl edit user@.service, with the lines "
		     "[Service] and Delegate=cpu memory pids, and log in "
		     "again, for boxes of your own: the tests use the VM");
	}
}

static void no_limits(int error)
{
	switch (error) {
	case EROFS:
		why("the hierarchy is mounted read-only, as containers have "
		    "it");
		cure("docker run --privileged --cgroupns=private ..., or let "
		     "the kit use its VM");
		break;
	case EACCES:
	case EPERM:
		why("the group that this process is in belongs to somebody "
		    "else");
		delegate();
		break;
	case EBUSY:
		why("other processes are in the same group, and so it cannot "
		    "be divided");
		delegate();
		break;
	}
}

/* ---- ids, and the VM ---- */

static void no_ids(void)
{
	if (geteuid() == 0) {
		why("these ids are those of a user namespace already");
		return;
	}
	if (access("/usr/bin/newuidmap", X_OK) < 0) {
		why("newuidmap(1) is not installed");
		cure("make deps");
		return;
	}
	why("/etc/subuid or /etc/subgid grants %s none", user_name());
	cure("sudo usermod --add-subuids 100000-165535 "
	     "--add-subgids 100000-165535 %s",
	     user_name());
}

static void no_kvm(int error)
{
	switch (error) {
	case ENOENT:
		why("there is no /dev/kvm: the VM is emulated, and slower");
		break;
	case EACCES:
		why("/dev/kvm is not for this user: the VM is emulated, and "
		    "slower");
		cure("sudo usermod -aG kvm %s, and log in again", user_name());
		break;
	default:
		why("it is there, but no guest comes up with it: the VM is "
		    "emulated, and slower");
	}
}

static void no_guest(void)
{
	why("it is not built yet: what needs it builds it");
	cure("make %s/vm/initramfs.cpio", kit.build);
}

void advise(enum link_id id, struct advice *advice)
{
	int error = chain[id].attempt.error;

	memset(advice, 0, sizeof(*advice));
	current = advice;
	switch (id) {
	case KERNEL:
		why("this kernel is older");
		use_the_vm();
		break;
	case PID_NAMESPACE:
	case NESTED:
		revealing(id, error, "/proc");
		break;
	case SYSFS:
		revealing(id, error, "/sys");
		break;
	case OVERLAY:
		module("overlay", id, error);
		break;
	case VETH:
		module("veth", id, error);
		break;
	case PIVOT_ROOT:
		if (error == EINVAL) {
			why("the root is the kernel's first one, which cannot "
			    "be left");
			use_the_vm();
			break;
		}
		namespace(id, error);
		break;
	case CGROUP2:
		no_hierarchy();
		break;
	case CONTROLLERS:
		no_controllers();
		break;
	case LIMITS:
		no_limits(error);
		break;
	case SUBIDS:
		no_ids();
		break;
	case QEMU:
		why("it is not installed");
		cure("make deps");
		break;
	case GUEST:
		no_guest();
		break;
	case KVM:
		no_kvm(error);
		break;
	case WHOLE_BOX:
	case BOOT:
	case LINKS:
		break;
	default:
		namespace
		(id, error);
	}
}
